import { expect, test } from 'vitest';
import { highlight } from '../search/highlight';
import { digitsOf } from '../signin/CodeInput';
import { readJoinLink } from '../signin/joinLink';
import { initials, TINTS, tint } from './identity';
import { matchScore } from './match';

test('initials come from the first and the last word, in any script', () => {
  expect(initials('Marta Téllez')).toBe('MT');
  expect(initials('ubuntu_joe')).toBe('UJ');
  expect(initials('王小雨')).toBe('王');
  expect(initials('ana.ruiz@mail.example')).toBe('AE');
  expect(initials('Ada')).toBe('A');
  expect(initials('!!')).toBe('?');
  expect(initials('é́ b')).toBe('É́B');
});

test('the colour of an id never changes', () => {
  expect(tint('cnt_1')).toBe(tint('cnt_1'));
  const seen = new Set(Array.from({ length: 200 }, (_, index) => tint(`cnt_${index}`)));
  expect(seen.size).toBe(TINTS);
});

test('a choice is found by words, beginnings and initials, without case and accents', () => {
  expect(matchScore('Marcar como no leída', 'leida')).toBeGreaterThan(0);
  expect(matchScore('Assign to a teammate', 'as tea')).toBeGreaterThan(0);
  expect(matchScore('Close and go to the next', 'cag')).toBeGreaterThan(0);
  expect(matchScore('Close', 'snooze')).toBe(0);
  expect(matchScore('Close', 'close')).toBeGreaterThan(matchScore('Send and close', 'close'));
});

test('what was searched for is marked as the search compares', () => {
  expect(highlight('La reservación de mañana', 'RESERVACION')).toEqual([
    { text: 'La ', found: false },
    { text: 'reservación', found: true },
    { text: ' de mañana', found: false },
  ]);
  expect(highlight('restaurant', 'rest')[0]).toEqual({ text: 'rest', found: true });
  expect(highlight('这个酒店是', '酒店').some((piece) => piece.found)).toBe(true);
  expect(highlight('arrest', 'rest')).toEqual([{ text: 'arrest', found: false }]);
});

test('a code can be pasted as people copy it', () => {
  expect(digitsOf('407 128')).toBe('407128');
  expect(digitsOf('Code: 407-128.')).toBe('407128');
  expect(digitsOf('４０７１２８9')).toBe('407128');
});

test('a join link says where it leads before it is followed', () => {
  const link = 'recado://join?url=https%3A%2F%2Fdesk.example%3A8443&workspace=wks_1&ca=AA';
  expect(readJoinLink(link)).toEqual({ host: 'desk.example:8443', ownAuthority: true, personal: false });
  expect(readJoinLink(`${link}&invitation=rct_i_x`)?.personal).toBe(true);
  expect(readJoinLink(link.replace('https', 'http'))).toBeNull();
  expect(readJoinLink(link.replace('join', 'open'))).toBeNull();
  expect(readJoinLink('https://desk.example')).toBeNull();
});
