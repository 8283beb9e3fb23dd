import { QueryClient } from '@tanstack/react-query';
import { KEYS } from './queries';

/** How long an answer is kept that nobody looks at: who goes back and forth finds it at once. */
const KEPT_MS = 60_000;

/** How many conversations are kept that nobody looks at: the last few that one may go back to. */
export const KEPT_CONVERSATIONS = 10;

/** What the host answered. The truth lives behind the host, which tells when it changes: nothing here ages by itself,
 * and what is not shown is not held for long, because the host has it. */
export function newQueryClient(): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: Number.POSITIVE_INFINITY,
        gcTime: KEPT_MS,
        retry: false,
        refetchOnWindowFocus: false,
        networkMode: 'always',
      },
      mutations: { networkMode: 'always', gcTime: KEPT_MS },
    },
  });
  const cache = client.getQueryCache();
  // Somebody who goes through the list key by key opens hundreds within a minute.
  cache.subscribe(({ type }) => {
    if (type !== 'observerRemoved') return;
    cache
      .findAll({ queryKey: KEYS.conversations })
      .filter((query) => query.getObserversCount() === 0)
      .sort((one, other) => other.state.dataUpdatedAt - one.state.dataUpdatedAt)
      .slice(KEPT_CONVERSATIONS)
      .forEach((query) => {
        cache.remove(query);
      });
  });
  return client;
}
