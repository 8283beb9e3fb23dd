import type { ListedRequest } from '../bindings/protocol';

/** Spans begin and end at multiples of this, so that not every line scrolled by asks anew. */
const STEP = 20;
/** What the host gives at most. */
const MOST = 200;

/** The part to hold while the places `first` to `last` are shown: these, and a few more on either side. */
export function spanAround(first: number, last: number): ListedRequest {
  const skip = Math.max(0, Math.floor((first - STEP / 2) / STEP) * STEP);
  const end = Math.ceil((last + 1 + STEP / 2) / STEP) * STEP;
  return { skip, limit: Math.min(MOST, Math.max(STEP, end - skip)) };
}

/** Where a place of the whole page stands: what was refused, then what waits, then drafts. */
export interface Counts {
  refused: number;
  waiting: number;
  drafts: number;
}

export type Section = keyof Counts;

export interface Place {
  section: Section;
  /** Its number in the outbox, or among the drafts. */
  number: number;
  first: boolean;
  last: boolean;
}

export function placeOf(index: number, { refused, waiting, drafts }: Counts): Place {
  const outbox = refused + waiting;
  const [section, from, count]: [Section, number, number] =
    index < refused
      ? ['refused', 0, refused]
      : index < outbox
        ? ['waiting', refused, waiting]
        : ['drafts', outbox, drafts];
  return {
    section,
    number: section === 'drafts' ? index - outbox : index,
    first: index === from,
    last: index === from + count - 1,
  };
}
