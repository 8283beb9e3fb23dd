import { QueryClientProvider } from '@tanstack/react-query';
import { act, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test } from 'vitest';
import { App } from '../app/App';
import { HostProvider } from '../app/host';
import { newQueryClient } from '../app/queryClient';
import { ui } from '../app/uiState';
import type { Commands, Permission } from '../bindings/protocol';
import { HostFailure } from '../platform/host';
import { type MemoryHost, memoryHost } from '../platform/memory';

const ADMIN: Permission[] = ['teammate.invite', 'teammate.reset'];

afterEach(() => act(() => ui.reset()));

/** The app of somebody who may do this, with everything that it holds of answers. */
async function start(permissions: Permission[] = ADMIN, prepare: (host: MemoryHost) => void = () => {}) {
  const host = memoryHost(3);
  const { state } = host.world;
  state.settings.language = 'en';
  if (state.account) state.account.permissions = permissions;
  prepare(host);
  const client = newQueryClient();
  render(
    <QueryClientProvider client={client}>
      <HostProvider host={host}>
        <App />
      </HostProvider>
    </QueryClientProvider>,
  );
  await screen.findByTestId('conversation-list');
  const held = () =>
    JSON.stringify([
      client
        .getQueryCache()
        .getAll()
        .map((query) => query.state.data ?? null),
      client
        .getMutationCache()
        .getAll()
        .map((mutation) => mutation.state),
    ]);
  return { host, held, user: userEvent.setup() };
}

async function atPeople(...given: Parameters<typeof start>) {
  const started = await start(...given);
  act(() => ui.open({ type: 'settings', section: 'people' }));
  await screen.findByTestId('people');
  return started;
}

const failure = (code: ConstructorParameters<typeof HostFailure>[0]['code']) =>
  new HostFailure({ code, message: code, retry_after_s: null });

const asked = <Name extends keyof Commands>(host: MemoryHost, name: Name) =>
  host.calls.filter((call) => call.name === name).map((call) => call.request as Commands[Name][0]);

test('whoever may not invite sees neither the page nor its commands', async () => {
  const { user } = await start([]);
  await user.keyboard('{Control>}k{/Control}');
  await user.type(await screen.findByTestId('palette-input'), 'invit');
  expect(screen.queryByRole('option', { name: /Invite someone/ })).toBeNull();
  await user.keyboard('{Escape}');
  act(() => ui.open({ type: 'settings', section: 'keys' }));
  await screen.findByTestId('settings-keys');
  expect(screen.queryByTestId('settings-people')).toBeNull();
  expect(screen.queryByText('Invite someone')).toBeNull();
});

test('the palette leads to inviting, and the link is held no longer than it is shown', async () => {
  const { host, held, user } = await start();
  await user.keyboard('{Control>}k{/Control}');
  await user.type(await screen.findByTestId('palette-input'), 'invite someone');
  await user.keyboard('{Enter}');
  await user.type(await screen.findByTestId('invite-name'), 'Noor{Enter}');
  expect(document.activeElement).toBe(screen.getByTestId('invite-email'));
  await user.keyboard('noor{Enter}');
  await screen.findByText(/That is no e-mail address/);
  await user.keyboard('@cactus.example');
  await user.click(screen.getByRole('radio', { name: /^Light agent/ }));
  await user.click(screen.getByRole('checkbox', { name: 'Bank' }));
  await user.click(screen.getByTestId('invite-submit'));

  const letter = (await screen.findByTestId('personal-link-letter')) as HTMLTextAreaElement;
  const secret = /invitation=\w+/.exec(letter.value)?.[0] ?? '';
  expect(secret).not.toBe('');
  expect(held()).toContain(secret);
  const bank = host.world.teams.find((team) => team.name === 'Bank')?.id;
  expect(asked(host, 'personal_link_invite')).toEqual([
    {
      name: 'Noor',
      email: 'noor@cactus.example',
      role: 'light_agent',
      team_ids: [bank],
      expires_in_s: 259_200,
      language: 'en',
    },
  ]);
  await user.click(screen.getByTestId('personal-link-copy'));
  expect(await navigator.clipboard.readText()).toBe(letter.value);

  await user.click(screen.getByTestId('personal-link-done'));
  const waiting = await screen.findAllByTestId('personal-link');
  expect(waiting[0]?.textContent).toContain('Noor');
  expect(document.activeElement).toBe(screen.getByTestId('people-invite'));
  await waitFor(() => expect(held()).not.toContain(secret));
});

