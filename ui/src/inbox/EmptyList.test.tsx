import { render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import type { Connection } from '../bindings/protocol';
import { CommandsProvider } from '../commands/Commands';
import { LocalizationProvider } from '../i18n/text';
import { EmptyList } from './EmptyList';

const connection = (state: Connection['state']): Connection => ({
  state,
  since: 0,
  reason: null,
  next_attempt_at: null,
  queued: 0,
  refused: 0,
  bootstrap: null,
  clock_ahead_s: 0,
});

const shown = async (state: Connection['state'], partial: boolean) => {
  const { unmount } = render(
    <LocalizationProvider language="en">
      <CommandsProvider keymap={new Map()} onBlocked={() => undefined}>
        <EmptyList view={{ type: 'closed' }} connection={connection(state)} partial={partial} />
      </CommandsProvider>
    </LocalizationProvider>,
  );
  const text = (await screen.findByText(/\S/, { selector: 'p:first-child' })).textContent;
  unmount();
  return text;
};

test('only what is out of reach is said to be; what is on its way is loading', async () => {
  expect(await shown('offline', true)).toBe('You are offline');
  expect(await shown('online', true)).toBe('Loading your conversations');
  expect(await shown('connecting', true)).toBe('Loading your conversations');
  expect(await shown('online', false)).toBe('Nothing is closed yet');
});
