// Cost over time by what one chooses, with the period before, the rest of the month and the cap.
import { useMemo } from 'preact/hooks';
import { slotColor, slots } from '@/charts/scale';
import type { Reading, Series, TimeChartProps } from '@/charts/model';
import { TimeChart } from '@/charts/timechart';
import { type Bucket } from '@/lib/buckets';
import { type Budget, budgetsOf } from '@/lib/budgets';
import { drillHref } from '@/lib/drill';
import { withExtra, withRange } from '@/lib/filters';
import { change, count, money, moneyAxis } from '@/lib/format';
import type { Forecast } from '@/lib/forecast';
import { parseUsd, toNumber } from '@/lib/money';
import { Grid } from '@/lib/series';
import type { FilterState } from '@/lib/state';
import { previous, rowsOf } from '@/lib/table';
import { Card, Loaded } from '@/ui/card';
import { Segment } from '@/ui/controls';
import { axisOf, costGrid, endsNow, groupOf, isCumulative, labelOf, type Spend, type SpendGroup } from '@/views/spend/data';

const names: Record<SpendGroup, string> = { model: 'Model', tenant: 'Tenant', workflow: 'Workflow', category: 'Category' };
const adjective = { minute: 'Cost a minute', hour: 'Hourly spend', day: 'Daily spend', week: 'Weekly spend', month: 'Monthly spend' } as const;
const number = (amount: bigint | null): number | null => (amount === null ? null : toNumber(amount));

/** The buckets a figure of this place stands for: itself, or itself and all before. */
const upTo = (buckets: readonly Bucket[], index: number | undefined, cumulative: boolean): readonly Bucket[] =>
  index === undefined ? buckets : cumulative ? buckets.slice(0, index + 1) : buckets.slice(index, index + 1);

function seriesOf(grid: Grid, group: string, buckets: readonly Bucket[], cumulative: boolean): Series[] {
  const slot = slots(grid.keys);
  return grid.keys.map((key) => ({
    key, label: labelOf(group, key), color: slotColor(slot.get(key) ?? 0),
    values: buckets.map((_, index) => number(grid.money([key], upTo(buckets, index, cumulative), 'cost')) ?? (cumulative ? 0 : null)),
    text: (index) => money(grid.money([key], upTo(buckets, index, cumulative), 'cost') ?? 0n),
  }));
}

function readingOf(sums: Grid, buckets: readonly Bucket[], compare: boolean, cumulative: boolean) {
  return (index: number): Reading => {
    const of = upTo(buckets, index, cumulative);
    const [now, before] = [sums.money([''], of, 'cost') ?? 0n, compare ? sums.money([''], of, previous('cost')) : null];
    const text = before === null ? null : change(toNumber(now), toNumber(before));
    return {
      total: money(now), receipts: `${count(sums.count([''], of, 'receipts'))} receipts`,
      ...(before === null ? {} : { before: `was ${money(before)}` }),
      change: text === null ? null : { text, tone: before === null || now === before ? 'flat' : now < before ? 'good' : 'bad' },
    };
  };
}

/** The cap of the one tenant that is looked at, for the month that is looked at. */
function levelOf(state: FilterState, budgets: readonly Budget[] | undefined): NonNullable<TimeChartProps['level']> | null {
  const tenant = state.filters.by.tenant;
  if (!isCumulative(state) || state.filters.from !== 'mtd' || tenant?.exclude || tenant?.values.length !== 1) return null;
  const found = budgetsOf(budgets ?? [], 'tenant', tenant.values[0] ?? '').find((budget) => budget.period === 'month' && Object.keys(budget.scope).length === 1);
  return found ? { value: toNumber(parseUsd(found.cap_usd)), label: `Cap ${money(found.cap_usd)}` } : null;
}

function afterOf(state: FilterState, spend: Spend, forecast: Forecast | null, total: bigint): NonNullable<TimeChartProps['after']> | null {
  const long = ['mtd', 'qtd', '-30d', '-90d'].includes(state.filters.from);
  if (!forecast || spend.interval !== 'day' || !long || !endsNow(state) || forecast.days.length === 0) return null;
  let level = total;
  const values = forecast.daily.map((amount) => {
    level += amount;
    return toNumber(isCumulative(state) ? level : amount);
  });
  return { label: 'Forecast', buckets: forecast.days, values };
}

export function chartOf(state: FilterState, spend: Spend, forecast: Forecast | null, budgets: readonly Budget[] | undefined): TimeChartProps {
  const group = groupOf(state);
  const cumulative = isCumulative(state);
  const buckets = axisOf(state);
  const grid = costGrid(spend, group);
  const sums = new Grid(rowsOf(spend.sums.data), null, () => 0);
  const { filters, now } = state;
  const before = filters.compare ? buckets.map((_, index) => number(sums.money([''], upTo(buckets, index, cumulative), previous('cost'))) ?? 0) : null;
  const place = (index: number | null) => {
    const of = upTo(buckets, index ?? undefined, cumulative);
    const [first, last] = [of[0], of.at(-1)];
    return first && last ? { range: { from: first.range.from, to: last.range.to } } : {};
  };
  return {
    label: `${adjective[spend.interval]} by ${names[group].toLowerCase()}`, mode: cumulative ? 'area' : 'bars', interval: spend.interval, zone: filters.tz, buckets,
    series: seriesOf(grid, group, buckets, cumulative), axis: moneyAxis, reading: readingOf(sums, buckets, filters.compare, cumulative),
    href: (index, key) => drillHref(filters, { now, ...place(index) }, key === null ? [] : [[group, key, grid.keys]]),
    before: before ? { label: 'Previous period', values: before } : null,
    after: afterOf(state, spend, forecast, sums.money([''], buckets, 'cost') ?? 0n),
    level: levelOf(state, budgets),
    onBrush: (from, to) => {
      const [first, last] = [buckets[from], buckets[to]];
      if (first && last) state.set(withRange(filters, first.range.from.toISOString(), last.range.to.toISOString()));
    },
  };
}

export function SpendChart({ state, spend, forecast, budgets }: { state: FilterState; spend: Spend; forecast: Forecast | null; budgets: readonly Budget[] | undefined }) {
  const chart = useMemo(() => chartOf(state, spend, forecast, budgets), [state.filters, state.range, spend.series.data, spend.sums.data, forecast?.end, budgets]); // eslint-disable-line react-hooks/exhaustive-deps
  const group = groupOf(state);
  const choose = (name: string, value: string, usual: string) => state.set(withExtra(state.filters, name, value === usual ? '' : value), { replace: true });
  return (
    <Card class="c8" title={chart.label} tools={<>
      <Segment label="Broken down by" value={group} options={(Object.keys(names) as SpendGroup[]).map((key) => ({ key, label: names[key] }))} onChange={(next) => choose('by', next, 'model')} />
      <Segment label="Shape" value={isCumulative(state) ? 'cumulative' : 'each'} options={[{ key: 'each', label: spend.interval === 'day' ? 'Daily' : 'Each' }, { key: 'cumulative', label: 'Cumulative' }]} onChange={(next) => choose('shape', next, 'each')} />
    </>}>
      <Loaded of={spend.series} height={330}>{() => <TimeChart {...chart} />}</Loaded>
    </Card>
  );
}
