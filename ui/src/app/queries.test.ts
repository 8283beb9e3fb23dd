import { MutationObserver, QueryClient } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import type { AppState } from '../bindings/protocol';
import { memoryHost } from '../platform/memory';
import { KEYS, newestState, SAVING, withChosenSettings } from './queries';

test('an answer does not replace what the host told while it was on its way', async () => {
  const client = new QueryClient();
  const state = await memoryHost(1).invoke('app_state', {});
  const opening: AppState = { ...state, phase: 'opening' };
  const ready: AppState = { ...state, phase: 'ready' };
  client.setQueryData(KEYS.state, { ...state, phase: 'code' });

  expect(await newestState(client, async () => opening)).toEqual(opening);
  const overtaken = newestState(client, async () => {
    client.setQueryData(KEYS.state, ready);
    return opening;
  });
  expect(await overtaken).toEqual(ready);
  expect(await newestState(new QueryClient(), async () => opening)).toEqual(opening);
});

test('word of the connection alone hides nothing else that an answer on its way says', async () => {
  const client = new QueryClient();
  const opening: AppState = { ...(await memoryHost(1).invoke('app_state', {})), phase: 'opening' };
  const offline = { ...opening.connection, state: 'offline' as const };
  client.setQueryData(KEYS.state, opening);
  const answer = newestState(client, async () => {
    client.setQueryData<AppState>(KEYS.state, (state) => state && { ...state, connection: offline });
    return { ...opening, phase: 'ready' };
  });
  expect(await answer).toEqual({ ...opening, phase: 'ready', connection: offline });
});

test('what is told of one choice does not take back the next, which is still being stored', async () => {
  const client = new QueryClient();
  const state = await memoryHost(1).invoke('app_state', {});
  const chosen: AppState = { ...state, settings: { ...state.settings, theme: 'dark' } };
  const told: AppState = { ...state, settings: { ...state.settings, theme: 'light' } };
  client.setQueryData(KEYS.state, chosen);
  expect(withChosenSettings(client, told)).toEqual(told);

  let stored = () => {};
  const answer = new Promise<void>((resolve) => {
    stored = resolve;
  });
  const observer = new MutationObserver(client, { mutationKey: SAVING, mutationFn: () => answer });
  const storing = observer.mutate();
  expect(withChosenSettings(client, told).settings.theme).toBe('dark');
  stored();
  await storing;
  expect(withChosenSettings(client, told)).toEqual(told);
});
