import type { ConversationView, PartView } from '../bindings/protocol';
import { daysBetween } from '../i18n/time';

/** Whether the part is the server's; what waits in the outbox has no version. */
const isSent = (entry: PartView) => entry.part.version > 0;

/** The same for a message while it waits and after it was sent, so that it does not flicker. */
export const partKey = (entry: PartView) => entry.part.command_id ?? entry.part.id;

/** Lays a fresh reading of the newest parts over what was loaded before. Older parts stay, unless parts between them
 * and the fresh ones are missing. */
export function mergeNewest(known: ConversationView | undefined, fresh: ConversationView): ConversationView {
  const first = fresh.parts.find(isSent)?.part.seq;
  if (!known || first === undefined) return fresh;
  const older = known.parts.filter((entry) => isSent(entry) && entry.part.seq < first);
  const last = older.at(-1)?.part.seq;
  if (last === undefined || last < first - 1) return fresh;
  return { ...fresh, parts: [...older, ...fresh.parts], has_older: known.has_older };
}

/** Puts a page of older parts before what is shown. */
export function prependOlder(
  view: ConversationView,
  page: { parts: PartView[]; has_older: boolean; partial: boolean },
): ConversationView {
  const first = view.parts.find(isSent)?.part.seq ?? Number.POSITIVE_INFINITY;
  const older = page.parts.filter((entry) => entry.part.seq < first);
  return {
    ...view,
    parts: [...older, ...view.parts],
    has_older: page.has_older,
    partial: view.partial || page.partial,
  };
}

/** How many parts are kept where only the newest are looked at, and from how many on the others go. */
const KEPT = 120;
const TOO_MANY = 400;

/** Lets go of older parts once they are far from what is looked at; they can be read again. */
export function withoutFarPast(view: ConversationView): ConversationView {
  if (view.parts.length <= TOO_MANY) return view;
  return { ...view, parts: view.parts.slice(-KEPT), has_older: true };
}

/** The `seq` of the newest part that is on the server: what the author of a reply has seen. */
export function lastSeenSeq(view: ConversationView): number {
  return view.parts.reduce((seq, entry) => (isSent(entry) ? Math.max(seq, entry.part.seq) : seq), 0);
}

export const firstSeq = (view: ConversationView): number | undefined => view.parts.find(isSent)?.part.seq;

export type ThreadItem =
  | { type: 'day'; key: string; at: number }
  | { type: 'event'; key: string; entry: PartView }
  | { type: 'message'; key: string; entry: PartView; last: boolean };

const isMessage = (entry: PartView) => entry.part.part_type === 'comment' || entry.part.part_type === 'note';

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

/** What the thread shows, in order: a line for each day, events, messages. */
export function threadItems(parts: readonly PartView[]): ThreadItem[] {
  const items: ThreadItem[] = [];
  parts.forEach((entry, index) => {
    const before = parts[index - 1];
    const at = entry.part.created_at;
    if (!before || daysBetween(before.part.created_at / 1000, at / 1000) !== 0) {
      items.push({ type: 'day', key: `day-${entry.part.id}`, at });
    }
    const key = partKey(entry);
    if (isMessage(entry))
      items.push({ type: 'message', key, entry, last: !sameGroup(entry, parts[index + 1]) });
    else items.push({ type: 'event', key, entry });
  });
  return items;
}

/** The newest message that was refused: the one that the key for doing again is about. */
export const newestRefused = (parts: readonly PartView[]): PartView | undefined =>
  parts.findLast((entry) => entry.delivery.type === 'refused');
