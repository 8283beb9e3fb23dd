import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { expect, test, vi } from 'vitest';
import { readAgain } from './events';

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
