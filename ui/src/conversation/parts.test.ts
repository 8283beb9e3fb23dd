import { expect, test } from 'vitest';
import type { ConversationView, PartView } from '../bindings/protocol';
import { part } from '../platform/memory/seed';
import { lastSeenSeq, mergeNewest, partKey, prependOlder, threadItems, withoutFarPast } from './parts';

const HOUR_US = 3_600_000_000;
const noon = new Date('2026-11-23T12:00:00').getTime() * 1000;

const sent = (seq: number, fields: Partial<Parameters<typeof part>[2]> = {}): PartView => ({
  part: part('cnv_000001', seq, { part_type: 'comment', created_at: noon + seq, ...fields }),
  mine: false,
  delivery: { type: 'sent' },
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
});

const view = (parts: PartView[], has_older = false) =>
  ({ parts, has_older, partial: false }) as ConversationView;
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => sent(from + index));
const seqs = ({ parts }: ConversationView) => parts.map((entry) => entry.part.seq);

test('older parts stay when the newest are read again', () => {
  const merged = mergeNewest(view(range(1, 60)), view(range(41, 61), true));
  expect(seqs(merged)).toEqual(range(1, 61).map((entry) => entry.part.seq));
  expect(merged.has_older).toBe(false);
});

test('older parts go when some between them and the newest are missing', () => {
  const merged = mergeNewest(view(range(1, 20)), view(range(41, 60), true));
  expect(seqs(merged)[0]).toBe(41);
  expect(merged.has_older).toBe(true);
});

test('what waited is replaced by what was sent', () => {
  const merged = mergeNewest(view([...range(1, 3), queued(4, 'cmd_1')]), view(range(2, 4)));
  expect(seqs(merged)).toEqual([1, 2, 3, 4]);
  expect(merged.parts.at(-1)?.delivery.type).toBe('sent');
});

test('a message keeps its identity while it goes from the outbox to the server', () => {
  expect(partKey(queued(4, 'cmd_1'))).toBe(partKey(sent(4, { command_id: 'cmd_1' })));
});

test('a page of older parts doubles nothing', () => {
  const page = { parts: range(1, 45), has_older: false, partial: false };
  expect(seqs(prependOlder(view(range(41, 60), true), page))).toEqual(
    range(1, 60).map((entry) => entry.part.seq),
  );
});

test('what lies far back is let go, and can be read again', () => {
  const long = { ...view(range(1, 900)), has_older: false };
  const kept = withoutFarPast({ ...long, parts: [...long.parts, queued(901, 'cmd_1')] });
  expect(kept.parts).toHaveLength(120);
  expect(kept.parts.at(-1)?.part.command_id).toBe('cmd_1');
  expect(kept.has_older).toBe(true);
  const short = view(range(1, 300));
  expect(withoutFarPast(short)).toBe(short);
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
