import { describe, expect, it } from 'vitest';
import { alphaOf } from '@/charts/heatmap';
import { tint } from '@/charts/matrix';
import { placed, type Step } from '@/charts/small';
import { geometryOf } from '@/charts/geometry';
import type { TimeChartProps } from '@/charts/model';
import { bucketsOf } from '@/lib/buckets';

const step = (key: string, kind: Step['kind'], value: number): Step => ({ key, kind, value, label: key, text: '', href: '' });

describe('placed', () => {
  it('lets changes begin where the step before ended and sums at zero', () => {
    const bars = placed([step('baseline', 'sum', 100), step('models', 'change', -60), step('retries', 'change', 5), step('bill', 'sum', 45)]);
    expect(bars.map(({ from, to }) => [from, to])).toEqual([[0, 100], [100, 40], [40, 45], [0, 45]]);
  });
});

describe('heat', () => {
  it('is by square root, never invisible, never more than whole', () => {
    expect(alphaOf(0, 0, 100)).toBeCloseTo(0.06);
    expect(alphaOf(25, 0, 100)).toBeCloseTo(0.06 + 0.94 / 2);
    expect(alphaOf(500, 0, 100)).toBe(1);
    expect(alphaOf(3, 3, 3)).toBe(0.5);
    expect([tint(0), tint(0.25), tint(9)]).toEqual(['0%', '23%', '46%']);
  });
});

describe('geometryOf', () => {
  const buckets = bucketsOf({ from: new Date('2026-11-01T00:00:00Z'), to: new Date('2026-11-11T00:00:00Z') }, 'day', 'UTC');
  const chart = (values: (number | null)[], more: Partial<TimeChartProps> = {}): TimeChartProps => ({
    label: '', mode: 'bars', buckets, interval: 'day', zone: 'UTC', axis: String, href: () => '', reading: () => ({ total: '', receipts: '' }),
    series: [{ key: 'a', label: 'a', color: '', values, text: () => '' }], ...more,
  });
  it('has room for what stands before, after and above', () => {
    const ten = Array.from({ length: 10 }, () => 4);
    expect(geometryOf(chart(ten), 600).ticks.at(-1)).toBe(4);
    expect(geometryOf(chart(ten, { before: { label: '', values: [9] } }), 600).ticks.at(-1)).toBe(10);
    expect(geometryOf(chart(ten, { level: { value: 50, label: '' } }), 600).ticks.at(-1)).toBe(60);
    expect(geometryOf(chart(ten, { after: { label: '', buckets: buckets.slice(0, 5), values: [1] } }), 600).count).toBe(15);
  });
  it('finds the bucket under a pixel, and none outside', () => {
    const g = geometryOf(chart([1]), 600);
    for (let index = 0; index < 10; ++index) expect(g.indexAt(g.x(index))).toBe(index);
    expect([g.indexAt(-50), g.indexAt(9999)]).toEqual([0, 9]);
  });
  it('stands without any value', () => {
    expect(geometryOf(chart([null, Number.NaN]), 600).ticks).toEqual([0, 1]);
    expect(geometryOf(chart([], { buckets: [] }), 600).count).toBe(0);
  });
});
