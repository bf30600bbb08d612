// The only place that turns numbers and times into text. Unknown is "—", never a zero; a non-zero amount never reads as zero.
import { exactUsd, fixed, type Money, parseUsd } from '@/lib/money';

export const UNKNOWN = '—';
const MINUS = '−';
const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

// --- money -----------------------------------------------------------------------------------------------------------

/** `figure`: headline amounts. `unit`: one receipt, 6 decimals. `line`: cost lines, 9 decimals. `cents`: always 2. */
export type MoneyStyle = 'figure' | 'unit' | 'line' | 'cents';
/** `main` is read first; `rest` are the digits to mute. */
export interface MoneyText {
  main: string;
  rest: string;
}

const magnitude = (amount: Money) => (amount < 0n ? -amount : amount);
const CENT = 10n ** 10n;
const DOLLAR = 10n ** 12n;

function decimalsOf(amount: Money, style: MoneyStyle): number {
  const size = magnitude(amount);
  if (style === 'cents') return 2;
  if (style === 'line') return 9;
  if (style === 'unit') return 6;
  if (size >= 10_000n * DOLLAR) return 0;
  if (size >= DOLLAR || size === 0n) return 2;
  return size >= CENT ? 4 : 6;
}

export function moneyParts(amount: Money | null | undefined, style: MoneyStyle = 'figure'): MoneyText {
  if (amount === null || amount === undefined) return { main: UNKNOWN, rest: '' };
  if (amount === 0n) return { main: '$0.00', rest: style === 'line' || style === 'unit' ? '0'.repeat(decimalsOf(amount, style) - 2) : '' };
  const decimals = decimalsOf(amount, style);
  const text = fixed(amount, decimals);
  const sign = amount < 0n ? MINUS : '';
  if (/^0*$/.test(text.whole + text.fraction)) return { main: `${sign}<$${decimals === 0 ? '1' : `0.${'0'.repeat(decimals - 1)}1`}`, rest: '' };
  const strong = style === 'figure' ? 0 : style === 'line' ? 6 : decimals;
  if (decimals === 0) return { main: `${sign}$${text.whole}`, rest: '' };
  if (style === 'figure') return { main: `${sign}$${text.whole}`, rest: `.${text.fraction}` };
  return { main: `${sign}$${text.whole}.${text.fraction.slice(0, strong)}`, rest: text.fraction.slice(strong) };
}

export function money(amount: Money | string | null | undefined, style: MoneyStyle = 'figure'): string {
  const parts = moneyParts(typeof amount === 'string' ? parseUsd(amount) : amount, style);
  return parts.main + parts.rest;
}

/** For axes: "$1.2k". */
export function moneyAxis(value: number): string {
  const size = Math.abs(value);
  const sign = value < 0 ? MINUS : '';
  if (size === 0) return '$0';
  if (size >= 1e6) return `${sign}$${trim(size / 1e6, 1)}M`;
  if (size >= 1e3) return `${sign}$${trim(size / 1e3, 1)}k`;
  if (size >= 1) return `${sign}$${trim(size, 2)}`;
  return `${sign}$${trim(size, Math.min(9, 2 - Math.floor(Math.log10(size))))}`;
}
const trim = (value: number, decimals: number) => value.toFixed(decimals).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');

export const moneyTitle = (amount: Money | null | undefined): string => (amount === null || amount === undefined ? 'unknown' : `$${exactUsd(amount)}`);

/** Dollars per million tokens. */
export const pricePerMillion = (text: string | null | undefined): string => {
  const amount = parseUsd(text);
  if (amount === null) return UNKNOWN;
  const decimals = amount % CENT === 0n ? 2 : 4;
  const parts = fixed(amount, decimals);
  return `${parts.negative ? MINUS : ''}$${parts.whole}.${parts.fraction}`;
};

// --- counts, shares, changes -----------------------------------------------------------------------------------------

type Maybe = number | null | undefined;
const missing = (value: Maybe): value is null | undefined => value === null || value === undefined || Number.isNaN(value);

export function count(value: Maybe): string {
  if (missing(value)) return UNKNOWN;
  return Math.abs(value) <= 9_999_999 ? signed(grouped.format(Math.abs(value)), value) : signed(compact(Math.abs(value)), value);
}
const signed = (text: string, value: number) => (value < 0 ? MINUS + text : text);

function compact(value: number): string {
  for (const [size, unit] of [[1e12, 'T'], [1e9, 'B'], [1e6, 'M'], [1e3, 'K']] as const) {
    if (value >= size) return `${value / size >= 100 ? Math.round(value / size) : (value / size).toPrecision(3)}${unit}`;
  }
  return grouped.format(value);
}