/** A link that is shown. */
async function atMadeLink() {
  const started = await atPeople();
  await started.user.click(screen.getByTestId('people-invite'));
  await started.user.type(await screen.findByTestId('invite-name'), 'Noor');
  await started.user.click(screen.getByRole('radio', { name: /^One hour/ }));
  await started.user.type(screen.getByTestId('invite-email'), 'noor@cactus.example{Enter}');
  await screen.findByTestId('personal-link-letter');
  return started;
}

test('a link that was not copied goes only after a question, by whatever way, and is held no longer', async () => {
  const { host, held, user } = await atMadeLink();
  expect(asked(host, 'personal_link_invite')[0]?.expires_in_s).toBe(3600);
  const ways = [
    () => user.keyboard('{Escape}'),
    () => user.click(screen.getByRole('button', { name: 'Back' })),
    () => user.click(screen.getByTestId('settings-keys')),
  ];
  for (const way of ways) {
    await way();
    await screen.findByText(/You have not copied the link for Noor/);
    await user.click(screen.getByTestId('leaving-stay'));
    expect(screen.queryByTestId('leaving')).toBeNull();
    screen.getByTestId('personal-link-letter');
  }
  const letter = screen.getByTestId('personal-link-letter');
  act(() => letter.focus());
  await user.keyboard('{Escape}');
  expect(document.activeElement).toBe(await screen.findByTestId('leaving-stay'));
  await user.keyboard('{Escape}{Enter}');
  expect(document.activeElement).toBe(letter);
  expect(held()).toContain('invitation=');
  await user.keyboard('{Escape}');
  await user.click(await screen.findByTestId('leaving-go'));
  await waitFor(() => expect(screen.queryByTestId('settings')).toBeNull());
  await waitFor(() => expect(held()).not.toContain('invitation='));
});

test('a link that was copied goes without a question', async () => {
  const { user } = await atMadeLink();
  await user.click(screen.getByTestId('personal-link-copy-link'));
  expect(await navigator.clipboard.readText()).toContain('invitation=');
  await user.keyboard('{Escape}');
  await waitFor(() => expect(screen.queryByTestId('settings')).toBeNull());
});

test('the second factor is asked for where the server wants it, and nothing is typed twice', async () => {
  const { host, user } = await atPeople();
  await user.click(screen.getByTestId('people-invite'));
  host.failNext('personal_link_invite', failure('step_up_required'));
  await user.type(await screen.findByTestId('invite-name'), 'Noor');
  await user.type(screen.getByTestId('invite-email'), 'noor@cactus.example{Enter}');
  await screen.findByTestId('step-up');
  await user.type(screen.getByTestId('code-input'), '123456{Enter}');
  await screen.findByTestId('personal-link-letter');
  const [first, second] = asked(host, 'personal_link_invite');
  expect(second).toEqual(first);
});

test('a refusal says what to do next, and leaves what was typed', async () => {
  const { host, user } = await atPeople();
  await user.click(screen.getByTestId('people-invite'));
  await user.type(await screen.findByTestId('invite-name'), 'Ben');
  const email = screen.getByTestId('invite-email');
  const [, ben] = host.world.teammates;
  await user.type(email, `${ben?.email.toUpperCase()}{Enter}`);
  await screen.findByText(/Ben Ode is here with this address/);
  expect(asked(host, 'personal_link_invite')).toEqual([]);
  await user.clear(email);
  host.failNext('personal_link_invite', failure('invalid_value'));
  await user.type(email, 'ben@cactus.example{Enter}');
  await screen.findByText(/The server did not take this/);
  expect((email as HTMLInputElement).value).toBe('ben@cactus.example');
});

