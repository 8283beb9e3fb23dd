import type { ConversationView, PartsPage, PartView } from '../bindings/protocol';
import { daysBetween } from '../i18n/time';

/** Whether the part is the server's; what waits in the outbox has no version. */
export const isSent = (entry: PartView) => entry.part.version > 0;

/** The same for a message while it waits and after it was sent, so that it does not flicker. */
export const partKey = (entry: PartView) => entry.part.command_id ?? entry.part.id;

/** Where the one gap is between what was read back to and the newest parts: the place of the first part after it. */
export function gapAt(parts: readonly PartView[]): number {
  return parts.findIndex((entry, index) => {
    const before = parts[index - 1];
    return before && isSent(before) && isSent(entry) && entry.part.seq > before.part.seq + 1;
  });
}

/** Lays a fresh reading of the newest parts over what was loaded before. What was read back to stays; between it and
 * the newest ones there may be a gap from then on. */
export function mergeNewest(known: ConversationView | undefined, fresh: ConversationView): ConversationView {
  const first = fresh.parts.find(isSent)?.part.seq;
  if (!known || first === undefined) return fresh;
  const gap = gapAt(known.parts);
  const read = gap < 0 ? known.parts : known.parts.slice(0, gap);
  const older = read.filter((entry) => isSent(entry) && entry.part.seq < first);
  if (older.length === 0) return fresh;
  return { ...fresh, parts: [...older, ...fresh.parts], has_older: known.has_older };
}

/** A page of parts, as the host gives it. */
type PartsRead = Pick<PartsPage, 'parts' | 'has_older' | 'partial'>;

/** Puts a page of older parts, which was asked for up to `before_seq`, before what is shown. What begins elsewhere by now
 * stays as it is: parts would be missing between the page and it. */
export function prependOlder(view: ConversationView, page: PartsRead, before_seq: number): ConversationView {
  if (firstSeq(view) !== before_seq) return view;
  return {
    ...view,
    parts: [...page.parts, ...view.parts],
    has_older: page.has_older,
    partial: view.partial || page.partial,
  };
}

/** Before which part those have to be asked for that lie just behind the gap's beginning; nothing without a gap. */
export function newerThanRead(view: ConversationView, limit: number): number | null {
  const gap = gapAt(view.parts);
  const [before, after] = [view.parts[gap - 1], view.parts[gap]];
  return before && after ? Math.min(before.part.seq + 1 + limit, after.part.seq) : null;
}

/** Puts a page of parts to the beginning of the gap. What does not join on is left out. */
export function appendNewer(view: ConversationView, page: PartsRead): ConversationView {
  const gap = gapAt(view.parts);
  const [before, after] = [view.parts[gap - 1], view.parts[gap]];
  if (!before || !after) return view;
  const newer = page.parts.filter(({ part }) => part.seq > before.part.seq && part.seq < after.part.seq);
  if (newer[0]?.part.seq !== before.part.seq + 1) return view;
  return { ...view, parts: [...view.parts.slice(0, gap), ...newer, ...view.parts.slice(gap)] };
}

/** The newest parts, without what was read back to behind the gap. */
export function sinceGap(view: ConversationView): ConversationView {
  const gap = gapAt(view.parts);
  return gap < 0 ? view : { ...view, parts: view.parts.slice(gap), has_older: true };
}

/** From how many parts on those go that are far from what is looked at, and how many stay on either side of it. */
const MOST = 400;
const AROUND = 150;
/** How many of the newest stay, wherever one looks: what is written, and what comes, comes after them. What waits always
 * does. */
const NEWEST = 60;

/** How many parts there are up to the newest that is on the server. */
const sentCount = (parts: readonly PartView[]) => parts.findLastIndex(isSent) + 1;

/** Lets go of parts far from those that are looked at. One end at a time: what is shown is held in its place while
 * something goes above it, or while something goes below it, but not both. */
export function around(view: ConversationView, from: string, to: string): ConversationView {
  const { parts } = view;
  const placeOf = (id: string) => parts.findIndex(({ part }) => part.id === id);
  const [first, last] = [placeOf(from), placeOf(to)];
  const gap = gapAt(parts);
  if (first < 0 || last < 0) return view;
  // Nobody goes back across the gap: what lies behind it is read anew when one comes there.
  if (gap >= 0 && first >= gap) return sinceGap(view);
  if (parts.length <= MOST) return view;
  const newest = Math.max(0, sentCount(parts) - NEWEST);
  if (first > 2 * AROUND) {
    return { ...view, parts: parts.slice(Math.min(first - AROUND, newest)), has_older: true };
  }
  const end = gap < 0 ? newest : gap;
  if (last + AROUND >= end) return view;
  return { ...view, parts: [...parts.slice(0, last + AROUND), ...parts.slice(end)] };
}