/** Exact below 10,000, then three digits. */
export const tokens = (value: Maybe): string => (missing(value) ? UNKNOWN : value < 10_000 ? grouped.format(value) : compact(value));

/** A share of 1: 0.38 → "38.0%". */
export function percent(share: Maybe): string {
  if (missing(share)) return UNKNOWN;
  if (share !== 0 && Math.abs(share) < 0.001) return share < 0 ? `>${MINUS}0.1%` : '<0.1%';
  return signed(`${(Math.abs(share) * 100).toFixed(1)}%`, Number((share * 100).toFixed(1)));
}

/** Of a number that is shown with one decimal: what reads as zero has no direction. */
const sign = (value: number): string => (Math.abs(value) < 0.05 ? '±' : value > 0 ? '+' : MINUS);
/** The change of a sum: "−38.0%"; null when there is nothing to compare with. */
export function change(now: number, before: number): string | null {
  if (missing(now) || missing(before) || before === 0) return null;
  const share = (now - before) / Math.abs(before);
  if (Math.abs(share) >= 10) return `×${trim(now / before, 1)}`;
  return `${sign(share * 100)}${(Math.abs(share) * 100).toFixed(1)}%`;
}

/** The change of a rate, in percentage points. */
export function points(now: Maybe, before: Maybe): string | null {
  if (missing(now) || missing(before)) return null;
  const difference = (now - before) * 100;
  return `${sign(difference)}${Math.abs(difference).toFixed(1)} pp`;
}

export const decimal = (value: Maybe, digits = 2): string => (missing(value) ? UNKNOWN : signed(Math.abs(value).toFixed(digits), value));
export const perSecond = (value: Maybe): string => (missing(value) ? UNKNOWN : `${value >= 10 ? grouped.format(value) : trim(value, 1)}/s`);

export function bytes(value: Maybe): string {
  if (missing(value)) return UNKNOWN;
  if (value < 1024) return `${value} B`;
  return value < 1024 ** 2 ? `${trim(value / 1024, 1)} KB` : `${trim(value / 1024 ** 2, 1)} MB`;
}

// --- durations -------------------------------------------------------------------------------------------------------

export function ms(value: Maybe): string {
  if (missing(value)) return UNKNOWN;
  if (value < 10) return `${Number.isInteger(value) ? value : value.toFixed(2)} ms`;
  if (value < 10_000) return `${grouped.format(value)} ms`;
  const seconds = value / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${Math.floor(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} m`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}
/** For axes: "8 s", "250 ms". */
export const msAxis = (value: number): string => (Math.abs(value) >= 1000 ? `${trim(value / 1000, 2)} s` : `${trim(value, 2)} ms`);
export const micros = (value: Maybe): string => (missing(value) ? UNKNOWN : value < 10_000 ? `${(value / 1000).toFixed(2)} ms` : ms(value / 1000));

// --- times -----------------------------------------------------------------------------------------------------------

const formats = new Map<string, Intl.DateTimeFormat>();
function formatter(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options);
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', ...options });
    formats.set(key, found);
  }
  return found;
}

/** `full`: with milliseconds and zone. `minute`: "Apr 24, 13:07". `day`: "Apr 24". `clock`: "13:07:42". */
export type TimeStyle = 'full' | 'second' | 'minute' | 'day' | 'date' | 'clock' | 'month';
const styles: Record<TimeStyle, Intl.DateTimeFormatOptions> = {
  full: { year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, timeZoneName: 'short' },
  second: { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' },
  minute: { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' },
  day: { month: 'short', day: 'numeric' },
  date: { year: 'numeric', month: 'short', day: 'numeric' },
  clock: { hour: '2-digit', minute: '2-digit', second: '2-digit' },
  month: { year: 'numeric', month: 'long' },
};

const asDate = (time: string | number | Date) => (time instanceof Date ? time : new Date(time));

export function time(value: string | number | Date | null | undefined, style: TimeStyle = 'second', zone = 'UTC'): string {
  if (value === null || value === undefined || value === '') return UNKNOWN;
  const date = asDate(value);
  return Number.isNaN(date.getTime()) ? UNKNOWN : formatter(zone, styles[style]).format(date);
}

export function ago(value: string | number | Date, now: number = Date.now()): string {
  const seconds = Math.round((now - asDate(value).getTime()) / 1000);
  if (Number.isNaN(seconds)) return UNKNOWN;
  if (seconds < 0) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** "9c1e…04b7" for tables only. */
export const middle = (text: string, head = 4, tail = 4): string => (text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(-tail)}`);
