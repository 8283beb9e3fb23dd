import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Message {
  cmd: unknown;
  callback: number;
  error: number;
  payload: unknown;
}

/** The gate as its frame runs it. */
function gate(): (message: Message) => Message {
  const frame: Record<string, unknown> = {};
  for (const file of ['commands.js', 'gate.js']) {
    const source = readFileSync(`../src-tauri/isolation/${file}`, 'utf8');
    new Function('window', source)(frame);
  }
  return frame.__TAURI_ISOLATION_HOOK__ as (message: Message) => Message;
}

const pass = (cmd: unknown, payload: unknown) => gate()({ cmd, callback: 1, error: 2, payload });

test('what the interface takes is sealed with its name', () => {
  const request = { conversation_id: 'cnv_1', action: { type: 'conversation_close' }, limit: undefined };
  const { cmd, payload } = pass('command_submit', { request });
  expect(cmd).toBe('command_submit');
  expect(JSON.parse(JSON.stringify(payload))).toEqual({
    command: 'command_submit',
    request: { conversation_id: 'cnv_1', action: { type: 'conversation_close' } },
  });
});

test('a message of the largest size passes', () => {
  const body_text = 'ñ'.repeat(1_048_576);
  expect(pass('draft_save', { request: { body_text } }).payload).toHaveProperty('request');
});

test.each([
  ['a command that does not exist', 'conversation_erase', { request: {} }, 'permission_denied'],
  ['a name of the language', 'constructor', { request: {} }, 'permission_denied'],
  ['no name', undefined, { request: {} }, 'permission_denied'],
  ['another command of the framework', 'plugin:window|close', {}, 'permission_denied'],
  ['another event', 'plugin:event|unlisten', { event: 'x', eventId: 1 }, 'invalid_request'],
  ['no request', 'sidebar', null, 'invalid_request'],
  ['a list for a request', 'sidebar', { request: [] }, 'invalid_request'],
  ['more than a request', 'sidebar', { request: {}, window: 1 }, 'invalid_request'],
  ['a number that JSON has not', 'search', { request: { limit: Number.NaN } }, 'invalid_request'],
  ['what is not data', 'search', { request: { query: new Map() } }, 'invalid_request'],
  ['too many words', 'search', { request: { query: 'x'.repeat(65_536) } }, 'too_large'],
  ['too long a name in it', 'search', { request: { ['x'.repeat(65_537)]: 1 } }, 'too_large'],
  ['too many values', 'search', { request: { query: Array(5_000).fill(1) } }, 'too_large'],
])('%s is stopped, and only the reason travels', (_what, cmd, payload, code) => {
  const stopped = pass(cmd, payload);
  expect(stopped).toEqual({
    cmd: 'app_state',
    callback: 1,
    error: 2,
    payload: { stopped: code, reason: expect.any(String) },
  });
});
