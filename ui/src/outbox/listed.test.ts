import { expect, test } from 'vitest';
import { placeOf, spanAround } from './listed';

test('what is held is what is shown, with a margin, and never more than the host gives', () => {
  expect(spanAround(0, 9)).toEqual({ skip: 0, limit: 20 });
  expect(spanAround(0, 12)).toEqual({ skip: 0, limit: 40 });
  expect(spanAround(503, 515)).toEqual({ skip: 480, limit: 60 });
  expect(spanAround(0, 5_000)).toEqual({ skip: 0, limit: 200 });
  // Of a list that begins below what is shown, only its beginning.
  expect(spanAround(-700, -690)).toEqual({ skip: 0, limit: 20 });
});

test('a little scrolling asks for nothing else', () => {
  expect(spanAround(511, 522)).toEqual(spanAround(515, 526));
});

test('each place belongs to what was refused, what waits, or the drafts', () => {
  const counts = { refused: 1, waiting: 2, drafts: 2 };
  const places = [0, 1, 2, 3, 4].map((index) => placeOf(index, counts));
  expect(places.map(({ section, number }) => `${section} ${number}`)).toEqual([
    'refused 0',
    'waiting 1',
    'waiting 2',
    'drafts 0',
    'drafts 1',
  ]);
  expect(places.map(({ first }) => first)).toEqual([true, true, false, true, false]);
  expect(places.map(({ last }) => last)).toEqual([true, false, true, false, true]);
});
