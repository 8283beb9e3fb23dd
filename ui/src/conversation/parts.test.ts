import { expect, test } from 'vitest';
import type { ConversationView, PartView } from '../bindings/protocol';
import { part } from '../platform/memory/seed';
import {
  appendNewer,
  around,
  changedAbove,
  firstSeq,
  gapAt,
  isSent,
  lastSeenSeq,
  mergeNewest,
  newerThanRead,
  partKey,
  prependOlder,
  threadItems,
  withoutFarPast,
} from './parts';

const HOUR_US = 3_600_000_000;
const noon = new Date('2026-11-23T12:00:00').getTime() * 1000;

const sent = (seq: number, fields: Partial<Parameters<typeof part>[2]> = {}): PartView => ({
  part: part('cnv_000001', seq, { part_type: 'comment', created_at: noon + seq, ...fields }),
  mine: false,
  delivery: { type: 'sent' },
  heard_at: null,
});

const queued = (seq: number, commandId: string): PartView => ({
  part: part('cnv_000001', seq, {
    part_type: 'comment',
    created_at: noon + seq,
    version: 0,
    command_id: commandId,
  }),
  mine: true,
  delivery: { type: 'queued', command_id: commandId, sending: false },
  heard_at: null,
});

const view = (parts: PartView[], has_older = false) =>
  ({ parts, has_older, partial: false }) as ConversationView;
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => sent(from + index));
const numbers = (from: number, to: number) => range(from, to).map((entry) => entry.part.seq);
const seqs = ({ parts }: ConversationView) => parts.map((entry) => entry.part.seq);

test('older parts stay when the newest are read again', () => {
  const merged = mergeNewest(view(range(1, 60)), view(range(41, 61), true));
  expect(seqs(merged)).toEqual(range(1, 61).map((entry) => entry.part.seq));
  expect(merged.has_older).toBe(false);
});

test('what was read back to stays when some parts between it and the newest are missing', () => {
  const merged = mergeNewest(view(range(1, 20)), view(range(41, 60), true));
  expect(seqs(merged)).toEqual([...numbers(1, 20), ...numbers(41, 60)]);
  expect([gapAt(merged.parts), merged.has_older]).toEqual([20, false]);
  // Of the newest only the fresh ones are held then, however many come.
  const again = mergeNewest(merged, view(range(90, 110), true));
  expect(seqs(again)).toEqual([...numbers(1, 20), ...numbers(90, 110)]);
});

test('the gap is filled from its beginning, without doubles and without a second gap', () => {
  let read = view([...range(1, 20), ...range(141, 160)]);
  const before = newerThanRead(read, 100) ?? 0;
  expect(before).toBe(121);
  const page = (from: number, to: number) => ({ parts: range(from, to), has_older: true, partial: false });
  expect(appendNewer(read, page(50, 120))).toBe(read);
  read = appendNewer(read, page(21, 120));
  expect(seqs(read)).toEqual([...numbers(1, 120), ...numbers(141, 160)]);
  expect(newerThanRead(read, 100)).toBe(141);
  read = appendNewer(read, page(41, 140));
  expect(seqs(read)).toEqual(numbers(1, 160));
  expect([gapAt(read.parts), newerThanRead(read, 100)]).toEqual([-1, null]);
});

test('whoever reads back through thousands of parts holds a few hundred, and finds all of them on the way back', () => {
  const ALL = 5_000;
  let read = view(range(ALL - 59, ALL), true);
  const id = (seq: number) => sent(seq).part.id;
  const look = (from: number, to: number) => {
    // One end at a time, and then the other.
    read = around(around(read, id(from), id(to)), id(from), id(to));
    expect(read.parts.length).toBeLessThan(600);
  };
  for (let first = ALL - 59; first > 1; first = firstSeq(read) ?? 1) {
    const from = Math.max(1, first - 100);
    const page = { parts: range(from, first - 1), has_older: from > 1, partial: false };
    read = prependOlder(read, page, first);
    look(first, first + 9);
    expect(seqs(read)).toContain(first);
    expect(seqs(read).slice(-60)).toEqual(numbers(ALL - 59, ALL));
  }
  for (let seen = 1; gapAt(read.parts) >= 0; seen += 10) {
    const gap = gapAt(read.parts);
    expect(seqs(read)).toContain(seen);
    if (seqs(read).indexOf(seen) > gap - 25) {
      const before = newerThanRead(read, 100) ?? 0;
      read = appendNewer(read, {
        parts: range(before - 100, before - 1),
        has_older: true,
        partial: false,
      });
    }
    look(seen, seen + 9);
  }
  expect(seqs(read).at(-1)).toBe(ALL);
});

