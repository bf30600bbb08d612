// From a number to its receipts, for the values of a breakdown: "(other)" is everything but the values that are shown.
import { type Dimension, type Filters, receiptsHref, withFlag, withValues } from '@/lib/filters';
import { OTHER } from '@/lib/series';
import type { Range } from '@/lib/range';

/** `shown`: the values that have rows of their own. */
export function narrowed(filters: Filters, dimension: Dimension, value: string, shown: readonly string[]): Filters {
  if (value !== OTHER) return withValues(filters, dimension, [value]);
  const own = shown.filter((one) => one !== OTHER);
  const before = filters.by[dimension];
  if (!before || before.values.length === 0) return withValues(filters, dimension, own, true);
  if (before.exclude) return withValues(filters, dimension, [...before.values, ...own], true);
  return withValues(filters, dimension, before.values.filter((one) => !own.includes(one)));
}

export interface Drill {
  now: number;
  range?: Range;
  fallback?: boolean;
}
export function drillHref(filters: Filters, { now, range, fallback }: Drill, parts: readonly (readonly [Dimension, string, readonly string[]])[] = []): string {
  let next = parts.reduce((into, [dimension, value, shown]) => narrowed(into, dimension, value, shown), filters);
  if (fallback !== undefined) next = withFlag(next, 'fallback', fallback);
  return receiptsHref(next, now, {}, range);
}
