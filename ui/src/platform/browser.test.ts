import { expect, test, vi } from 'vitest';
import type { HostEvent } from '../bindings/protocol';
import { browserHost } from './browser';

test('what was told before the page listened is read again', async () => {
  let connect: (response: Response) => void = () => undefined;
  const connecting = new Promise<Response>((resolve) => {
    connect = resolve;
  });
  vi.stubGlobal(
    'fetch',
    vi.fn(() => connecting),
  );
  const heard: HostEvent[] = [];
  const stop = browserHost().listen((event) => heard.push(event));
  expect(heard).toEqual([]);
  connect(new Response(new ReadableStream()));
  // Without names it says that anything may have changed.
  const anything = { type: 'conversations_changed', conversation_ids: [] };
  await vi.waitFor(() => expect(heard).toEqual([anything]));
  stop();
  vi.unstubAllGlobals();
});
