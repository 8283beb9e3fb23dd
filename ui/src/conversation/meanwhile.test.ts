import { expect, test } from 'vitest';
import type { ConversationHead, PartType, PartView } from '../bindings/protocol';
import { deedOf, meanwhileOf, redoOf } from './meanwhile';

const START_MS = Date.UTC(2026, 10, 23, 9, 0, 0);
const at = (seconds: number) => (START_MS + seconds * 1000) * 1000;
/** An id as a client makes it: the time in front. */
const commandAt = (seconds: number) =>
  `cmd_${(START_MS + seconds * 1000).toString(16).padStart(12, '0')}70008000000000000000`;

let seq = 0;
const entry = (
  mine: boolean,
  part_type: PartType,
  seconds: number,
  made: number | null = null,
  waits = false,
): PartView => {
  seq += 1;
  return {
    mine,
    delivery: { type: 'sent' },
    part: {
      id: `prt_${seq}`,
      conversation_id: 'cnv_1',
      seq,
      part_type,
      author: { type: 'admin', admin_id: mine ? 'tmt_me' : 'tmt_ben', name: mine ? 'Ana' : 'Ben' },
      body: '',
      body_text: '',
      rich: false,
      assigned_to_admin_id: null,
      assigned_to_team_id: null,
      snoozed_until: null,
      priority: null,
      tag: null,
      command_id: made === null ? null : commandAt(made),
      created_at: at(seconds),
      version: waits ? 0 : seq,
    },
  } as PartView;
};

const told = (parts: PartView[], ahead = 0) =>
  [...meanwhileOf(parts, ahead).values()].map(({ part }) => part.part_type);

test('what a colleague did while a message waited is told', () => {
  const before = entry(false, 'comment', 0);
  const close = entry(false, 'close', 60);
  const reply = entry(true, 'comment', 300, 30);
  expect(told([before, close, reply])).toEqual(['close']);
});

test('a message that still waits is told of as well', () => {
  expect(told([entry(false, 'assignment', 60), entry(true, 'comment', 30, 30, true)])).toEqual([
    'assignment',
  ]);
});

test('what was seen, what is one’s own, and what changes no answer is not', () => {
  expect(told([entry(false, 'close', 0), entry(true, 'comment', 300, 30)])).toEqual([]);
  expect(told([entry(true, 'close', 60), entry(true, 'comment', 300, 30)])).toEqual([]);
  expect(told([entry(false, 'tag_added', 60), entry(true, 'comment', 300, 30)])).toEqual([]);
});

test('several messages that waited through the same are told once, at the last of them', () => {
  const close = entry(false, 'close', 60);
  const first = entry(true, 'note', 300, 30);
  const second = entry(true, 'comment', 301, 31);
  expect([...meanwhileOf([close, first, second], 0)]).toEqual([[second.part.id, close]]);
});

test('a message that went out at once was overtaken by nobody', () => {
  expect(told([entry(false, 'close', 31), entry(true, 'comment', 35, 30)])).toEqual([]);
});

test('a clock that runs ahead hides nothing', () => {
  const parts = [entry(false, 'close', 60), entry(true, 'comment', 300, 30 + 600)];
  expect(told(parts)).toEqual([]);
  expect(told(parts, 600)).toEqual(['close']);
});

test('what is offered again is what the colleague’s deed still holds back', () => {
  const close = deedOf(entry(false, 'close', 0).part);
  const head = (state: ConversationHead['state']) => ({ state }) as ConversationHead;
  expect(redoOf(close, head('closed'), 'tmt_me')).toBe('conversation.open');
  expect(redoOf(close, head('open'), 'tmt_me')).toBeNull();
  const taken = { ...deedOf(entry(false, 'assignment', 0).part), assigned_to_admin_id: 'tmt_ben' };
  const assigned = (admin_assignee_id: string) => ({ admin_assignee_id }) as ConversationHead;
  expect(redoOf(taken, assigned('tmt_ben'), 'tmt_me')).toBe('conversation.assignMe');
  expect(redoOf(taken, assigned('tmt_me'), 'tmt_me')).toBeNull();
});
