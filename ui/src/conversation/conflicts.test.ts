import { expect, test } from 'vitest';
import type { ConversationView, Delivery, Part, PartType, PartView } from '../bindings/protocol';
import { part } from '../platform/memory/seed';
import { conflictsOf } from './conflicts';

const START_MS = Date.UTC(2026, 10, 23, 9, 0, 0);
const at = (seconds: number) => (START_MS + seconds * 1000) * 1000;

let seq = 0;
function done(
  mine: boolean,
  part_type: PartType,
  seconds: number,
  more: Partial<Part & PartView> = {},
): PartView {
  seq += 1;
  const { delivery = { type: 'sent' } as Delivery, heard_at = null, ...fields } = more;
  const made = (START_MS + 30_000).toString(16).padStart(12, '0');
  return {
    part: part('cnv_1', seq, {
      part_type,
      created_at: at(seconds),
      author: { type: 'admin', admin_id: mine ? 'tmt_me' : 'tmt_ben', name: mine ? 'Ana' : 'Ben' },
      command_id: mine ? `cmd_${made}7000${String(seq).padStart(16, '0')}` : null,
      version: seq,
      ...fields,
    }),
    mine,
    delivery,
    heard_at,
  };
}

const refused = (command_id: string): Delivery => ({
  type: 'refused',
  command_id,
  code: 'invalid_value',
  message: '',
});

const conflicts = (state: 'open' | 'closed', parts: PartView[]) => {
  const head = { state, admin_assignee_id: 'tmt_ben', tags: [] as string[] };
  return conflictsOf({ head, parts } as unknown as ConversationView, 0, 'tmt_me', at(1_000));
};

test('what was refused because of a colleague is told with it, and one key tries it again', () => {
  const assigned = done(false, 'assignment', 60, { assigned_to_admin_id: 'tmt_ben' });
  const mine = done(true, 'assignment', 30, {
    assigned_to_admin_id: 'tmt_me',
    version: 0,
    delivery: refused('cmd_1'),
  });
  const { lines, redo, redoId } = conflicts('open', [assigned, mine]);
  expect(lines.get(mine.part.id)).toEqual({ deed: assigned, redo: null });
  expect([redoId, redo]).toEqual([mine.part.id, { retry: 'cmd_1' }]);
});

test('what was overtaken is done again by the same key', () => {
  const close = done(true, 'close', 31, { heard_at: at(300) });
  const reopened = done(false, 'open', 60);
  const { lines, redo, redoId } = conflicts('open', [close, reopened]);
  expect(lines.get(close.part.id)).toEqual({ deed: reopened, redo: 'action.redo' });
  expect([redoId, redo]).toEqual([close.part.id, { submit: { type: 'conversation_close' } }]);
});

test('what took effect after all is told, and there is nothing to do again', () => {
  const reopened = done(false, 'open', 60);
  const close = done(true, 'close', 300);
  const { lines, redo } = conflicts('closed', [reopened, close]);
  expect(lines.get(close.part.id)).toEqual({ deed: reopened, redo: null });
  expect(redo).toBeNull();
});

test('what took effect after the deed is never done again, nor what somebody changed since', () => {
  const reopened = done(false, 'open', 60);
  const close = done(true, 'close', 300);
  const customers = done(false, 'open', 400);
  expect(conflicts('open', [reopened, close, customers]).redo).toBeNull();

  const mine = done(true, 'close', 31, { heard_at: at(300) });
  const bens = done(false, 'open', 60);
  const closedAgain = done(true, 'close', 310);
  const openedByMe = done(true, 'open', 320);
  expect(conflicts('open', [mine, bens, closedAgain, openedByMe]).redo).toBeNull();
});

test('the key sends a refused reply before what waits for it', () => {
  const reply = done(true, 'comment', 30, { version: 0, delivery: refused('cmd_1') });
  const close = done(true, 'close', 31, {
    version: 0,
    delivery: { ...refused('cmd_2'), code: 'predecessor_not_applied' } as Delivery,
  });
  expect(conflicts('open', [reply, close]).redo).toEqual({ retry: 'cmd_1' });
  expect(conflicts('open', [close]).redo).toEqual({ retry: 'cmd_2' });
});

test('a message offers what counters the newest deed, whatever changes were overtaken after it', () => {
  const closed = done(false, 'close', 60);
  const reply = done(true, 'comment', 300, { body_text: 'words' });
  const { lines, redo } = conflicts('closed', [closed, reply]);
  expect(lines.get(reply.part.id)).toEqual({ deed: closed, redo: 'conversation.open' });
  expect(redo).toBeNull();
  const removed = done(false, 'tag_removed', 61, { tag: 'vip' });
  const tag = done(true, 'tag_added', 301, { tag: 'vip' });
  const both = conflicts('closed', [closed, removed, reply, tag]);
  expect(both.lines.get(reply.part.id)?.redo).toBe('conversation.open');
});
