import { QueryClient } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import type { AppState } from '../bindings/protocol';
import { memoryHost } from '../platform/memory';
import { KEYS, newestState } from './queries';

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
