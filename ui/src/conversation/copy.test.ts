import { afterEach, expect, test, vi } from 'vitest';
import { ui, useUi } from '../app/uiState';
import en from '../i18n/locales/en.ftl?raw';
import es from '../i18n/locales/es.ftl?raw';
import { translator } from '../i18n/text';
import { copy } from './copy';

afterEach(() => {
  vi.unstubAllGlobals();
  ui.reset();
});

const toasts = () => useUi.getState().toasts.map(({ text, tone }) => ({ text, tone }));

test('what was copied is said', async () => {
  const writeText = vi.fn(async () => undefined);
  vi.stubGlobal('navigator', { clipboard: { writeText } });
  await copy(translator('en', en), 'what I wrote');
  expect(writeText).toHaveBeenCalledWith('what I wrote');
  expect(toasts()).toEqual([{ text: 'Copied', tone: 'plain' }]);
});

test.each([
  ['refuses', { clipboard: { writeText: () => Promise.reject(new DOMException('no', 'NotAllowedError')) } }],
  ['is missing', {}],
])('a clipboard that %s is said, in both languages', async (_, navigator) => {
  vi.stubGlobal('navigator', navigator);
  await copy(translator('en', en), 'what I wrote');
  await copy(translator('es', es), 'what I wrote');
  expect(toasts()).toEqual([
    { text: 'The clipboard took nothing. Select the text and copy it by hand.', tone: 'failed' },
    { text: 'El portapapeles no lo ha aceptado. Selecciona el texto y cópialo a mano.', tone: 'failed' },
  ]);
});
