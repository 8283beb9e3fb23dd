import { type TextId, textIds } from '../i18n/text';

export interface SnoozeTime {
  id: SnoozeName;
  title: TextId;
  /** Milliseconds since 1970. */
  atMs: number;
}

const TITLES = textIds({
  hour: 'snooze-hour',
  afternoon: 'snooze-afternoon',
  evening: 'snooze-evening',
  tomorrow: 'snooze-tomorrow',
  monday: 'snooze-monday',
  week: 'snooze-week',
  month: 'snooze-month',
});

export type SnoozeName = keyof typeof TITLES;

const MORNING = 9;
const AFTERNOON = 14;
const EVENING = 18;

/** A day from `now` at an hour of the machine's zone; the calendar takes care of changed clocks. */
function dayAt(now: Date, days: number, hour: number): number {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour).getTime();
}

/** The times that one mostly means, the next first. What is too near to make sense is left out. */
export function snoozeTimes(nowMs: number): SnoozeTime[] {
  const now = new Date(nowMs);
  const soonest = nowMs + 30 * 60_000;
  const untilMonday = (8 - now.getDay()) % 7 || 7;
  const times: [SnoozeName, number][] = [
    ['hour', nowMs + 60 * 60_000],
    ['afternoon', dayAt(now, 0, AFTERNOON)],
    ['evening', dayAt(now, 0, EVENING)],
    ['tomorrow', dayAt(now, 1, MORNING)],
    ['monday', dayAt(now, untilMonday, MORNING)],
    ['week', dayAt(now, 7, MORNING)],
    ['month', new Date(now.getFullYear(), now.getMonth() + 1, now.getDate(), MORNING).getTime()],
  ];
  const seen = new Set<number>();
  return times
    .filter(([, atMs]) => atMs >= soonest)
    .sort((a, b) => a[1] - b[1])
    .filter(([, atMs]) => !seen.has(atMs) && seen.add(atMs))
    .map(([id, atMs]) => ({ id, title: TITLES[id], atMs }));
}
