// A measure over time by the values of a dimension, stacked: amounts, or shares of each bucket. Every mark is a set of receipts.
import type { Reading, Series, TimeChartProps } from '@/charts/model';
import { slotColor, slots } from '@/charts/scale';
import type { Table } from '@/lib/api';
import { type Bucket, bucketsOf } from '@/lib/buckets';
import { drillHref } from '@/lib/drill';
import { withRange } from '@/lib/filters';
import { count, money, moneyAxis, percent, tokens } from '@/lib/format';
import { toNumber } from '@/lib/money';
import type { Group } from '@/lib/queries';
import type { Interval } from '@/lib/range';
import { Grid, labelOf } from '@/lib/series';
import type { FilterState } from '@/lib/state';
import { type Row, rowsOf } from '@/lib/table';

export type StackMeasure = 'cost' | 'requests' | 'tokens_output';
export const measureNames: Record<StackMeasure, string> = { cost: 'Spend', requests: 'Requests', tokens_output: 'Output tokens' };
const axes: Record<StackMeasure, (value: number) => string> = { cost: moneyAxis, requests: (value) => count(value), tokens_output: tokens };
const weightOf = (row: Row, measure: StackMeasure): number => (measure === 'cost' ? toNumber(row.money('cost')) || 0 : (row.number(measure) ?? 0));

interface Stack {
  group: Group;
  measure: StackMeasure;
  shares: boolean;
  interval: Interval;
  /** By time and group. */
  series: Table | undefined;
}
export function stackChart(state: FilterState, { group, measure, shares, interval, series: table }: Stack): TimeChartProps {
  const { filters, range, now } = state;
  const buckets = bucketsOf(range, interval, filters.tz);
  const grid = new Grid(rowsOf(table), group, (row) => weightOf(row, measure));
  const slot = slots(grid.keys);
  // The rest is a row of its own, so that the sum over all keys is the whole.
  const amount = (keys: readonly string[], places: readonly Bucket[]): number | null => {
    if (measure !== 'cost') return grid.count(keys, places, measure);
    const found = grid.money(keys, places, 'cost');
    return found === null ? null : toNumber(found);
  };
  const text = (keys: readonly string[], places: readonly Bucket[]): string => (measure === 'cost' ? money(grid.money(keys, places, 'cost')) : axes[measure](grid.count(keys, places, measure)));
  const shareIn = (key: string, places: readonly Bucket[]): number | null => {
    const [part, all] = [amount([key], places), amount(grid.keys, places)];
    return part === null || !all ? null : part / all;
  };
  const places = (index?: number | null): readonly Bucket[] => (index === undefined || index === null ? buckets : buckets.slice(index, index + 1));
  const series = grid.keys.map((key): Series => ({
    key, label: labelOf(group, key), color: slotColor(slot.get(key) ?? 0),
    values: buckets.map((bucket) => (shares ? shareIn(key, [bucket]) : amount([key], [bucket]))),
    text: (index) => (shares ? percent(shareIn(key, places(index))) : text([key], places(index))),
  }));
  const reading = (index: number): Reading => ({ total: text(grid.keys, places(index)), receipts: `${count(grid.count(grid.keys, places(index), 'receipts'))} receipts` });
  const narrowed = (index: number | null) => {
    const bucket = index === null ? undefined : buckets[index];
    return bucket ? { range: bucket.range } : {};
  };
  return {
    label: `${measureNames[measure]} by ${group}`, mode: 'bars', buckets, interval, zone: filters.tz, series, reading, axis: shares ? (value) => percent(value).replace('.0%', '%') : axes[measure],
    href: (index, key) => drillHref(filters, { now, ...narrowed(index) }, key === null ? [] : [[group, key, grid.keys]]),
    onBrush: (from, to) => {
      const [first, last] = [buckets[from], buckets[to]];
      if (first && last) state.set(withRange(filters, first.range.from.toISOString(), last.range.to.toISOString()));
    },
  };
}
