import { expect, test } from 'vitest';
import type { ListKey } from '../bindings/protocol';
import { beginning, extended, type ListWindow, MOST_ROWS, movedUp, rowsAbove, TOP } from './listWindow';

const key = (at: number) => ({ at, waiting: false, id: `cnv_${at}` }) as unknown as ListKey;

function scrolled(pages: number): ListWindow {
  let window = TOP;
  for (let n = 0; n < pages; n += 1) {
    window = extended(window, { after: n === 0 ? null : key(n), count: 200 });
  }
  return window;
}

test('a list that is scrolled through holds no more than what is near', () => {
  const window = scrolled(100);
  expect(window.pages).toHaveLength(MOST_ROWS / 200);
  expect(rowsAbove(window)).toBe(100 * 200 - MOST_ROWS);
  expect(beginning(window)).toEqual(key(95));
});

test('a page that is larger than the window is held whole', () => {
  const window = extended(TOP, { after: null, count: MOST_ROWS * 2 });
  expect(window.pages).toHaveLength(1);
  expect(rowsAbove(window)).toBe(0);
});

test('scrolling up moves the window to where the row is', () => {
  const window = scrolled(100);
  const up = movedUp(window, 18_950);
  expect(rowsAbove(up)).toBe(18_800);
  expect(beginning(up)).toEqual(key(94));
  expect(movedUp(window, 19_000)).toEqual(window);
  const top = movedUp(window, 0);
  expect(rowsAbove(top)).toBe(0);
  expect(beginning(top)).toBeNull();
});
