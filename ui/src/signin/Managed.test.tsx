import { screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { startApp } from '../app/startApp';
import { ui } from '../app/uiState';
import type { AppState, ManagedPolicy } from '../bindings/protocol';
import { HostFailure } from '../platform/host';
import { type MemoryHost, memoryHost } from '../platform/memory';

const linkTo = (hostName: string) =>
  `recado://join?url=https://${hostName}&workspace=wrk_01970000000070008000000000000001`;
const SUPPORT = { name: 'Support', link: linkTo('support.cactus.example') };
const SALES = { name: 'Sales', link: linkTo('sales.cactus.example') };

let host: MemoryHost;

function start(phase: AppState['phase'], managed: Partial<ManagedPolicy>) {
  host = memoryHost(3);
  const { state } = host.world;
  state.settings.language = 'en';
  state.phase = phase;
  state.managed = { ...state.managed, files: ['/etc/recado/policies/managed/10.json'], ...managed };
  return startApp(host);
}

const called = (name: string) => host.calls.filter((call) => call.name === name).map((call) => call.request);

test('the one server of the organisation is joined by a single key', async () => {
  const user = start('join', { servers: [SUPPORT] });
  await screen.findByText('support.cactus.example');
  await user.keyboard('{Enter}');
  await screen.findByTestId('sign-in-email');
  expect(called('workspace_join')).toEqual([{ link: SUPPORT.link }]);
});

test('among several servers one is chosen, and what is wrong with it is said', async () => {
  const user = start('join', { servers: [SUPPORT, SALES] });
  const choices = await screen.findAllByTestId('managed-server');
  expect(choices.map((choice) => choice.textContent)).toEqual([
    'Supportsupport.cactus.example',
    'Salessales.cactus.example',
  ]);
  host.failNext('workspace_join', new HostFailure({ code: 'unreachable', message: '', retry_after_s: null }));
  await user.click(choices[1] as HTMLElement);
  expect((await screen.findByTestId('sign-in-problem')).textContent).toContain('reach');
  await user.click(screen.getByTestId('managed-link'));
  await screen.findByTestId('join-link');
  await user.click(screen.getByTestId('own-link-back'));
  expect(await screen.findAllByTestId('managed-server')).toHaveLength(2);
});

test('a forbidden server can be left behind, once somebody has said so twice', async () => {
  const user = start('blocked', { servers: [SUPPORT], server_list_locked: true });
  host.world.state.problem = {
    code: 'policy_forbids',
    detail: 'not on the list',
    can_retry: true,
    can_reset_cache: false,
    session_end: null,
  };
  await user.click(await screen.findByTestId('problem-forgotten'));
  expect(called('sign_out')).toHaveLength(0);
  await user.click(screen.getByTestId('problem-erase'));
  expect(called('sign_out')).toEqual([{ discard_unsent: true }]);
});

test('where passwords are not allowed, none is asked for, whatever the server offers', async () => {
  const user = start('sign_in', { login_methods: ['oidc'], servers: [SUPPORT], server_list_locked: true });
  host.ways = { password: false, providers: [], has_providers: false };
  const email = await screen.findByTestId('sign-in-email');
  expect(screen.queryByTestId('sign-in-password')).toBeNull();
  await user.clear(email);
  await user.type(email, 'ana@cactus.example{Enter}');
  expect((await screen.findByTestId('sign-in-problem')).textContent).toContain('your organisation');
  expect(screen.queryByText('Use a password instead')).toBeNull();
  expect(screen.queryByTestId('sign-in-link')).toBeNull();
  // There is no other server to go to.
  expect(screen.queryByTestId('sign-in-other-workspace')).toBeNull();
});

test('what is managed is listed with where it is set', async () => {
  start('ready', { login_methods: ['oidc'], require_system_keychain: true, servers: [SUPPORT] });
  await screen.findByTestId('conversation-list');
  ui.open({ type: 'settings', section: 'about' });
  const facts = await screen.findByTestId('managed-facts');
  for (const text of ['Support (support.cactus.example)', 'own sign-in', 'Required', '/10.json']) {
    expect(facts.textContent).toContain(text);
  }
});
