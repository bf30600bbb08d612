// The arithmetic of charts: ticks, stacking, colours. No elements.
import { time } from '@/lib/format';
import { weekday, type Bucket } from '@/lib/buckets';
import { offset, type Interval } from '@/lib/range';

/** From values to pixels, straight. */
export const linear = ([low, high]: readonly [number, number], [from, to]: readonly [number, number]) => (value: number): number => from + ((value - low) / (high - low || 1)) * (to - from);

export interface Tick {
  index: number;
  label: string;
}
const monthly = (bucket: Bucket, zone: string) => new Date(bucket.start.getTime() + offset(zone, bucket.start.getTime())).getUTCDate() === 1;
const hourOf = (bucket: Bucket, zone: string) => new Date(bucket.start.getTime() + offset(zone, bucket.start.getTime())).getUTCHours();

/** Labels that fit: buckets at fixed steps of a unit table, in the zone; a doubled hour is labelled once. */
export function timeTicks(buckets: readonly Bucket[], interval: Interval, zone: string, most: number): Tick[] {
  if (buckets.length === 0) return [];
  const label = (bucket: Bucket): string => {
    if (interval === 'minute') return time(bucket.start, 'clock', zone).slice(0, 5);
    if (interval === 'hour') return hourOf(bucket, zone) === 0 ? time(bucket.start, 'day', zone) : time(bucket.start, 'clock', zone).slice(0, 5);
    return interval === 'month' ? time(bucket.start, 'month', zone).replace(/^(\w{3})\w*/, '$1') : time(bucket.start, 'day', zone);
  };
  const steps = { minute: [1, 5, 10, 15, 30, 60], hour: [1, 2, 3, 6, 12, 24, 48], day: [1, 2, 5, 7, 14, 28], week: [1, 2, 4, 8, 13, 26], month: [1, 2, 3, 6, 12] }[interval];
  const step = steps.find((size) => buckets.length / size <= most) ?? Math.ceil(buckets.length / Math.max(1, most));
  const aligned = (bucket: Bucket, index: number): boolean => {
    if (interval === 'hour') return step >= 24 ? hourOf(bucket, zone) === 0 && index % step < 24 : hourOf(bucket, zone) % step === 0;
    if (interval === 'minute') return (bucket.start.getTime() / 60_000) % step === 0;
    if (interval === 'day' && step % 7 === 0) return weekday(bucket.start, zone) === 0 && Math.floor(index / 7) % (step / 7) === 0;
    return index % step === 0 || (interval === 'day' && step === 28 && monthly(bucket, zone));
  };
  const out: Tick[] = [];
  buckets.forEach((bucket, index) => {
    if (!aligned(bucket, index)) return;
    const text = label(bucket);
    if (out.at(-1)?.label !== text) out.push({ index, label: text });
  });
  return out;
}

export interface Stacked {
  key: string;
  /** Lower and upper edge of each bucket; both the same where there is nothing. */
  spans: (readonly [number, number])[];
}
/** Upwards from zero; what is negative downwards from zero. Unknown is nothing. */
export function stacked(series: readonly { key: string; values: readonly (number | null)[] }[], length: number): Stacked[] {
  const up = new Array<number>(length).fill(0);
  const down = new Array<number>(length).fill(0);
  return series.map(({ key, values }) => ({
    key,
    spans: Array.from({ length }, (_, i) => {
      const value = values[i];
      if (value === null || value === undefined || Number.isNaN(value) || value === 0) return [up[i] ?? 0, up[i] ?? 0] as const;
      const side = value > 0 ? up : down;
      const base = side[i] ?? 0;
      side[i] = base + value;
      return [base, base + value] as const;
    }),
  }));
}

export const OTHER = '(other)';
const SLOTS = 8;
function hash(text: string): number {
  let value = 2_166_136_261;
  for (let i = 0; i < text.length; ++i) value = Math.imul(value ^ text.charCodeAt(i), 16_777_619);
  return (value ^ (value >>> 15)) >>> 0;
}
/** A colour slot for each name: its own wherever it is shown, moved on only where an earlier name of the list has it. 0: the rest. */
export function slots(keys: readonly string[]): Map<string, number> {
  const out = new Map<string, number>();
  const taken = new Set<number>();
  for (const key of keys) {
    if (key === OTHER || taken.size === SLOTS) {
      out.set(key, 0);
      continue;
    }
    let slot = hash(key) % SLOTS;
    while (taken.has(slot)) slot = (slot + 1) % SLOTS;
    taken.add(slot);
    out.set(key, slot + 1);
  }
  return out;
}
export const slotColor = (slot: number): string => `var(--c${slot})`;

/** Adds `low` to `high`, whatever way they were dragged. */
export const ordered = (a: number, b: number): readonly [number, number] => (a <= b ? [a, b] : [b, a]);
