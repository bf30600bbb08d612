// What a chart over time shows. Values are floats for heights only; every text comes from `text`, made of exact figures.
import type { Bucket } from '@/lib/buckets';
import type { Interval } from '@/lib/range';

export interface Series {
  key: string;
  label: string;
  color: string;
  values: readonly (number | null)[];
  /** The exact figure of a bucket; without an index of the whole range. */
  text: (index?: number) => string;
  dashed?: boolean;
}
export interface Reading {
  total: string;
  /** "−28.5%", with whether that is good. */
  change?: { text: string; tone: 'good' | 'bad' | 'flat' } | null;
  /** "was $497.54". */
  before?: string;
  /** "186,204 receipts". */
  receipts: string;
}
export interface TimeChartProps {
  label: string;
  mode: 'bars' | 'area' | 'lines';
  buckets: readonly Bucket[];
  interval: Interval;
  zone: string;
  series: readonly Series[];
  axis: (value: number) => string;
  /** What is said of a bucket. */
  reading: (index: number) => Reading;
  /** The receipts of a bucket, of a bucket's series, of a series in the whole range. */
  href: (index: number | null, series: string | null) => string;
  before?: { label: string; values: readonly (number | null)[] } | null;
  after?: { label: string; buckets: readonly Bucket[]; values: readonly number[] } | null;
  /** A level, as a cap. */
  level?: { value: number; label: string } | null;
  onBrush?: (from: number, to: number) => void;
}
export const MOST_BARS = 62;
