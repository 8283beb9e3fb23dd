import { screen, waitFor } from '@testing-library/react';
import { expect, test } from 'vitest';
import { startApp } from '../app/startApp';
import type { AppState } from '../bindings/protocol';
import { HostFailure } from '../platform/host';
import { type MemoryHost, memoryHost } from '../platform/memory';
import { invitation } from '../platform/memory/enrolment';

const LINK = 'recado://join?url=https%3A%2F%2Fdesk.example&workspace=wrk_1&invitation=rct_i_secret';
const PLAIN = 'recado://join?url=https%3A%2F%2Fdesk.example&workspace=wrk_1';

let host: MemoryHost;

function start(change: (state: AppState) => void) {
  host = memoryHost(3);
  const { state } = host.world;
  state.settings.language = 'en';
  change(state);
  return startApp(host);
}

const enrolling = (change: Partial<ReturnType<typeof invitation>> = {}) =>
  start((state) => {
    state.phase = 'enrol';
    state.enrolment = { ...invitation(host.world.nowUs), ...change };
  });

const called = (name: string) => host.calls.filter((call) => call.name === name).map((call) => call.request);
const failure = (code: HostFailure['code']) => new HostFailure({ code, message: code, retry_after_s: null });

test('an invitation leads from name and password over the authenticator and the codes into the inbox', async () => {
  const user = enrolling();
  await screen.findByText(/Mia Chen invites you to/);
  expect(screen.getByTestId('steps').textContent).toContain('Step 1 of 3');
  expect((screen.getByTestId('enrol-name') as HTMLInputElement).value).toBe('Ana');
  await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId('enrol-new-password')));
  await user.type(screen.getByTestId('enrol-new-password'), 'otter');
  await screen.findByText('Too short: use at least 8 characters.');
  await user.keyboard('{Enter}');
  expect(called('enrolment_password')).toEqual([]);
  await user.type(screen.getByTestId('enrol-new-password'), ' violin gravel seventeen');
  await screen.findByText('Very strong.');
  await user.keyboard('{Enter}');

  await screen.findByTestId('authenticator-secret');
  expect(called('enrolment_password')).toEqual([{ name: 'Ana', password: 'otter violin gravel seventeen' }]);
  host.failNext('enrolment_code', failure('invalid_code'));
  await user.type(screen.getByTestId('code-input'), '111111{Enter}');
  await screen.findByText(/That code is not right/);
  await user.type(screen.getByTestId('code-input'), '222222{Enter}');
  const codes = await screen.findByTestId('recovery-codes');
  expect(codes.querySelectorAll('li')).toHaveLength(10);
  expect(called('enrolment_finish')).toEqual([]);
  await user.click(screen.getByTestId('recovery-done'));
  await waitFor(() => expect(called('enrolment_finish')).toHaveLength(1));
});

test('a name that is not taken is what is pointed at, and the password stays', async () => {
  const user = enrolling();
  await user.type(await screen.findByTestId('enrol-new-password'), 'otter violin gravel seventeen');
  host.failNext('enrolment_password', failure('invalid_value'));
  await user.keyboard('{Enter}');
  await screen.findByText('A value was not accepted. Change it and try again.');
  await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId('enrol-name')));
  await user.clear(screen.getByTestId('enrol-name'));
  await user.type(screen.getByTestId('enrol-name'), '{Enter}');
  expect(called('enrolment_password')).toHaveLength(1);
});

test('a reset of the password alone asks for the present authenticator, or a recovery code', async () => {
  const user = enrolling({ kind: 'password_reset', invited_by: null });
  await screen.findByText('Choose a new password');
  expect(screen.queryByTestId('enrol-name')).toBeNull();
  expect(screen.getByTestId('steps').textContent).toContain('Step 1 of 2');
  await user.type(screen.getByTestId('enrol-new-password'), 'otter violin gravel seventeen{Enter}');
  await screen.findByText('Show your authenticator');
  await user.click(screen.getByTestId('code-recovery'));
  await user.type(await screen.findByTestId('recovery-code'), 'abcd-efgh{Enter}');
  await waitFor(() => expect(called('enrolment_code')).toEqual([{ code: 'abcd-efgh', recovery: true }]));
});

test('codes that could not be made are asked for again, or left for later', async () => {
  const user = start((state) => {
    state.phase = 'enrol';
    state.enrolment = { ...invitation(host.world.nowUs), stage: 'recovery_codes' };
    host.failNext('recovery_codes_make', failure('unreachable'));
  });
  await screen.findByText(/The server cannot be reached/);
  await user.click(screen.getByTestId('enrol-codes-again'));
  await screen.findByTestId('recovery-codes');
});

