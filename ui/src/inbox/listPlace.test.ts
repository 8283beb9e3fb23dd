import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { InboxRow } from '../bindings/protocol';
import { chooseAnchor, holdPlace, neighbour, scrollTopFor } from './listPlace';

const row = (id: string, preview = ''): InboxRow => ({ head: { id, preview } }) as InboxRow;
const rows = (ids: string) => [...ids].map((id) => row(id));
const ids = (list: readonly InboxRow[]) => list.map((entry) => entry.head.id).join('');
const changed = (text: string) => new Set(text);

test('without a selection the list has its own order', () => {
  expect(ids(holdPlace(rows('abc'), rows('cab'), null, changed('c')))).toBe('cab');
});

test('the selected row stays where it is although it was answered and sorts last', () => {
  expect(ids(holdPlace(rows('abcd'), rows('acdb'), 'b', changed('b')))).toBe('abcd');
});

test('the selected row stays although it left the view', () => {
  expect(ids(holdPlace(rows('abcd'), rows('acd'), 'b', changed('b')))).toBe('abcd');
});

test('the selected row shows what is new in it', () => {
  const fresh = [row('a'), row('c'), row('b', 'new words')];
  const held = holdPlace(rows('abc'), fresh, 'b', changed('b'));
  expect(held[1]?.head.preview).toBe('new words');
});

test('a neighbour that moved does not take the selected row along', () => {
  // a got a message and went to the top, z arrived.
  expect(ids(holdPlace(rows('xabc'), rows('azxbc'), 'b', changed('ab')))).toBe('azxbc');
  expect(ids(holdPlace(rows('abc'), rows('bca'), 'b', changed('a')))).toBe('bca');
});

test('the first row stays before the one that followed it, below what arrived', () => {
  expect(ids(holdPlace(rows('abc'), rows('zbca'), 'a', changed('az')))).toBe('zabc');
});

test('a row alone in its view stays', () => {
  expect(ids(holdPlace(rows('a'), [], 'a', changed('a')))).toBe('a');
});

test('holding loses no row and doubles none', () => {
  const lists = fc.uniqueArray(fc.constantFrom(...'abcdefghij'), { maxLength: 10 });
  fc.assert(
    fc.property(lists, lists, fc.constantFrom(...'abcdefghij'), lists, (shown, fresh, held, moved) => {
      const result = holdPlace(
        shown.map((id) => row(id)),
        fresh.map((id) => row(id)),
        held,
        new Set(moved),
      );
      const expected = new Set(fresh);
      if (shown.includes(held)) expected.add(held);
      expect([...ids(result)].sort()).toEqual([...expected].sort());
      // Everything but the held row is in the list's own order.
      expect([...ids(result)].filter((id) => id !== held)).toEqual(fresh.filter((id) => id !== held));
    }),
  );
});

test('what is looked at does not move when rows arrive above', () => {
  const before = rows('abcdefgh');
  const anchor = chooseAnchor(before, 70, 140, 280, 'd', changed('z'));
  expect(anchor).toEqual({ id: 'd', offset: 70 });
  expect(anchor && scrollTopFor(rows('zabcdefgh'), 70, anchor)).toBe(210);
});

test('away from the top the first steady row in sight is held', () => {
  expect(chooseAnchor(rows('abcdefgh'), 70, 140, 280, null, changed('c'))).toEqual({ id: 'd', offset: 70 });
});

test('at the top, with nothing selected in sight, news appear', () => {
  expect(chooseAnchor(rows('abcdefgh'), 70, 0, 280, null, changed('z'))).toBeNull();
  expect(chooseAnchor(rows('abcdefgh'), 70, 0, 280, 'h', changed('z'))).toBeNull();
});

test('next and previous stop at the ends', () => {
  const list = rows('abc');
  expect(neighbour(list, null, 0, 1)?.head.id).toBe('a');
  expect(neighbour(list, null, 0, -1)).toBeUndefined();
  expect(neighbour(list, 'a', 0, -1)?.head.id).toBe('a');
  expect(neighbour(list, 'b', 1, 1)?.head.id).toBe('c');
  expect(neighbour(list, 'c', 2, 1)?.head.id).toBe('c');
  expect(neighbour([], 'c', 2, 1)).toBeUndefined();
});

test('when the selected row is gone the one at its place is next', () => {
  expect(neighbour(rows('acd'), 'b', 1, 1)?.head.id).toBe('c');
  expect(neighbour(rows('acd'), 'b', 1, -1)?.head.id).toBe('a');
  expect(neighbour(rows('ab'), 'x', 9, 1)?.head.id).toBe('b');
});
