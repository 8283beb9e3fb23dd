import { act, screen, waitFor, within } from '@testing-library/react';
import type userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';
import type { Action, AppState } from '../bindings/protocol';
import { DWELL_MS } from '../conversation/ConversationPane';
import { HostFailure } from '../platform/host';
import { type MemoryHost, memoryHost } from '../platform/memory';
import { startApp } from './startApp';

let host: MemoryHost;

// The test DOM has no layout: every element is as large as a window.
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(600);
  vi.spyOn(HTMLElement.prototype, 'offsetWidth', 'get').mockReturnValue(400);
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(600);
  vi.spyOn(document, 'hasFocus').mockReturnValue(true);
});

function start(change: (state: AppState) => void = () => undefined, count = 13) {
  host = memoryHost(count);
  host.world.state.settings.language = 'en';
  change(host.world.state);
  return startApp(host);
}

const changeState = (change: (state: AppState) => void) =>
  act(() => {
    change(host.world.state);
    host.emit({ type: 'state_changed', state: structuredClone(host.world.state) });
  });

const rowOf = async (name: string) => {
  const rows = await screen.findAllByTestId('conversation-row');
  const found = rows.find((row) => within(row).queryByText(name));
  if (!found) throw new Error(`There is no row of ${name}.`);
  return found;
};

const open = async (user: ReturnType<typeof userEvent.setup>, name: string) => {
  await user.click(await rowOf(name));
  await screen.findByTestId('composer-editor');
};

const submitted = () =>
  host.calls
    .filter((call) => call.name === 'command_submit')
    .map((call) => (call.request as { action: { type: string } }).action)
    .filter((action) => action.type !== 'conversation_mark');

const LINK = 'recado://join?url=https%3A%2F%2Fa.example&workspace=wks_1';

test('a join link that starts the program is there when it has started, and gone once it was used', async () => {
  const user = start((state) => {
    state.phase = 'opening';
  });
  await screen.findByRole('status');
  act(() => host.emit({ type: 'join_link_received', link: LINK }));
  changeState((state) => {
    state.phase = 'join';
  });
  expect(await screen.findByTestId('join-link')).toHaveProperty('value', LINK);
  await user.click(screen.getByTestId('join-submit'));
  await screen.findByTestId('sign-in-email');
  changeState((state) => {
    state.phase = 'ready';
  });
  await screen.findAllByTestId('conversation-row');
  expect(screen.queryByText('A join link arrived')).toBeNull();
});

test('a conversation that was asked for while the program was starting is shown', async () => {
  start((state) => {
    state.phase = 'opening';
  });
  await screen.findByRole('status');
  const [asked] = [...host.world.conversations.keys()].slice(2);
  act(() => host.emit({ type: 'open_conversation', conversation_id: asked as string }));
  changeState((state) => {
    state.phase = 'ready';
  });
  await screen.findByTestId('composer-editor');
});

test('joining, signing in and the code lead to the inbox', async () => {
  const user = start((state) => {
    state.phase = 'join';
  });
  await user.type(
    await screen.findByTestId('join-link'),
    'recado://join?url=https%3A%2F%2Fa.example&workspace=wks_1',
  );
  expect(screen.getByText('a.example')).toBeDefined();
  await user.click(screen.getByTestId('join-submit'));
  const email = await screen.findByTestId('sign-in-email');
  await user.clear(email);
  await user.type(email, 'ana@a.example');
  await user.type(screen.getByTestId('sign-in-password'), 'correct horse battery');
  await user.click(screen.getByTestId('sign-in-submit'));
  await user.click(await screen.findByTestId('code-input'));
  await user.paste('407 128');
  await user.click(screen.getByTestId('code-submit'));
  await screen.findByTestId('conversation-list');
  expect(host.calls).toContainEqual({ name: 'sign_in_code', request: { code: '407128' } });
});

test('a wrong code is said, and the next one is typed from the start', async () => {
  const user = start((state) => {
    state.phase = 'code';
  });
  host.failNext('sign_in_code', new HostFailure({ code: 'invalid_code', message: '', retry_after_s: null }));
  const input = await screen.findByTestId('code-input');
  await user.type(input, '111111');
  await user.click(screen.getByTestId('code-submit'));
  expect((await screen.findByTestId('sign-in-problem')).textContent).toContain('That code is not right');
  expect((input as HTMLInputElement).value).toBe('');
  expect(document.activeElement).toBe(input);
});

test('too many attempts say when the next one is heard', async () => {
  const user = start((state) => {
    state.phase = 'sign_in';
  });
  host.failNext('sign_in', new HostFailure({ code: 'too_many_attempts', message: '', retry_after_s: 30 }));
  await user.type(await screen.findByTestId('sign-in-password'), 'x');
  await user.click(screen.getByTestId('sign-in-submit'));
  expect((await screen.findByTestId('sign-in-problem')).textContent).toContain('30 seconds');
});

