import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { HostProvider } from '../app/host';
import { KEYS } from '../app/queries';
import { memoryHost } from '../platform/memory';
import { useConversation, useOpenedConversation } from './useConversation';

function Reader({ id }: { id: string }) {
  return <p data-testid="reader">{useConversation(id).data?.head.title}</p>;
}

function Onlooker({ id, round }: { id: string; round: number }) {
  return (
    <p data-testid="onlooker">
      {round} {useOpenedConversation(id)?.head.title}
    </p>
  );
}

test('a conversation is read again although somebody who only looks on came last', async () => {
  const host = memoryHost(3);
  const page = await host.invoke('inbox_page', {
    view: { type: 'all' },
    sort: 'newest',
    after: null,
    limit: 1,
  });
  const id = page.rows[0]?.head.id ?? '';
  let reads = 0;
  const invoke = host.invoke.bind(host);
  host.invoke = async (name, request) => {
    const answer = await invoke(name, request);
    if (name !== 'conversation_open') return answer;
    reads += 1;
    const view = answer as { head: object };
    return { ...view, head: { ...view.head, title: `reading ${reads}` } } as never;
  };
  const client = new QueryClient({
    defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY, retry: false } },
  });
  const both = (round: number) => (
    <QueryClientProvider client={client}>
      <HostProvider host={host}>
        <Reader id={id} />
        <Onlooker id={id} round={round} />
      </HostProvider>
    </QueryClientProvider>
  );
  const { rerender } = render(both(1));
  await screen.findAllByText(/reading 1/);
  rerender(both(2));
  await act(() => client.invalidateQueries({ queryKey: KEYS.conversation(id) }));
  expect((await screen.findByTestId('reader')).textContent).toBe('reading 2');
  expect((await screen.findByTestId('onlooker')).textContent).toBe('2 reading 2');
});