/** How many parts are kept where only the newest are looked at, and from how many on the others go. */
const KEPT = 120;
const TOO_MANY = 400;

/** Lets go of older parts once they are far from what is looked at; they can be read again. */
export function withoutFarPast(view: ConversationView): ConversationView {
  const { parts } = view;
  const gap = gapAt(parts);
  if (gap < 0 && parts.length <= TOO_MANY) return view;
  return { ...view, parts: parts.slice(Math.max(0, gap, sentCount(parts) - KEPT)), has_older: true };
}

/** The `seq` of the newest part that is on the server: what the author of a reply has seen. */
export function lastSeenSeq(view: ConversationView): number {
  return view.parts.reduce((seq, entry) => (isSent(entry) ? Math.max(seq, entry.part.seq) : seq), 0);
}

export const firstSeq = (view: ConversationView): number | undefined => view.parts.find(isSent)?.part.seq;

/** What was drawn before, with only that changed which came or went above it. A list is held in its place over that,
 * but only while nothing else comes or goes at once: it knows how many there are, not which. */
export function changedAbove(drawn: readonly PartView[], parts: readonly PartView[]): readonly PartView[] {
  const [before, now] = [drawn[0], parts[0]];
  if (!before || !now) return parts;
  const gone = drawn.findIndex((entry) => partKey(entry) === partKey(now));
  if (gone > 0) return drawn.slice(gone);
  const put = parts.findIndex((entry) => partKey(entry) === partKey(before));
  return put > 0 ? [...parts.slice(0, put), ...drawn] : parts;
}

export type ThreadItem =
  | { type: 'day'; key: string; at: number }
  | { type: 'event'; key: string; entry: PartView }
  | { type: 'gap'; key: string }
  | { type: 'message'; key: string; entry: PartView; last: boolean };

export const isMessage = (entry: PartView) =>
  entry.part.part_type === 'comment' || entry.part.part_type === 'note';

/** Messages of one author within this time share one line of who and when. */
const GROUP_US = 4 * 60 * 1_000_000;

function sameGroup(a: PartView, b: PartView | undefined): boolean {
  return (
    b !== undefined &&
    isMessage(b) &&
    a.part.part_type === b.part.part_type &&
    a.mine === b.mine &&
    a.part.author.type === b.part.author.type &&
    a.part.author.admin_id === b.part.author.admin_id &&
    a.part.author.name === b.part.author.name &&
    a.delivery.type === 'sent' &&
    b.delivery.type === 'sent' &&
    Math.abs(b.part.created_at - a.part.created_at) < GROUP_US &&
    daysBetween(a.part.created_at / 1000, b.part.created_at / 1000) === 0
  );
}

/** What the thread shows, in order: a line for each day, events, messages, and where some are missing. */
export function threadItems(parts: readonly PartView[]): ThreadItem[] {
  const items: ThreadItem[] = [];
  const gap = gapAt(parts);
  parts.forEach((entry, index) => {
    if (index === gap) items.push({ type: 'gap', key: 'gap' });
    const before = parts[index - 1];
    const at = entry.part.created_at;
    if (!before || daysBetween(before.part.created_at / 1000, at / 1000) !== 0) {
      items.push({ type: 'day', key: `day-${entry.part.id}`, at });
    }
    const key = partKey(entry);
    if (isMessage(entry))
      items.push({
        type: 'message',
        key,
        entry,
        last: index + 1 === gap || !sameGroup(entry, parts[index + 1]),
      });
    else items.push({ type: 'event', key, entry });
  });
  return items;
}

/** The newest message or change that was refused for itself: what follows one that was refused is of use only after it. */
export function newestRefused(parts: readonly PartView[]): PartView | undefined {
  const refused = parts.filter(({ delivery }) => delivery.type === 'refused');
  const forItself = ({ delivery }: PartView) =>
    delivery.type === 'refused' && delivery.code !== 'predecessor_not_applied';
  return refused.findLast(forItself) ?? refused.at(-1);
}
