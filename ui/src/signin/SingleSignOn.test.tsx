import { screen, waitFor } from '@testing-library/react';
import type userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { startApp } from '../app/startApp';
import type { AppState, SignInWays } from '../bindings/protocol';
import { HostFailure } from '../platform/host';
import { type MemoryHost, memoryHost } from '../platform/memory';

const CACTUS = { id: 'idp_1', name: 'Cactus ID' };
const OTHER = { id: 'idp_2', name: 'Other ID' };

let host: MemoryHost;

function start(ways: Partial<SignInWays>, change: (state: AppState) => void = () => undefined) {
  host = memoryHost(3);
  host.ways = { password: true, providers: [CACTUS], has_providers: true, ...ways };
  const { state } = host.world;
  state.settings.language = 'en';
  state.phase = 'sign_in';
  change(state);
  return startApp(host);
}

const called = (name: string) => host.calls.filter((call) => call.name === name).map((call) => call.request);

async function giveAddress(user: ReturnType<typeof userEvent.setup>) {
  const email = await screen.findByTestId('sign-in-email');
  await waitFor(() => expect(screen.queryByTestId('sign-in-password')).toBeNull());
  await user.clear(email);
  await user.type(email, 'ana@cactus.example{Enter}');
}

test('the address is asked for first, and then the password and the provider are offered', async () => {
  const user = start({});
  await giveAddress(user);
  expect((await screen.findByTestId('sign-in-provider')).textContent).toBe('Continue with Cactus ID');
  await user.type(screen.getByTestId('sign-in-password'), 'correct horse{Enter}');
  await screen.findByTestId('code-input');
  expect(called('sign_in')).toEqual([{ email: 'ana@cactus.example', password: 'correct horse' }]);
});

test('where one provider is the only way, the browser is opened at once', async () => {
  const user = start({ password: false });
  await giveAddress(user);
  await screen.findByTestId('browser-waiting');
  expect(called('sso_begin')).toEqual([{ provider: CACTUS, email: 'ana@cactus.example' }]);
  await user.click(screen.getByTestId('browser-open-again'));
  expect(called('sso_open_again')).toHaveLength(1);
  await user.click(screen.getByTestId('browser-cancel'));
  await screen.findByTestId('sign-in-email');
});

test('where passwords are not offered, one may be used all the same', async () => {
  const user = start({ password: false, providers: [CACTUS, OTHER] });
  await giveAddress(user);
  expect(await screen.findAllByTestId('sign-in-provider')).toHaveLength(2);
  expect(screen.queryByTestId('sign-in-password')).toBeNull();
  await user.click(screen.getByText('Use a password instead'));
  await user.type(screen.getByTestId('sign-in-password'), 'correct horse{Enter}');
  await screen.findByTestId('code-input');
});

test('another address is asked about anew', async () => {
  const user = start({});
  await giveAddress(user);
  await screen.findByTestId('sign-in-provider');
  await user.type(screen.getByTestId('sign-in-email'), 'x');
  expect(screen.queryByTestId('sign-in-provider')).toBeNull();
});

test('an address without a way in is told so', async () => {
  const user = start({ password: false, providers: [] });
  await giveAddress(user);
  expect((await screen.findByTestId('sign-in-problem')).textContent).toContain('no way in');
});

test('without any provider address and password are asked for together', async () => {
  start({ providers: [], has_providers: false });
  await screen.findByTestId('sign-in-password');
  await waitFor(() => expect(called('sign_in_ways')).toHaveLength(1));
  expect(screen.queryByTestId('sign-in-password')).not.toBeNull();
});

test('a provider that does not answer is told so, and the address stays', async () => {
  const user = start({});
  host.failNext('sso_begin', new HostFailure({ code: 'sso_unavailable', message: '', retry_after_s: null }));
  await giveAddress(user);
  await user.click(await screen.findByTestId('sign-in-provider'));
  expect((await screen.findByTestId('sign-in-problem')).textContent).toContain('does not answer');
  expect(screen.getByTestId('sign-in-email')).toHaveProperty('value', 'ana@cactus.example');
});

test('a browser that came to nothing says why and can be sent again', async () => {
  const user = start({}, (state) => {
    state.phase = 'browser';
    state.browser = { provider: CACTUS, until: 0, failure: 'sso_denied' };
  });
  await screen.findByTestId('browser-failed');
  expect(screen.getByTestId('sign-in-problem').textContent).toContain('does not let you into');
  await user.click(screen.getByTestId('browser-retry'));
  await screen.findByTestId('browser-waiting');
  expect(called('sso_begin')).toHaveLength(1);
});

test('the time left is shown, and never more than there ever is', async () => {
  start({}, (state) => {
    state.phase = 'browser';
    state.browser = { provider: CACTUS, until: Number.MAX_SAFE_INTEGER, failure: null };
  });
  expect((await screen.findByRole('timer')).textContent).toContain('3:00');
});
