import { notifyManager, QueryObserver } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { KEYS } from './queries';
import { KEPT_CONVERSATIONS, newQueryClient } from './queryClient';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Looks at conversations as the window does: the next looker is there before the last one has left. */
function looker() {
  const client = newQueryClient();
  const reads = new Map<string, number>();
  const look = (id: string) => {
    const observer = new QueryObserver(client, {
      queryKey: KEYS.conversation(id),
      queryFn: async () => {
        reads.set(id, (reads.get(id) ?? 0) + 1);
        return { id };
      },
    });
    return () => observer.subscribe(() => undefined);
  };
  const kept = () => client.getQueryCache().findAll({ queryKey: KEYS.conversations });
  return { client, reads, look, kept };
}

test('each conversation that one comes to is read once and stays while it is looked at', async () => {
  const { reads, look, kept } = looker();
  let leave = () => {};
  for (let n = 0; n < 3 * KEPT_CONVERSATIONS; n += 1) {
    const come = look(`passed-${n}`);
    leave();
    leave = come();
    await vi.advanceTimersByTimeAsync(100);
    expect(kept().some((query) => query.queryKey[1] === `passed-${n}` && query.state.data)).toBe(true);
  }
  expect([...reads.values()]).toEqual(Array(3 * KEPT_CONVERSATIONS).fill(1));
  expect(kept().length).toBe(KEPT_CONVERSATIONS + 1);
});

test('of conversations that one has left only the last few are kept, and not for long', async () => {
  const { client, look, kept } = looker();
  const leave = look('looked-at')();
  await vi.advanceTimersByTimeAsync(100);
  const goBack = look('passed-0')();
  await vi.advanceTimersByTimeAsync(100);
  for (let n = 1; n < 50; n += 1) {
    const left = look(`passed-${n}`)();
    await vi.advanceTimersByTimeAsync(100);
    left();
  }
  goBack();
  await vi.advanceTimersByTimeAsync(100);
  expect(kept().length).toBe(KEPT_CONVERSATIONS + 1);
  expect(client.getQueryData(KEYS.conversation('looked-at'))).toBeDefined();
  expect(client.getQueryData(KEYS.conversation('passed-0')), 'it was left last').toBeDefined();
  expect(client.getQueryData(KEYS.conversation('passed-49'))).toBeDefined();
  expect(client.getQueryData(KEYS.conversation('passed-5'))).toBeUndefined();

  await vi.advanceTimersByTimeAsync(120_000);
  expect(kept().map(({ queryKey }) => queryKey[1])).toEqual(['looked-at']);
  leave();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(kept()).toEqual([]);
});

test('a change is told before anything else can happen', async () => {
  const client = newQueryClient();
  const told: unknown[] = [];
  const observer = new QueryObserver(client, { queryKey: ['counted'], enabled: false });
  // As the window hears of it.
  const leave = observer.subscribe(notifyManager.batchCalls(({ data }) => told.push(data)));
  client.setQueryData(['counted'], 1);
  // Of the clock nothing passes here: what waits for a timer would not be told.
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  expect(told).toEqual([1]);
  leave();
});
