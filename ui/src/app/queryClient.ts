import { notifyManager, QueryClient } from '@tanstack/react-query';
import { KEYS } from './queries';

/** How long an answer is kept that nobody looks at: who goes back and forth finds it at once. */
const KEPT_MS = 60_000;

/** How many conversations are kept that nobody looks at: the last few that one may go back to. */
export const KEPT_CONVERSATIONS = 10;

/** What the host answered. The truth lives behind the host, which tells when it changes: nothing here ages by itself,
 * and what is not shown is not held for long, because the host has it. */
export function newQueryClient(): QueryClient {
  // A change is shown before whatever happens next can make another: a list that holds its place while some go above,
  // or while some come below, cannot hold it when it is told of both at once.
  notifyManager.setScheduler(queueMicrotask);
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
  keepFewConversations(client);
  return client;
}

/** Somebody who goes through the list key by key opens hundreds within a minute. */
function keepFewConversations(client: QueryClient) {
  const cache = client.getQueryCache();
  /** In which order they were left. */
  const left = new Map<string, number>();
  let leavings = 0;
  const letGo = () => {
    const order = (hash: string) => left.get(hash) ?? 0;
    cache
      .findAll({ queryKey: KEYS.conversations })
      .filter((query) => query.getObserversCount() === 0)
      .sort((one, other) => order(other.queryHash) - order(one.queryHash))
      .slice(KEPT_CONVERSATIONS)
      .forEach((query) => {
        cache.remove(query);
      });
  };
  let due = false;
  cache.subscribe(({ type, query }) => {
    if (type === 'removed') left.delete(query.queryHash);
    if (type !== 'observerRemoved' || query.queryKey[0] !== KEYS.conversations[0]) return;
    leavings += 1;
    left.set(query.queryHash, leavings);
    if (due) return;
    due = true;
    // Whoever comes to another one looks at it only after leaving this one; until then nobody does.
    setTimeout(() => {
      due = false;
      letGo();
    }, 0);
  });
}
