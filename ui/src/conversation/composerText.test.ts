import { expect, test } from 'vitest';
import { joined, MAX_BODY_BYTES, sentText, textProblem } from './composerText';

test('a text of blanks is not sent', () => {
  expect(textProblem('')).toBe('empty');
  expect(textProblem(' \n\t')).toBe('empty');
  expect(textProblem('a')).toBeNull();
});

test('the limit is counted in bytes, not in characters', () => {
  expect(textProblem('a'.repeat(MAX_BODY_BYTES))).toBeNull();
  expect(textProblem('a'.repeat(MAX_BODY_BYTES + 1))).toBe('too_long');
  expect(textProblem('界'.repeat(MAX_BODY_BYTES / 2))).toBe('too_long');
});

test('what is sent has one kind of line end and no U+0000', () => {
  expect(sentText('  a\r\nb\rc\u0000 \n')).toBe('a\nb\nc\ufffd');
});

test('what is given back stands before what was written since', () => {
  expect(joined('a note', '')).toBe('a note');
  expect(joined('a note', 'and more')).toBe('a note\n\nand more');
});
