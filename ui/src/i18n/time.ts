import type { Translate } from './text';

/** Microseconds since 1970 UTC, as times travel. */
export type Micros = number;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How far calendar days lie apart in the machine's zone: 0 today, 1 yesterday. */
export function daysBetween(earlierMs: number, laterMs: number): number {
  const start = (ms: number) => {
    const date = new Date(ms);
    // Compared in UTC, where every day has 24 hours.
    return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  };
  return Math.round((start(laterMs) - start(earlierMs)) / DAY_MS);
}

const formats = new Map<string, Intl.DateTimeFormat>();

// Making a formatter costs more than a hundred uses of it.
function format(locale: string, options: Intl.DateTimeFormatOptions, ms: number): string {
  // A source may name a time that no calendar has; a screen must not fall over it.
  if (Number.isNaN(new Date(ms).getTime())) return '–';
  const key = `${locale}${JSON.stringify(options)}`;
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat(locale, options);
    formats.set(key, made);
  }
  return made.format(ms);
}

/** 9:41 */
export function clockTime(locale: string, at: Micros): string {
  const time = format(locale, { hour: 'numeric', minute: '2-digit', hourCycle: 'h23' }, at / 1000);
  // Engines differ on the leading zero; in a list it is noise.
  return time.replace(/^0(?=\d\D)/, '');
}

/** The short time in a list: 9:41 today, Thu this week, 3 Mar this year, Mar 2024 before. */
export function listTime(locale: string, at: Micros, nowMs: number): string {
  const ms = at / 1000;
  const days = daysBetween(ms, nowMs);
  if (days <= 0) return clockTime(locale, at);
  if (days < 7) return format(locale, { weekday: 'short' }, ms);
  if (new Date(ms).getFullYear() === new Date(nowMs).getFullYear()) {
    return format(locale, { day: 'numeric', month: 'short' }, ms);
  }
  return format(locale, { month: 'short', year: 'numeric' }, ms);
}

/** The line between two days of a conversation. */
export function dayLabel(t: Translate, locale: string, at: Micros, nowMs: number): string {
  const ms = at / 1000;
  const days = daysBetween(ms, nowMs);
  if (days === 0) return t('day-today');
  if (days === 1) return t('day-yesterday');
  const sameYear = new Date(ms).getFullYear() === new Date(nowMs).getFullYear();
  return format(
    locale,
    { weekday: 'long', day: 'numeric', month: 'long', ...(sameYear ? {} : { year: 'numeric' }) },
    ms,
  );
}

/** Day and time in full, for what is exact: a snooze's end, a tooltip. */
export function exactTime(locale: string, at: Micros): string {
  return format(
    locale,
    {
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      hour: 'numeric',
      minute: '2-digit',
      hourCycle: 'h23',
    },
    at / 1000,
  );
}

/** A day in full: 3 May 2026. */
export function dateOf(locale: string, at: Micros): string {
  return format(locale, { day: 'numeric', month: 'long', year: 'numeric' }, at / 1000);
}

/** A near time in few words: 9:00 today, Thu 9:00 this week, 3 Mar 9:00 else. */
export function nearTime(locale: string, at: Micros, nowMs: number): string {
  const ms = at / 1000;
  const days = Math.abs(daysBetween(ms, nowMs));
  if (days === 0) return clockTime(locale, at);
  if (days < 7) return `${format(locale, { weekday: 'short' }, ms)} ${clockTime(locale, at)}`;
  return `${format(locale, { day: 'numeric', month: 'short' }, ms)} ${clockTime(locale, at)}`;
}

/** May 2020 */
export function monthAndYear(locale: string, at: Micros): string {
  return format(locale, { month: 'long', year: 'numeric' }, at / 1000);
}

/** How long somebody has waited: 11 min, 3 h, 2 d. */
export function waitingTime(t: Translate, since: Micros, nowMs: number): string {
  const ms = Math.max(0, nowMs - since / 1000);
  if (ms < HOUR_MS) return t('duration-minutes', { count: Math.floor(ms / MINUTE_MS) });
  if (ms < DAY_MS) return t('duration-hours', { count: Math.floor(ms / HOUR_MS) });
  return t('duration-days', { count: Math.floor(ms / DAY_MS) });
}
