import type { ConversationId, InboxRow } from '../bindings/protocol';

export type Changed = ReadonlySet<ConversationId> | 'all';

const indexOf = (rows: readonly InboxRow[], id: ConversationId) =>
  rows.findIndex((row) => row.head.id === id);

/** The rows as they are to be shown: in the list's own order, but the held row stays beside its neighbours, even
 * where its order changed or it left the view, so that the place is not lost before the agent moves on. */
export function holdPlace(
  shown: readonly InboxRow[],
  fresh: readonly InboxRow[],
  heldId: ConversationId | null,
  changed: Changed,
): readonly InboxRow[] {
  if (heldId === null) return fresh;
  const before = indexOf(shown, heldId);
  if (before < 0) return fresh;
  const held = fresh.find((row) => row.head.id === heldId) ?? shown[before];
  if (!held) return fresh;

  const others = fresh.filter((row) => row.head.id !== heldId);
  const places = new Map(others.map((row, index) => [row.head.id, index]));
  const steady = (row: InboxRow | undefined) =>
    row && (changed === 'all' || !changed.has(row.head.id)) ? places.get(row.head.id) : undefined;

  for (let index = before - 1; index >= 0; index -= 1) {
    const place = steady(shown[index]);
    if (place !== undefined) return inserted(others, place + 1, held);
  }
  for (let index = before + 1; index < shown.length; index += 1) {
    const place = steady(shown[index]);
    if (place !== undefined) return inserted(others, place, held);
  }
  return inserted(others, Math.min(before, others.length), held);
}

const inserted = (rows: readonly InboxRow[], index: number, row: InboxRow) => [
  ...rows.slice(0, index),
  row,
  ...rows.slice(index),
];

/** What is looked at: a row and how far its top lies below the top of the list's window. */
export interface Anchor {
  id: ConversationId;
  offset: number;
}

/** The row that must not move when the list changes: the selected one if it is in sight, else, away from the top,
 * the first in sight that did not change itself. At the top nothing is held, so that news appear. */
export function chooseAnchor(
  rows: readonly InboxRow[],
  rowHeight: number,
  scrollTop: number,
  viewHeight: number,
  selectedId: ConversationId | null,
  changed: Changed,
): Anchor | null {
  const first = Math.ceil(scrollTop / rowHeight);
  const last = Math.min(rows.length - 1, Math.floor((scrollTop + viewHeight) / rowHeight) - 1);
  const at = (index: number): Anchor | null => {
    const row = rows[index];
    return row ? { id: row.head.id, offset: index * rowHeight - scrollTop } : null;
  };
  const selected = selectedId === null ? -1 : indexOf(rows, selectedId);
  if (selected >= first && selected <= last) return at(selected);
  if (scrollTop <= 0) return null;
  for (let index = first; index <= last; index += 1) {
    const row = rows[index];
    if (row && (changed === 'all' || !changed.has(row.head.id))) return at(index);
  }
  return null;
}

/** Where to scroll so that the anchor is where it was; `null` to leave the list alone. */
export function scrollTopFor(rows: readonly InboxRow[], rowHeight: number, anchor: Anchor): number | null {
  const index = indexOf(rows, anchor.id);
  return index < 0 ? null : Math.max(0, index * rowHeight - anchor.offset);
}

/** The row to go to from `selectedId`, or from where it was last seen if it is gone. */
export function neighbour(
  rows: readonly InboxRow[],
  selectedId: ConversationId | null,
  lastIndex: number,
  step: 1 | -1,
): InboxRow | undefined {
  if (rows.length === 0) return undefined;
  const index = selectedId === null ? -1 : indexOf(rows, selectedId);
  if (index >= 0) return rows[Math.min(rows.length - 1, Math.max(0, index + step))];
  if (selectedId === null) return step === 1 ? rows[0] : undefined;
  // The selected row is gone: what stands at its place is the next one.
  const place = step === 1 ? lastIndex : lastIndex - 1;
  return rows[Math.min(rows.length - 1, Math.max(0, place))];
}
