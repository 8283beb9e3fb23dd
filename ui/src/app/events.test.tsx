import { QueryClient, QueryClientProvider, QueryObserver, useQuery } from '@tanstack/react-query';
import { act, render, waitFor } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { memoryHost } from '../platform/memory';
import { HostEvents, readAgain } from './events';
import { HostProvider, useHost } from './host';
import { KEYS } from './queries';

test('a change during the first reading is not lost', async () => {
  const client = new QueryClient();
  let state = 'before';
  const answers: (() => void)[] = [];
  const queryFn = vi.fn(() => {
    const read = state;
    return new Promise<string>((resolve) => answers.push(() => resolve(read)));
  });

  const observer = new QueryObserver(client, {
    queryKey: ['a'],
    queryFn,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const stop = observer.subscribe(() => undefined);
  state = 'after';
  readAgain(client, ['a']);
  answers[0]?.();
  await vi.waitFor(() => expect(queryFn).toHaveBeenCalledTimes(2));
  answers[1]?.();
  await vi.waitFor(() => expect(observer.getCurrentResult().data).toBe('after'));
  stop();
});

function Reader() {
  const { invoke } = useHost();
  useQuery({ queryKey: KEYS.outbox, queryFn: () => invoke('outbox', { skip: 0, limit: 20 }) });
  return null;
}

test('an outbox that goes out all at once is read once, not with each entry', async () => {
  const host = memoryHost(1);
  const client = new QueryClient();
  render(
    <QueryClientProvider client={client}>
      <HostProvider host={host}>
        <HostEvents>
          <Reader />
        </HostEvents>
      </HostProvider>
    </QueryClientProvider>,
  );
  const readings = () => host.calls.filter(({ name }) => name === 'outbox').length;
  await waitFor(() => expect([readings() > 0, client.isFetching()]).toEqual([true, 0]));
  const before = readings();
  await act(async () => {
    for (let entry = 0; entry < 1_000; entry += 1)
      host.emit({ type: 'outbox_changed', command_id: `cmd_${entry}` });
  });
  await waitFor(() => expect(readings()).toBe(before + 1));
});