test('without a keychain the choice comes first, and what was typed is sent once it is made', async () => {
  const user = enrolling();
  await user.type(await screen.findByTestId('enrol-new-password'), 'otter violin gravel seventeen');
  host.failNext('enrolment_password', failure('keychain_missing'));
  host.world.state.secret_storage = 'undecided';
  await user.keyboard('{Enter}');
  host.emit({ type: 'state_changed', state: structuredClone(host.world.state) });
  await user.click(await screen.findByTestId('storage-decline'));
  await screen.findByTestId('authenticator-secret');
  expect(called('enrolment_password')).toHaveLength(2);
});

test('at the sign-in a personal link is opened, and one that is not personal is not sent', async () => {
  const user = start((state) => {
    state.phase = 'sign_in';
  });
  await user.click(await screen.findByTestId('sign-in-link'));
  await user.type(screen.getByTestId('join-link'), PLAIN);
  await screen.findByText(/This link only names the workspace/);
  await user.click(screen.getByTestId('join-submit'));
  expect(called('workspace_join')).toEqual([]);
  await user.clear(screen.getByTestId('join-link'));
  await user.type(screen.getByTestId('join-link'), LINK);
  await user.click(screen.getByTestId('join-submit'));
  await screen.findByText(/Mia Chen invites you to/);
  await user.click(screen.getByTestId('enrol-cancel'));
  await screen.findByTestId('sign-in-email');
});

test('a personal link from outside is shown at the sign-in and followed only when that is confirmed', async () => {
  const user = start((state) => {
    state.phase = 'sign_in';
  });
  await screen.findByTestId('sign-in-email');
  host.emit({ type: 'join_link_received', link: LINK });
  const field = (await screen.findByTestId('join-link')) as HTMLInputElement;
  expect(field.value).toBe(LINK);
  expect(called('workspace_join')).toEqual([]);
  host.failNext('workspace_join', failure('personal_link_invalid'));
  await user.click(screen.getByTestId('join-submit'));
  await screen.findByText(/This link was used, was withdrawn or has run out/);
  await user.click(screen.getByTestId('own-link-back'));
  await screen.findByTestId('sign-in-email');
});

test('an authenticator of one’s own comes without a password, and is left by signing in later', async () => {
  const user = enrolling({ kind: 'own_authenticator', invited_by: null, stage: 'authenticator' });
  await screen.findByText('Set up your own authenticator');
  expect(screen.getByTestId('steps').textContent).toContain('Step 1 of 2');
  expect(screen.queryByTestId('enrol-back')).toBeNull();
  await user.type(await screen.findByTestId('code-input'), '222222{Enter}');
  await screen.findByTestId('recovery-codes');
  expect(screen.getByTestId('steps').textContent).toContain('Step 2 of 2');
});

test('a personal link that starts the program is offered at the sign-in, and not again once it was used', async () => {
  const user = start((state) => {
    state.phase = 'opening';
  });
  await screen.findByRole('status');
  host.emit({ type: 'join_link_received', link: LINK });
  host.world.state.phase = 'sign_in';
  host.emit({ type: 'state_changed', state: structuredClone(host.world.state) });
  expect(await screen.findByTestId('join-link')).toHaveProperty('value', LINK);
  await user.click(screen.getByTestId('join-submit'));
  await user.click(await screen.findByTestId('enrol-cancel'));
  await screen.findByTestId('sign-in-email');
});

test('a newer personal link takes the place of one that is being gone through, but not of one that is done', async () => {
  const user = enrolling();
  await screen.findByTestId('enrol-new-password');
  host.emit({ type: 'join_link_received', link: LINK });
  expect(await screen.findByTestId('join-link')).toHaveProperty('value', LINK);
  await user.click(screen.getByTestId('own-link-back'));
  host.world.state.enrolment = { ...invitation(host.world.nowUs), stage: 'recovery_codes' };
  host.emit({ type: 'state_changed', state: structuredClone(host.world.state) });
  await screen.findByTestId('recovery-codes');
  host.emit({ type: 'join_link_received', link: LINK });
  expect(screen.queryByTestId('join-link')).toBeNull();
});

test('where a passphrase keeps the secrets, it is asked for at every step of a personal link', async () => {
  enrolling({ stage: 'authenticator' });
  await screen.findByTestId('authenticator-secret');
  host.world.state.secret_storage = 'vault_locked';
  host.emit({ type: 'state_changed', state: structuredClone(host.world.state) });
  await screen.findByTestId('vault-unlock');
});
