// Time ranges: presets and instants in a time zone, half-open [from, to).

export interface Range {
  from: Date;
  to: Date;
}
export interface Preset {
  key: string;
  label: string;
}
export const presets: readonly Preset[] = [
  { key: '-15m', label: 'Last 15 minutes' },
  { key: '-1h', label: 'Last hour' },
  { key: '-24h', label: 'Last 24 hours' },
  { key: '-7d', label: 'Last 7 days' },
  { key: '-30d', label: 'Last 30 days' },
  { key: '-90d', label: 'Last 90 days' },
  { key: 'mtd', label: 'Month to date' },
  { key: 'lm', label: 'Last month' },
  { key: 'qtd', label: 'Quarter to date' },
];
const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

const parts = new Map<string, Intl.DateTimeFormat>();
/** How far the zone's clock is ahead of UTC at this instant, in ms. */
export function offset(zone: string, at: number): number {
  let format = parts.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' });
    parts.set(zone, format);
  }
  const field = Object.fromEntries(format.formatToParts(at).map((part) => [part.type, Number(part.value)]));
  const local = Date.UTC(field.year ?? 0, (field.month ?? 1) - 1, field.day, field.hour, field.minute, field.second);
  return local - Math.floor(at / 1000) * 1000;
}

/** The instant at which the zone's clock shows this local time; of a doubled hour the first. */
export function instant(zone: string, year: number, month: number, day: number, hour = 0, minute = 0): Date {
  const local = Date.UTC(year, month, day, hour, minute);
  const aDay = 86_400_000; // the clocks before and after any change nearby
  const guesses = [local - offset(zone, local - aDay), local - offset(zone, local + aDay)];
  return new Date(guesses.find((guess) => guess + offset(zone, guess) === local) ?? Math.max(...guesses));
}

const localDate = (zone: string, at: number) => new Date(at + offset(zone, at));

function monthStart(zone: string, at: number, back: number, size = 1): Date {
  const local = localDate(zone, at);
  const month = Math.floor(local.getUTCMonth() / size) * size - back * size;
  return instant(zone, local.getUTCFullYear(), month, 1);
}

export const validZone = (zone: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
};

/** An ISO instant, or null. */
export function parseInstant(text: string): Date | null {
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/.test(text)) return null;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? null : date;
}

export const isRangeToken = (text: string): boolean => presets.some((preset) => preset.key === text) || /^-\d{1,5}[mhd]$/.test(text) || parseInstant(text) !== null;

/** What `from` and `to` of the address mean at the instant `now`. */
export function resolve(from: string, to: string, zone: string, now: number): Range {
  const end = parseInstant(to) ?? new Date(now);
  const relative = /^-(\d{1,5})([mhd])$/.exec(from);
  if (relative) return { from: new Date(end.getTime() - Number(relative[1]) * (UNITS[relative[2] ?? 'd'] ?? 0)), to: end };
  if (from === 'mtd') return { from: monthStart(zone, now, 0), to: end };
  if (from === 'lm') return { from: monthStart(zone, now, 1), to: monthStart(zone, now, 0) };
  if (from === 'qtd') return { from: monthStart(zone, now, 0, 3), to: end };
  return { from: parseInstant(from) ?? new Date(end.getTime() - 86_400_000), to: end };
}

/** The range before or after, of the same length. */
export function shift(range: Range, steps: number): Range {
  const length = range.to.getTime() - range.from.getTime();
  return { from: new Date(range.from.getTime() + steps * length), to: new Date(range.to.getTime() + steps * length) };
}

export type Interval = 'minute' | 'hour' | 'day' | 'week' | 'month';
/** The interval that gives a readable number of buckets (24 to 120). */
export function intervalOf(range: Range): Interval {
  const hours = (range.to.getTime() - range.from.getTime()) / 3_600_000;
  if (hours <= 2) return 'minute';
  if (hours <= 24 * 4) return 'hour';
  if (hours <= 24 * 120) return 'day';
  return hours <= 24 * 800 ? 'week' : 'month';
}