test('what lies behind the gap goes once one is past it', () => {
  const read = view([...range(1, 20), ...range(141, 160)]);
  const kept = around(read, sent(141).part.id, sent(150).part.id);
  expect([seqs(kept)[0], kept.has_older]).toEqual([141, true]);
  expect(around(read, sent(15).part.id, sent(141).part.id)).toBe(read);
});

test('where parts are missing the thread has a line', () => {
  const types = threadItems([sent(1), sent(2), sent(9)]).map((item) => item.type);
  expect(types).toEqual(['day', 'message', 'message', 'gap', 'message']);
});

test('what waited is replaced by what was sent', () => {
  const merged = mergeNewest(view([...range(1, 3), queued(4, 'cmd_1')]), view(range(2, 4)));
  expect(seqs(merged)).toEqual([1, 2, 3, 4]);
  expect(merged.parts.at(-1)?.delivery.type).toBe('sent');
});

test('a message keeps its identity while it goes from the outbox to the server', () => {
  expect(partKey(queued(4, 'cmd_1'))).toBe(partKey(sent(4, { command_id: 'cmd_1' })));
});

test('a page of older parts is left out where the thread begins elsewhere by now', () => {
  const page = { parts: range(31, 40), has_older: true, partial: false };
  expect(seqs(prependOlder(view(range(41, 60), true), page, 41))).toEqual(numbers(31, 60));
  for (const first of [21, 50]) {
    const elsewhere = view(range(first, 60), true);
    expect(prependOlder(elsewhere, page, 41)).toBe(elsewhere);
  }
});

test('what lies far back is let go, and can be read again', () => {
  const long = { ...view(range(1, 900)), has_older: false };
  const kept = withoutFarPast({ ...long, parts: [...long.parts, queued(901, 'cmd_1')] });
  expect(kept.parts, 'what waits is kept beside them').toHaveLength(121);
  const waiting = Array.from({ length: 150 }, (_, n) => queued(901 + n, `cmd_${n}`));
  const beside = withoutFarPast({ ...long, parts: [...long.parts, ...waiting] });
  expect(beside.parts.filter(isSent)).toHaveLength(120);
  expect(beside.parts).toHaveLength(270);
  expect(kept.parts.at(-1)?.part.command_id).toBe('cmd_1');
  expect(kept.has_older).toBe(true);
  const short = view(range(1, 300));
  expect(withoutFarPast(short)).toBe(short);
  const withGap = view([...range(1, 100), ...range(200, 220)]);
  expect([seqs(withoutFarPast(withGap))[0], withoutFarPast(withGap).has_older]).toEqual([200, true]);
});

test('an author has seen what is on the server, not what waits here', () => {
  expect(lastSeenSeq(view([...range(1, 7), queued(8, 'cmd_1')]))).toBe(7);
  expect(lastSeenSeq(view([]))).toBe(0);
});

test('each day has its line', () => {
  const items = threadItems([sent(1, { created_at: noon - 24 * HOUR_US }), sent(2), sent(3)]);
  expect(items.map((item) => item.type)).toEqual(['day', 'message', 'day', 'message', 'message']);
});

test('messages of one author share a line of who and when, but not across events, authors or hours', () => {
  const event = sent(3, { part_type: 'close' });
  const later = sent(5, { created_at: noon + HOUR_US });
  const items = threadItems([sent(1), sent(2), event, sent(4), later]);
  const lasts = items.flatMap((item) => (item.type === 'message' ? [item.last] : []));
  expect(lasts).toEqual([false, true, true, true]);
});

test('a message that was not sent says so below itself', () => {
  const items = threadItems([queued(1, 'cmd_1'), queued(2, 'cmd_2')]);
  expect(items.flatMap((item) => (item.type === 'message' ? [item.last] : []))).toEqual([true, true]);
});

test('what changed above is drawn before what changed elsewhere', () => {
  const seqsOf = (parts: readonly PartView[]) => parts.map((entry) => entry.part.seq);
  const drawn = [...range(1, 300), ...range(600, 660)];
  // Parts went above while others came into the gap.
  const moved = [...range(100, 400), ...range(600, 660)];
  expect(seqsOf(changedAbove(drawn, moved))).toEqual([...numbers(100, 300), ...numbers(600, 660)]);
  // Parts came above while others went below.
  const back = [...range(50, 250), ...range(600, 660)];
  expect(seqsOf(changedAbove(range(100, 300), back))).toEqual([...numbers(50, 99), ...numbers(100, 300)]);
  // What has nothing in common with it is drawn as it is.
  expect(seqsOf(changedAbove(range(1, 10), range(20, 30)))).toEqual(numbers(20, 30));
  expect(seqsOf(changedAbove([], range(1, 3)))).toEqual([1, 2, 3]);
});
