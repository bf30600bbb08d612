// Where things are: pixels of buckets and values.
import type { TimeChartProps } from '@/charts/model';
import { linear, stacked, type Stacked } from '@/charts/scale';
import { niceTicks } from '@/lib/ticks';

export interface Geometry {
  left: number;
  top: number;
  width: number; // of the plot
  height: number;
  band: number;
  /** Middle of a bucket; those after the last one are the forecast's. */
  x: (index: number) => number;
  y: (value: number) => number;
  ticks: number[];
  stack: Stacked[];
  indexAt: (pixel: number) => number;
  count: number;
}

const LEFT = 48;
const RIGHT = 8;
const TOP = 10;
const BOTTOM = 26;

export function geometryOf(props: TimeChartProps, width: number, whole = 268): Geometry {
  const { series, buckets, before, after, level, mode } = props;
  const height = whole - TOP - BOTTOM;
  const stack = mode === 'lines' ? [] : stacked(series, buckets.length);
  const values = [
    ...(mode === 'lines' ? series.flatMap((one) => [...one.values]) : stack.flatMap((one) => one.spans.flat())),
    ...(before?.values ?? []), ...(after?.values ?? []), level?.value ?? null,
  ].filter((value): value is number => value !== null && Number.isFinite(value));
  const low = values.reduce((least, value) => Math.min(least, value), 0);
  const high = values.reduce((most, value) => Math.max(most, value), 0);
  const ticks = niceTicks(low, high);
  const y = linear([ticks[0] ?? 0, ticks.at(-1) ?? 1], [TOP + height, TOP]);
  const count = buckets.length + (after?.buckets.length ?? 0);
  const plot = Math.max(40, width - LEFT - RIGHT);
  const band = plot / Math.max(1, count);
  return {
    left: LEFT, top: TOP, width: plot, height, band, ticks, stack, count, y,
    x: (index) => LEFT + (index + 0.5) * band,
    indexAt: (pixel) => Math.min(buckets.length - 1, Math.max(0, Math.floor((pixel - LEFT) / band))),
  };
}
