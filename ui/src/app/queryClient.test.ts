import { QueryObserver } from '@tanstack/react-query';
import { afterEach, expect, test, vi } from 'vitest';
import { KEYS } from './queries';
import { KEPT_CONVERSATIONS, newQueryClient } from './queryClient';

afterEach(() => vi.useRealTimers());

test('of conversations that one has passed through only the last few are kept, and not for long', () => {
  vi.useFakeTimers();
  const client = newQueryClient();
  const kept = () => client.getQueryCache().findAll({ queryKey: KEYS.conversations });
  const look = (id: string) => {
    vi.advanceTimersByTime(100);
    client.setQueryData(KEYS.conversation(id), { id });
    const observer = new QueryObserver(client, { queryKey: KEYS.conversation(id), enabled: false });
    return observer.subscribe(() => undefined);
  };
  const leave = look('looked-at');
  for (let n = 0; n < 200; n += 1) look(`passed-${n}`)();
  expect(kept().length).toBe(KEPT_CONVERSATIONS + 1);
  expect(client.getQueryData(KEYS.conversation('looked-at'))).toBeDefined();
  expect(client.getQueryData(KEYS.conversation('passed-199'))).toBeDefined();
  expect(client.getQueryData(KEYS.conversation('passed-5'))).toBeUndefined();

  vi.advanceTimersByTime(120_000);
  expect(kept().map(({ queryKey }) => queryKey[1])).toEqual(['looked-at']);
  leave();
  vi.advanceTimersByTime(120_000);
  expect(kept()).toEqual([]);
});
