// The buckets of a time axis: the same names as the server gives (docs/analytics.md, "Time"), every one of the range, the
// empty ones too, and the instants each stands for. Half-open, cut to the range, so that a bucket's receipts are those of its row.
import { instant, type Interval, offset, type Range } from '@/lib/range';

export interface Bucket {
  /** "2026-10-25T01:00:00Z" (minute, hour), "2026-10-25" (day; week: its Monday), "2026-10". */
  name: string;
  range: Range;
  /** Its own beginning, before it was cut to the range. */
  start: Date;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MOST = 2000; // a longer axis is a mistake, not a chart

const dayName = (year: number, month: number, day: number) => new Date(Date.UTC(year, month, day)).toISOString().slice(0, 10);
const local = (zone: string, at: number) => new Date(at + offset(zone, at));

/** Where the bucket that holds this instant begins. */
function startOf(at: number, interval: Interval, zone: string): number {
  const shift = offset(zone, at);
  if (interval === 'minute' || interval === 'hour') {
    const length = interval === 'hour' ? HOUR : MINUTE;
    return Math.floor((at + shift) / length) * length - shift;
  }
  const date = local(zone, at);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  if (interval === 'month') return instant(zone, year, month, 1).getTime();
  const back = interval === 'week' ? (date.getUTCDay() + 6) % 7 : 0;
  return instant(zone, year, month, day - back).getTime();
}

/** The next bucket's beginning. Local days have 23 to 25 hours. */
function nextOf(start: number, interval: Interval, zone: string): number {
  if (interval === 'minute') return start + MINUTE;
  if (interval === 'hour') return start + HOUR;
  const date = local(zone, start);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  if (interval === 'month') return instant(zone, year, month + 1, 1).getTime();
  return instant(zone, year, month, day + (interval === 'week' ? 7 : 1)).getTime();
}

function nameOf(start: number, interval: Interval, zone: string): string {
  if (interval === 'minute' || interval === 'hour') return `${new Date(start).toISOString().slice(0, 19)}Z`;
  const date = local(zone, start);
  const name = dayName(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
  return interval === 'month' ? name.slice(0, 7) : name;
}

export function bucketsOf(range: Range, interval: Interval, zone: string): Bucket[] {
  const out: Bucket[] = [];
  const [from, to] = [range.from.getTime(), range.to.getTime()];
  for (let start = startOf(from, interval, zone); start < to && out.length < MOST;) {
    const end = nextOf(start, interval, zone);
    out.push({
      name: nameOf(start, interval, zone),
      start: new Date(start),
      range: { from: new Date(Math.max(start, from)), to: new Date(Math.min(end, to)) },
    });
    start = end;
  }
  return out;
}

/** The days that come after `at` up to the end of its local month. */
export function restOfMonth(at: Date, zone: string): Bucket[] {
  const month = nextOf(startOf(at.getTime(), 'month', zone), 'month', zone);
  const from = nextOf(startOf(at.getTime() - 1, 'day', zone), 'day', zone);
  return from >= month ? [] : bucketsOf({ from: new Date(from), to: new Date(month) }, 'day', zone);
}

/** Days since 1970 of the local date, Mondays being 4 modulo 7: for weekdays and for shifting by days. */
export const localDay = (at: Date, zone: string): number => Math.floor((at.getTime() + offset(zone, at.getTime())) / DAY);
export const weekday = (at: Date, zone: string): number => (localDay(at, zone) + 3) % 7;
