import { act, screen, waitFor } from '@testing-library/react';
import { expect, test } from 'vitest';
import { startApp } from '../app/startApp';
import { HostFailure } from '../platform/host';
import { type MemoryHost, memoryHost } from '../platform/memory';

let host: MemoryHost;

/** The app in which these machines are strange: the one that it runs on, and the other one. */
function start(here: boolean, there: boolean) {
  host = memoryHost(3);
  host.world.state.settings.language = 'en';
  for (const session of host.world.sessions) session.unseen = session.current ? here : there;
  return startApp(host);
}

test('a sign-in elsewhere is asked about until its owner has answered', async () => {
  const user = start(false, true);
  expect((await screen.findByTestId('new-sign-in')).textContent).toContain('kitchen');
  await user.click(screen.getByTestId('new-sign-in-mine'));
  await waitFor(() => expect(screen.queryByTestId('new-sign-in')).toBeNull());
});

test('a sign-in that is heard of later is asked about as well', async () => {
  start(false, false);
  await screen.findByTestId('conversation-list');
  await waitFor(() => expect(host.calls.some(({ name }) => name === 'sessions')).toBe(true));
  expect(screen.queryByTestId('new-sign-in')).toBeNull();
  for (const session of host.world.sessions) session.unseen = !session.current;
  act(() => host.emit({ type: 'sessions_changed' }));
  await screen.findByTestId('new-sign-in');
});

test('a machine that is new itself answers for no other, but ends what is strange', async () => {
  start(true, true);
  await screen.findByTestId('new-sign-in-strange');
  expect(screen.queryByTestId('new-sign-in-mine')).toBeNull();
});

test('whoever ends a strange session is led to another password, also when nothing more can be asked', async () => {
  const user = start(false, true);
  await screen.findByTestId('new-sign-in');
  host.failNext(
    'account_security',
    new HostFailure({ code: 'unreachable', message: 'cut', retry_after_s: null }),
  );
  await user.click(screen.getByTestId('new-sign-in-strange'));
  await screen.findByText(/kitchen is signed out and erases its copy/);
  await screen.findByTestId('security-password');
});