test('a link is withdrawn after a question, whose first answer changes nothing', async () => {
  const { host, user } = await atPeople();
  const [marta, kai] = await screen.findAllByTestId('personal-link');
  if (!marta || !kai) throw new Error('two are waited for');
  expect(kai.dataset.standing).toBe('expired');
  expect(within(kai).queryByTestId('personal-link-withdraw')).toBeNull();
  const withdraw = within(marta).getByTestId('personal-link-withdraw');
  await user.click(withdraw);
  await user.keyboard('{Enter}');
  expect(asked(host, 'personal_link_revoke')).toEqual([]);
  expect(document.activeElement).toBe(withdraw);
  await user.click(withdraw);
  await user.click(await screen.findByTestId('personal-link-withdraw-confirm'));
  await screen.findByText(/Withdrawn/);
  expect(screen.getAllByTestId('personal-link')).toHaveLength(1);
  expect(document.activeElement).toBe(screen.getByTestId('people-invite'));
});

test('a link that has ended meanwhile says so, and the list is read again', async () => {
  const { host, user } = await atPeople();
  const [marta] = await screen.findAllByTestId('personal-link');
  if (!marta) throw new Error('somebody is waited for');
  const [kept] = host.world.links;
  if (kept) kept.standing = 'used';
  await user.click(within(marta).getByTestId('personal-link-withdraw'));
  await user.click(await screen.findByTestId('personal-link-withdraw-confirm'));
  await screen.findByText(/This link had ended already/);
  await waitFor(() => expect(screen.getAllByTestId('personal-link')).toHaveLength(1));
});

test('an invitation that ran out is made anew with what it was made with', async () => {
  const { host, user } = await atPeople();
  const rows = await screen.findAllByTestId('personal-link');
  await user.click(within(rows[1] as HTMLElement).getByTestId('personal-link-again'));
  expect(((await screen.findByTestId('invite-name')) as HTMLInputElement).value).toBe('Kai Lindqvist');
  await user.click(screen.getByTestId('invite-submit'));
  await screen.findByTestId('personal-link-letter');
  expect(asked(host, 'personal_link_invite')[0]?.email).toBe('kai@cactus.example');
});

test('a colleague’s sign-in is reset, never one’s own', async () => {
  const { host, user } = await atPeople();
  await user.click(screen.getByTestId('people-reset'));
  await user.click(await screen.findByTestId('reset-submit'));
  await screen.findByText(/Choose whose sign-in it is/);
  expect(screen.queryByRole('option', { name: /Ana Ruiz/ })).toBeNull();
  await user.selectOptions(
    screen.getByTestId('reset-whose'),
    screen.getByRole('option', { name: /Ben Ode/ }),
  );
  await user.click(screen.getByRole('radio', { name: /^The authenticator/ }));
  await user.click(screen.getByTestId('reset-submit'));
  await screen.findByTestId('personal-link-letter');
  const [, ben] = host.world.teammates;
  expect(asked(host, 'personal_link_reset')).toEqual([
    { teammate_id: ben?.id, authenticator: true, expires_in_s: 86_400, language: 'en' },
  ]);
  await user.click(screen.getByTestId('personal-link-done'));
  await screen.findByRole('region', { name: 'Sign-ins being reset' });
  expect(document.activeElement).toBe(screen.getByTestId('people-reset'));
});

test('whoever may invite and not reset is offered no reset', async () => {
  await atPeople(['teammate.invite']);
  await screen.findByTestId('people-invite');
  expect(screen.queryByTestId('people-reset')).toBeNull();
});

test('nothing to see to is said, and so is that the server cannot be asked', async () => {
  const { host, user } = await atPeople(ADMIN, (host) => {
    host.world.links.length = 0;
    host.failNext('personal_links', failure('unreachable'));
  });
  await screen.findByText(/The server cannot be reached/);
  expect(screen.queryByTestId('people-none')).toBeNull();
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  await screen.findByTestId('people-none');

  // What was seen before stands while the server cannot be asked, and says so.
  host.failNext('personal_links', failure('unreachable'));
  act(() => host.emit({ type: 'directory_changed' }));
  expect((await screen.findByTestId('people-stale')).textContent).toContain('how it stood before');
});
