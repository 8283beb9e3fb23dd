import { act, screen, waitFor } from '@testing-library/react';
import { beforeEach, expect, test, vi } from 'vitest';
import { startApp } from '../app/startApp';
import { ui, useUi } from '../app/uiState';
import { memoryHost } from '../platform/memory';

// The test DOM has no layout: every element is as large as a window.
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(600);
  vi.spyOn(HTMLElement.prototype, 'offsetWidth', 'get').mockReturnValue(400);
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(600);
});

const SENTENCES = {
  en: {
    offline: 'That message is not on this computer. Connect to see it.',
    online: 'That message could not be loaded.',
  },
  es: {
    offline: 'Ese mensaje no está en este equipo. Conéctate para verlo.',
    online: 'No se ha podido cargar ese mensaje.',
  },
} as const;

test.each([
  ['en', 'offline'],
  ['es', 'offline'],
  ['en', 'online'],
  ['es', 'online'],
] as const)('in %s a found message that is out of reach is told of (%s)', async (language, connection) => {
  const host = memoryHost(13);
  Object.assign(host.world.state.settings, { language });
  Object.assign(host.world.state.connection, { state: connection });
  const invoke = host.invoke.bind(host);
  let pages = 0;
  host.invoke = async (name, request) => {
    if (name === 'conversation_open') {
      return { ...((await invoke(name, request)) as object), has_older: true, partial: true } as never;
    }
    if (name !== 'conversation_parts') return invoke(name, request);
    pages += 1;
    return { parts: [], has_older: true, partial: true } as never;
  };
  startApp(host);
  await screen.findAllByTestId('conversation-row');
  const id = [...host.world.conversations.keys()][0] ?? '';
  act(() => ui.select(id, 'prt_far_back'));
  await screen.findByText(SENTENCES[language][connection]);
  expect(useUi.getState().targetPartId).toBeNull();
  // Asked for it was once for what was searched for, and at most once to fill the window.
  await waitFor(() => expect(pages).toBeLessThanOrEqual(2));
  screen.getByTestId('thread');
});
