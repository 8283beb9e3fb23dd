import { expect, test } from 'vitest';
import english from './locales/en.ftl?raw';
import spanish from './locales/es.ftl?raw';
import { translator } from './text';
import { clockTime, dayLabel, daysBetween, listTime, waitingTime } from './time';

const at = (text: string) => new Date(text).getTime() * 1000;
const nowMs = new Date('2026-11-23T10:00:00').getTime();

test('a list shows the hour today, the weekday this week, the date before', () => {
  expect(listTime('en-GB', at('2026-11-23T09:41:00'), nowMs)).toBe('9:41');
  expect(listTime('en-GB', at('2026-11-19T09:41:00'), nowMs)).toBe('Thu');
  expect(listTime('en-GB', at('2026-03-03T09:41:00'), nowMs)).toBe('3 Mar');
  expect(listTime('es-ES', at('2024-03-03T09:41:00'), nowMs)).toMatch(/mar.* 2024/);
});

test('days are those of the calendar, not of 24 hours', () => {
  expect(daysBetween(new Date('2026-11-22T23:59:00').getTime(), nowMs)).toBe(1);
  expect(daysBetween(new Date('2026-11-23T00:01:00').getTime(), nowMs)).toBe(0);
  // The clocks change on the 25th of October in most of Europe.
  const before = new Date('2026-10-24T12:00:00').getTime();
  expect(daysBetween(before, new Date('2026-10-26T01:00:00').getTime())).toBe(2);
});

test('a day is named by how near it is', () => {
  const t = translator('es', spanish);
  expect(dayLabel(t, 'es', at('2026-11-23T08:00:00'), nowMs)).toBe('Hoy');
  expect(dayLabel(t, 'es', at('2026-11-22T08:00:00'), nowMs)).toBe('Ayer');
  expect(dayLabel(t, 'es', at('2025-11-22T08:00:00'), nowMs)).toContain('2025');
});

test('waiting is told in minutes, hours and days', () => {
  const t = translator('en', english);
  const ago = (minutes: number) => (nowMs - minutes * 60_000) * 1000;
  expect(waitingTime(t, ago(11), nowMs)).toBe('11 min');
  expect(waitingTime(t, ago(200), nowMs)).toBe('3 h');
  expect(waitingTime(t, ago(3000), nowMs)).toBe('2 d');
  expect(waitingTime(t, ago(-5), nowMs)).toBe('now');
});

test('a time that no calendar has is shown as none', () => {
  expect(clockTime('en', Number.NaN)).toBe('–');
  expect(listTime('en', 9e21, nowMs)).toBe('–');
});

test('midnight is 0:00', () => {
  expect(clockTime('en-GB', at('2026-11-23T00:05:00'))).toBe('0:05');
});
