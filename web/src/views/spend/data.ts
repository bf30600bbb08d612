// What Spend asks, and the parts of its address that are its own.
import { bucketsOf, type Bucket } from '@/lib/buckets';
import { forecast, type Forecast } from '@/lib/forecast';
import { sum } from '@/lib/money';
import { answered, panelQuery, usePanel, useTable } from '@/lib/query';
import { type Group, overTime, spendBy, spendByStatus, sparks, sumOverTime } from '@/lib/queries';
import { instant, intervalOf, offset } from '@/lib/range';
import { oneOf } from '@/lib/choice';
import { Grid, labelOf } from '@/lib/series';
import type { FilterState } from '@/lib/state';
import { rowsOf } from '@/lib/table';
import { toNumber } from '@/lib/money';

export const groups = ['model', 'tenant', 'workflow', 'category'] as const satisfies readonly Group[];
export type SpendGroup = (typeof groups)[number];
export const tables = ['tenant', 'workflow', 'model', 'caps'] as const;
export type SpendTable = (typeof tables)[number];

export const groupOf = (state: FilterState): SpendGroup => oneOf(state.filters.extra.by, groups, 'model');
export const tableOf = (state: FilterState): SpendTable => oneOf(state.filters.extra.rows, tables, 'tenant');
export const isCumulative = (state: FilterState): boolean => state.filters.extra.shape === 'cumulative';
export const endsNow = (state: FilterState): boolean => state.filters.to === '';

export function useSpend(state: FilterState) {
  const interval = intervalOf(state.range);
  const compare = state.filters.compare;
  const rows = tableOf(state);
  const status = usePanel(spendByStatus(compare));
  const series = usePanel(overTime(groupOf(state), 'cost', interval));
  const sums = usePanel(sumOverTime(['cost', 'requests'], interval, compare));
  const first = answered(status, series, sums);
  return {
    interval, status, series, sums, first,
    categories: usePanel(spendBy('category', compare, 8), first),
    table: usePanel(spendBy(rows === 'caps' ? 'tenant' : rows, compare), first),
    trends: usePanel(sparks(rows === 'caps' ? 'tenant' : rows, interval), first && rows !== 'caps'),
  };
}
export type Spend = ReturnType<typeof useSpend>;

const DAY = 86_400_000;
const PAST = 35; // days: four whole weeks and what is cut
const monthStart = (zone: string, at: number): Date => {
  const local = new Date(at + offset(zone, at));
  return instant(zone, local.getUTCFullYear(), local.getUTCMonth(), 1);
};

/** The month's end, from the last weeks; only of a range that ends now. */
export function useForecast(state: FilterState): { forecast: Forecast | null; asked: boolean } {
  const { filters, range, now } = state;
  const zone = filters.tz;
  const month = monthStart(zone, now);
  const from = new Date(Math.min(month.getTime(), now - PAST * DAY));
  const panel = sumOverTime(['cost'], 'day', false);
  const wanted = endsNow(state) && range.to.getTime() === now;
  const table = useTable({ ...panelQuery(state, panel), from: from.toISOString(), to: new Date(now).toISOString() }, wanted);
  if (!wanted || !table.data) return { forecast: null, asked: wanted };
  const grid = new Grid(rowsOf(table.data), null, () => 0);
  const days = bucketsOf({ from, to: new Date(now) }, 'day', zone);
  const costs = days.map((day) => ({ day, cost: grid.money([''], [day], 'cost') ?? 0n }));
  const spent = sum(costs.filter(({ day }) => day.start >= month).map(({ cost }) => cost));
  return { forecast: forecast(costs, spent, new Date(now), zone), asked: true };
}

/** Costs laid on the axis; the greatest first, the rest last. */
export const costGrid = (spend: Spend, group: string) => new Grid(rowsOf(spend.series.data), group, (row) => toNumber(row.money('cost')) || 0);
export const axisOf = (state: FilterState): Bucket[] => bucketsOf(state.range, intervalOf(state.range), state.filters.tz);

export { labelOf };