test('a locked keychain asks to unlock it and tries again, and offers nothing that deletes', async () => {
  const user = start((state) => {
    state.phase = 'blocked';
    state.problem = {
      code: 'keychain_locked',
      detail: '',
      can_retry: true,
      can_reset_cache: false,
      session_end: null,
    };
  });
  expect(await screen.findByText('Your keychain is locked')).toBeDefined();
  expect(screen.queryByTestId('problem-reset-cache')).toBeNull();
  await user.click(screen.getByTestId('problem-retry'));
  await screen.findByTestId('conversation-list');
});

test('a reply is sent once, however often the key is pressed, and the text goes only after it was stored', async () => {
  const user = start();
  await open(user, 'John Smith');
  const editor = screen.getByTestId<HTMLTextAreaElement>('composer-editor');
  await user.type(editor, 'It is blocked.');
  await user.keyboard('{Control>}{Enter}{Enter}{/Control}');
  await waitFor(() => expect(editor.value).toBe(''));
  expect(submitted()).toEqual([
    { type: 'conversation_reply', body_text: 'It is blocked.', last_seen_seq: 4 },
  ]);
});

test('a reply that could not be stored stays in the composer', async () => {
  const user = start();
  await open(user, 'John Smith');
  const editor = screen.getByTestId<HTMLTextAreaElement>('composer-editor');
  await user.type(editor, 'It is blocked.');
  // Reading marks the conversation by the same command, so only what is sent now may fail.
  host.failNext('command_submit', new HostFailure({ code: 'disk_full', message: '', retry_after_s: null }));
  await user.click(screen.getByTestId('composer-send'));
  expect((await screen.findByRole('alert')).textContent).toContain('Free some space');
  expect(editor.value).toBe('It is blocked.');
});

test('a note is not a reply', async () => {
  const user = start();
  await open(user, 'John Smith');
  await user.keyboard('n');
  const editor = screen.getByTestId('composer-editor');
  await waitFor(() => expect(document.activeElement).toBe(editor));
  await user.type(editor, 'Asked the bank.');
  expect(screen.getByTestId('composer-send').textContent).toContain('Add note');
  await user.click(screen.getByTestId('composer-send'));
  await waitFor(() =>
    expect(submitted()).toEqual([{ type: 'conversation_note', body_text: 'Asked the bank.' }]),
  );
});

test('reply and note keep texts of their own, and both are stored', async () => {
  const user = start();
  await open(user, 'John Smith');
  const editor = screen.getByTestId<HTMLTextAreaElement>('composer-editor');
  await user.type(editor, 'a reply');
  await user.click(screen.getByTestId('composer-tab-note'));
  await user.type(editor, 'a note');
  await user.click(screen.getByTestId('composer-tab-reply'));
  expect(editor.value).toBe('a reply');
  await waitFor(() => {
    const drafts = host.calls.filter((call) => call.name === 'draft_save').map((call) => call.request);
    expect(drafts).toContainEqual(expect.objectContaining({ kind: 'reply', body_text: 'a reply' }));
    expect(drafts).toContainEqual(expect.objectContaining({ kind: 'note', body_text: 'a note' }));
  });
});

test('what arrives changes neither the text being written nor the focus', async () => {
  const user = start();
  await open(user, 'John Smith');
  const editor = screen.getByTestId<HTMLTextAreaElement>('composer-editor');
  await user.type(editor, 'half a sent');
  act(() => host.arrive((host.world.conversations.keys().next().value as string) ?? '', 'Hello?'));
  const john = [...host.world.conversations.values()].find(({ contact }) => contact.name === 'John Smith');
  act(() => host.arrive(john?.head.id ?? '', 'Another question'));
  await waitFor(() => expect(screen.getAllByText('Another question').length).toBeGreaterThan(0));
  expect(editor.value).toBe('half a sent');
  expect(document.activeElement).toBe(editor);
});

test('closing keeps the row in its place until one moves on, and Z opens it again', async () => {
  const user = start();
  await open(user, 'John Smith');
  const before = screen.getAllByTestId('conversation-row').map((row) => row.dataset.conversationId);
  await user.keyboard('{Escape}e');
  await waitFor(() => expect(screen.getByTestId('toast').textContent).toContain('Closed'));
  await waitFor(() => expect(screen.getByTestId('action-open')).toBeDefined());
  expect(screen.getAllByTestId('conversation-row').map((row) => row.dataset.conversationId)).toEqual(before);
  await user.keyboard('z');
  await waitFor(() => expect(screen.getByTestId('action-close')).toBeDefined());
  expect(submitted().map((action) => action.type)).toEqual(['conversation_close', 'conversation_open']);
});

