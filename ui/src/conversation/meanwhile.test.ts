import { expect, test } from 'vitest';
import type { ConversationHead, Part, PartType, PartView } from '../bindings/protocol';
import { againOf, deedOf, meanwhileOf, redoOf } from './meanwhile';

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
    heard_at: null,
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

const changed = (mine: boolean, type: PartType, seconds: number, fields: Partial<Part>, made?: number) => {
  const changedEntry = entry(mine, type, seconds, made ?? null);
  Object.assign(changedEntry.part, fields);
  return changedEntry;
};

test.each<
  [string, Partial<Part> & { part_type: PartType }, Partial<Part> & { part_type: PartType }, boolean]
>([
  ['closing', { part_type: 'close' }, { part_type: 'snoozed' }, true],
  ['closing', { part_type: 'close' }, { part_type: 'comment' }, false],
  ['a snooze', { part_type: 'snoozed' }, { part_type: 'open' }, true],
  ['a tag', { part_type: 'tag_added', tag: 'vip' }, { part_type: 'tag_removed', tag: 'vip' }, true],
  ['a tag', { part_type: 'tag_added', tag: 'vip' }, { part_type: 'tag_removed', tag: 'late' }, false],
  ['a priority', { part_type: 'priority_changed' }, { part_type: 'priority_changed' }, true],
  ['a priority', { part_type: 'priority_changed' }, { part_type: 'assignment' }, false],
  [
    'an assignment',
    { part_type: 'assignment', assigned_to_admin_id: 'tmt_me' },
    { part_type: 'assignment', assigned_to_admin_id: 'tmt_ben' },
    true,
  ],
  [
    'an assignment',
    { part_type: 'assignment', assigned_to_admin_id: 'tmt_me' },
    { part_type: 'assignment', assigned_to_team_id: 'tem_2' },
    false,
  ],
  [
    'a team',
    { part_type: 'assignment', assigned_to_team_id: 'tem_1' },
    { part_type: 'assignment', assigned_to_team_id: 'tem_2' },
    true,
  ],
  ['an assignment to nobody', { part_type: 'assignment' }, { part_type: 'assignment' }, true],
])('%s that waited tells of a change of the same thing alone', (_, mine, other, tells) => {
  const parts = [changed(false, other.part_type, 60, other), changed(true, mine.part_type, 300, mine, 30)];
  expect(told(parts)).toEqual(tells ? [other.part_type] : []);
});

test('what overtook a change before this machine heard of it is told as well', () => {
  const close = entry(true, 'close', 30, 30);
  const reopened = entry(false, 'open', 60);
  expect(told([close, reopened])).toEqual([]);
  const heard = (seconds: number) => ({ ...close, heard_at: at(seconds) });
  expect(told([heard(31), reopened])).toEqual([]);
  expect(told([heard(300), reopened])).toEqual(['open']);
  expect(told([heard(300), entry(false, 'open', 301)])).toEqual([]);
});

test('a change that was overtaken is done again as it was, unless it stands', () => {
  const now = at(0);
  const deed = entry(false, 'assignment', 0).part;
  const head = (fields: Partial<ConversationHead>) =>
    ({ tags: [], ...fields }) as unknown as ConversationHead;
  const mine = (type: PartType, fields: Partial<Part> = {}) => changed(true, type, 0, fields).part;
  const close = mine('close');
  expect(againOf(close, deed, head({ state: 'open' }), now)).toEqual({ type: 'conversation_close' });
  expect(againOf(close, deed, head({ state: 'closed' }), now)).toBeNull();
  expect(againOf(mine('open'), deed, head({ state: 'closed' }), now)).toEqual({ type: 'conversation_open' });
  const snoozed_until = at(500);
  const snooze = mine('snoozed', { snoozed_until });
  expect(againOf(snooze, deed, head({ state: 'open' }), now)).toEqual({
    type: 'conversation_snooze',
    snoozed_until,
  });
  expect(againOf(snooze, deed, head({ state: 'snoozed', snoozed_until }), now)).toBeNull();
  expect(againOf(snooze, deed, head({ state: 'open' }), at(600))).toBeNull();
  const tag = mine('tag_added', { tag: 'vip' });
  expect(againOf(tag, deed, head({}), now)).toEqual({ type: 'conversation_tag_add', tag: 'vip' });
  expect(againOf(tag, deed, head({ tags: ['vip'] }), now)).toBeNull();
  expect(againOf(mine('tag_removed', { tag: 'vip' }), deed, head({ tags: ['vip'] }), now)).toEqual({
    type: 'conversation_tag_remove',
    tag: 'vip',
  });
  expect(againOf(mine('priority_changed', { priority: 'priority' }), deed, head({}), now)).toEqual({
    type: 'conversation_prioritize',
    priority: 'priority',
  });
  const toMe = mine('assignment', { assigned_to_admin_id: 'tmt_me' });
  expect(againOf(toMe, deed, head({ admin_assignee_id: 'tmt_ben' }), now)).toEqual({
    type: 'conversation_assign',
    admin_assignee_id: 'tmt_me',
  });
  expect(againOf(toMe, deed, head({ admin_assignee_id: 'tmt_me' }), now)).toBeNull();
  const toNoTeam = mine('assignment');
  const moved = { ...deed, assigned_to_team_id: 'tem_2' };
  expect(
    againOf(toNoTeam, moved, head({ team_assignee_id: 'tem_2', admin_assignee_id: 'tmt_ben' }), now),
  ).toEqual({
    type: 'conversation_assign_team',
    team_assignee_id: null,
  });
});
