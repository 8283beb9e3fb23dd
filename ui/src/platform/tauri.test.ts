import { clearMocks, mockIPC } from '@tauri-apps/api/mocks';
import { afterEach, expect, test } from 'vitest';
import { tauriHost } from './tauri';

afterEach(clearMocks);

test('nothing is asked before the page listens, even where it is asked first', async () => {
  const called: string[] = [];
  mockIPC((command) => {
    called.push(command);
  });
  const host = tauriHost();
  const answer = host.invoke('app_state', {});
  await Promise.resolve();
  expect(called).toEqual([]);
  host.listen(() => undefined);
  await answer;
  expect(called).toEqual(['plugin:event|listen', 'app_state']);
});