test('after moving on, a closed conversation is gone from the list', async () => {
  const user = start();
  await open(user, 'John Smith');
  await user.keyboard(']');
  await waitFor(() => {
    const names = screen.getAllByTestId('conversation-row').map((row) => row.textContent ?? '');
    expect(names.some((text) => text.includes('John Smith'))).toBe(false);
  });
  expect(
    screen.getAllByTestId('conversation-row').some((row) => row.getAttribute('aria-selected') === 'true'),
  ).toBe(true);
});

test('a conversation that leaves the view goes with a quiet line, and what was written can be copied', async () => {
  const user = start();
  await open(user, 'John Smith');
  await user.type(screen.getByTestId('composer-editor'), 'half-written');
  const john = [...host.world.conversations.values()].find(({ contact }) => contact.name === 'John Smith');
  act(() => {
    host.world.conversations.delete(john?.head.id ?? '');
    host.emit({
      type: 'conversation_left',
      conversation_id: john?.head.id ?? '',
      contact_name: 'John Smith',
    });
  });
  const line = await screen.findByTestId('conversation-left');
  expect(line.textContent).toContain('John Smith has left your view');
  expect(line.textContent).toContain('half-written');
  await waitFor(() => expect(screen.queryByText('Anything yet?')).toBeNull());
});

test('what may not be done says which permission it needs', async () => {
  const user = start();
  const original = host.invoke.bind(host);
  host.invoke = async (name, request) => {
    const answer = await original(name, request);
    if (name === 'conversation_open') {
      const denial = { type: 'missing_permission' as const, permission: 'conversation.reply' as const };
      Object.assign(answer, { denied: [{ action: 'conversation_reply', denial }] });
    }
    return answer;
  };
  await open(user, 'John Smith');
  expect(screen.getByTestId('composer-send').textContent).toContain('Add note');
  await user.click(screen.getByTestId('composer-tab-reply'));
  expect((await screen.findByRole('alert')).textContent).toContain('conversation.reply');
});

test('the language changes every word at once', async () => {
  start();
  await screen.findByTestId('conversation-list');
  changeState((state) => {
    state.settings.language = 'es';
  });
  await screen.findByText('Sin asignar');
  expect(document.documentElement.lang).toBe('es');
});

test('the status bar says since when there is no connection and how much waits', async () => {
  start();
  await screen.findByTestId('status-bar');
  changeState((state) => {
    state.connection.state = 'offline';
    state.connection.queued = 2;
  });
  await waitFor(() =>
    expect(screen.getByTestId('status-bar').textContent).toMatch(/Offline since .*2 actions queued/),
  );
});

test('an empty view teaches a key', async () => {
  start(undefined, 0);
  expect(await screen.findByText('Nothing is assigned to you')).toBeDefined();
  expect(screen.getByText('shows what nobody has taken')).toBeDefined();
});

test('the palette runs what it finds', async () => {
  const user = start();
  await screen.findByTestId('conversation-list');
  await user.keyboard('{Control>}k{/Control}');
  await user.type(await screen.findByTestId('palette-input'), 'unassigned');
  await user.keyboard('{Enter}');
  await waitFor(() =>
    expect(screen.getByTestId('sidebar-view-unassigned').getAttribute('aria-current')).toBe('page'),
  );
});

const marks = () =>
  host.calls.flatMap((call) => {
    if (call.name !== 'command_submit') return [];
    const { action } = call.request as { action: Action };
    return action.type === 'conversation_mark' ? [action.contact_parts_read] : [];
  });

test('what is unread is marked read after a look', async () => {
  const user = start();
  await open(user, 'Marta Téllez');
  await waitFor(() => expect(marks()).toEqual([3]));
});

test('what is marked unread by hand stays unread while it is open', async () => {
  const user = start();
  await open(user, 'Kai Lindqvist');
  const timers = vi.spyOn(globalThis, 'setTimeout');
  await user.keyboard('{Escape}{Shift>}U{/Shift}');
  await waitFor(async () => expect((await rowOf('Kai Lindqvist')).dataset.unread).toBe('true'));
  await waitFor(() => expect(marks()).toEqual([0]));
  expect(timers.mock.calls.filter(([, afterMs]) => afterMs === DWELL_MS)).toEqual([]);
});

test('a start that fails says so and tries again', async () => {
  host = memoryHost();
  const failing = host;
  const { invoke } = failing;
  failing.invoke = () =>
    Promise.reject(new HostFailure({ code: 'client_failed', message: '', retry_after_s: null }));
  const user = startApp(failing);
  expect(await screen.findByText('Recado could not start')).toBeDefined();
  failing.invoke = invoke;
  await user.click(screen.getByText('Try again'));
  await screen.findByTestId('conversation-list');
});
