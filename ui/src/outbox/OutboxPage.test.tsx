import { act, screen, waitFor } from '@testing-library/react';
import { beforeEach, expect, test, vi } from 'vitest';
import { startApp } from '../app/startApp';
import { ui } from '../app/uiState';
import type { ListedRequest } from '../bindings/protocol';
import { type MemoryHost, memoryHost } from '../platform/memory';

// The test DOM has no layout: an entry is 100 pixels high, and the window six entries.
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(100);
  vi.spyOn(HTMLElement.prototype, 'offsetWidth', 'get').mockReturnValue(400);
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(600);
});

const QUEUED = 1_000;

async function start(queued = QUEUED) {
  const host = memoryHost(13);
  const { state, conversations } = host.world;
  state.settings.language = 'en';
  state.connection.state = 'offline';
  const ids = [...conversations.keys()];
  for (let n = 0; n < queued; n += 1) {
    const conversation_id = ids[n % ids.length] ?? '';
    const action = { type: 'conversation_tag_add', tag: `day-${n}` } as const;
    await host.invoke('command_submit', { conversation_id, action });
  }
  const user = startApp(host);
  await screen.findByTestId('status-bar');
  act(() => ui.showOutbox());
  await screen.findAllByTestId('outbox-entry');
  return { host, user };
}

test('of a thousand entries only those in sight are held, and all of them are counted', async () => {
  const { host } = await start();
  await screen.findByText(String(QUEUED), { selector: 'h2 .numbers' });
  await screen.findByText(/day-0$/);
  expect(screen.getAllByTestId('outbox-entry').length).toBeLessThan(20);

  const page = screen.getByTestId('outbox');
  act(() => {
    page.scrollTop = 90_000;
    page.dispatchEvent(new Event('scroll'));
  });
  await screen.findAllByText(/day-9[0-9][0-9]$/);
  expect(screen.queryByText(/day-0$/)).toBeNull();
  await waitFor(() => expect(screen.getAllByTestId('outbox-entry').length).toBeLessThan(20));
  const asked = host.calls
    .filter(({ name }) => name === 'outbox')
    .map(({ request }) => request as ListedRequest);
  expect(Math.max(...asked.map(({ limit }) => limit))).toBeLessThanOrEqual(60);
});

test('the first entry goes out, and the next takes its place', async () => {
  const { host } = await start();
  await screen.findByText(/day-0$/);
  const { entries } = await host.invoke('outbox', { skip: 0, limit: 1 });
  await act(() => host.invoke('outbox_discard', { command_id: entries[0]?.command_id ?? '' }));
  await waitFor(() => expect(screen.queryByText(/day-0$/)).toBeNull());
  await screen.findByText(String(QUEUED - 1), { selector: 'h2 .numbers' });
});

/** What the focused entry is called, without the subject after it. */
const focused = () => document.activeElement?.firstChild?.textContent ?? '';
const goesOut = async (host: MemoryHost) => {
  const { entries } = await host.invoke('outbox', { skip: 0, limit: 1 });
  await act(() => host.invoke('outbox_discard', { command_id: entries[0]?.command_id ?? '' }));
};

test('the focus goes to the next entry when its own goes out, and to the page after the last', async () => {
  const { host, user } = await start(3);
  await screen.findByText(/day-0$/);
  await user.keyboard('j');
  expect(focused()).toMatch(/day-0$/);
  for (const next of [1, 2]) {
    await goesOut(host);
    await waitFor(() => expect(focused()).toMatch(new RegExp(`day-${next}$`)));
  }
  await goesOut(host);
  await waitFor(() => expect(screen.queryByTestId('outbox-entry')).toBeNull());
  expect(document.activeElement).toBe(screen.getByTestId('outbox'));
});

test('the focus stays in the list when its entry is scrolled out of sight', async () => {
  const { user } = await start();
  await screen.findByText(/day-0$/);
  await user.keyboard('j');
  expect(focused()).toMatch(/day-0$/);
  const page = screen.getByTestId('outbox');
  for (const scrollTop of [1_400, 90_000]) {
    act(() => {
      page.scrollTop = scrollTop;
      page.dispatchEvent(new Event('scroll'));
    });
    await waitFor(() => expect(screen.queryByText(/day-0$/)).toBeNull());
    expect(page.contains(document.activeElement)).toBe(true);
  }
  await screen.findAllByText(/day-9[0-9][0-9]$/);
  await user.keyboard('j');
  expect(focused()).toMatch(/day-[89][0-9][0-9]$/);
});
