// How the baseline's bill became the actual one: as a bridge whose every step is a set of receipts, or over time.
import { useMemo } from 'preact/hooks';
import type { Reading, Series, TimeChartProps } from '@/charts/model';
import { Bridge, type Step } from '@/charts/small';
import { TimeChart } from '@/charts/timechart';
import { Twin } from '@/charts/twin';
import { type Bucket, bucketsOf } from '@/lib/buckets';
import { drillHref } from '@/lib/drill';
import { receiptsHref, withRange } from '@/lib/filters';
import { count, money, moneyAxis, percent } from '@/lib/format';
import { less, shareOf } from '@/lib/amounts';
import { type Money, toNumber } from '@/lib/money';
import { countOf, moneyOf, reasons } from '@/lib/reasons';
import { Grid, labelOf } from '@/lib/series';
import type { FilterState } from '@/lib/state';
import { rowsOf, totalsOf } from '@/lib/table';
import { Card, EmptyState, Loaded } from '@/ui/card';
import { Segment } from '@/ui/controls';
import { choicesOf, type Savings, savedOf, type Shape, steps as stepKinds } from '@/views/savings/data';

interface Part {
  key: string;
  label: string;
  saved: Money;
  receipts: number;
  href: string;
}

function partsOf(state: FilterState, savings: Savings, by: (typeof stepKinds)[number]): Part[] {
  if (by === 'reason') {
    return savings.reasons.parts.flatMap(({ reason, rows }) => {
      const saved = moneyOf(rows, 'savings');
      return saved === null ? [] : [{ key: reason, label: reasons.find((one) => one.key === reason)?.label ?? reason, saved, receipts: countOf(rows, 'receipts'), href: savings.reasons.href(reason) }];
    });
  }
  const rows = rowsOf(savings.steps.data);
  const keys = rows.map((row) => row.text(by));
  return rows.flatMap((row) => {
    const saved = row.money('savings');
    return saved === null ? [] : [{ key: row.text(by), label: labelOf(by, row.text(by)), saved, receipts: row.number('receipts') ?? 0, href: drillHref(state.filters, { now: state.now }, [[by, row.text(by), keys]]) }];
  });
}

export function stepsOf(baseline: Money, actual: Money, parts: readonly Part[], all: string): Step[] {
  return [
    { key: 'baseline', label: 'Baseline', kind: 'sum', value: toNumber(baseline), text: money(baseline), href: all },
    ...parts.map((part): Step => ({ key: part.key, label: part.label, kind: 'change', value: -toNumber(part.saved), text: money(-part.saved), note: `${count(part.receipts)} receipts`, href: part.href })),
    { key: 'actual', label: 'Actual', kind: 'sum', value: toNumber(actual), text: money(actual), href: all },
  ];
}

function SavingsBridge({ state, savings, by }: { state: FilterState; savings: Savings; by: (typeof stepKinds)[number] }) {
  const { baseline, actual } = savedOf(totalsOf(savings.table.data));
  if (baseline === null || actual === null) return <NoBaseline />;
  const steps = stepsOf(baseline, actual, partsOf(state, savings, by), receiptsHref(state.filters, state.now));
  return (
    <>
      <Bridge label="From the baseline’s bill to the actual one. Each step opens its receipts." steps={steps} axis={moneyAxis} />
      <Twin label="From the baseline’s bill to the actual one" heads={['Step', 'Amount', 'Receipts']} rows={() => steps.map((step) => ({ key: step.key, head: step.label, cells: [{ text: step.text, href: step.href }, { text: step.note ?? 'all', href: step.href }] }))} />
    </>
  );
}

export const NoBaseline = () => (
  <EmptyState title="No baseline to compare with"><p>A tenant’s <span class="mono">baseline_model</span> says what its requests would have been sent to without the router. None of these receipts has one.</p></EmptyState>
);

const number = (amount: Money | null): number | null => (amount === null ? null : toNumber(amount));
const upTo = (buckets: readonly Bucket[], index: number | undefined, cumulative: boolean): readonly Bucket[] =>
  index === undefined ? buckets : cumulative ? buckets.slice(0, index + 1) : buckets.slice(index, index + 1);

export function timeChart(state: FilterState, savings: Savings, cumulative: boolean): TimeChartProps {
  const { filters, range, now } = state;
  const buckets = bucketsOf(range, savings.interval, filters.tz);
  const grid = new Grid(rowsOf(savings.time.data), null, () => 0);
  const at = (index: number | undefined) => {
    const of = upTo(buckets, index, cumulative);
    const [baseline, saved] = [grid.money([''], of, 'baseline'), grid.money([''], of, 'savings')];
    return { baseline, saved, actual: less(baseline, saved), receipts: grid.count([''], of, 'receipts') };
  };
  const places = buckets.map((_, index) => at(index));
  const series = (key: 'baseline' | 'actual' | 'saved', label: string, color: string, dashed = false): Series => ({ key, label, color, dashed, values: places.map((place) => number(place[key])), text: (index) => money(at(index)[key]) });
  const reading = (index: number): Reading => {
    const place = places[index] ?? at(index);
    const share = shareOf(place.saved, place.baseline);
    return { total: `${money(place.saved)} saved`, receipts: `${count(place.receipts)} receipts`, before: `${money(place.baseline)} → ${money(place.actual)}`, change: share === null ? null : { text: percent(share), tone: share > 0 ? 'good' : share < 0 ? 'bad' : 'flat' } };
  };
  const last = (index: number | null) => {
    const of = upTo(buckets, index ?? undefined, cumulative);
    const [first, end] = [of[0], of.at(-1)];
    return first && end ? { range: { from: first.range.from, to: end.range.to } } : {};
  };
  return {
    label: cumulative ? 'Saved so far' : 'Baseline and actual', mode: 'lines', buckets, interval: savings.interval, zone: filters.tz, axis: moneyAxis, reading,
    series: [series('baseline', 'Baseline', 'var(--tx3)', true), series('actual', 'Actual', 'var(--accent)'), series('saved', 'Saved', 'var(--c8)')],
    href: (index) => drillHref(filters, { now, ...last(index) }),
    onBrush: (from, to) => {
      const [first, end] = [buckets[from], buckets[to]];
      if (first && end) state.set(withRange(filters, first.range.from.toISOString(), end.range.to.toISOString()));
    },
  };
}

const shapeNames: Record<Shape, string> = { bridge: 'Bridge', time: 'Over time', cumulative: 'Cumulative' };
export function SavingsChart({ state, savings }: { state: FilterState; savings: Savings }) {
  const { shape: [shape, setShape], by: [by, setBy] } = choicesOf(state);
  const chart = useMemo(() => timeChart(state, savings, shape === 'cumulative'), [state.filters, state.range, savings.time.data, shape]); // eslint-disable-line react-hooks/exhaustive-deps
  const bridged = by === 'reason' ? { data: savings.reasons.loaded ? true : undefined, error: savings.reasons.error, isPending: !savings.reasons.loaded, isFetching: !savings.reasons.answered, refetch: () => undefined } : { ...savings.steps, data: savings.steps.data ? true : undefined };
  return (
    <Card class="c8" title={shape === 'bridge' ? 'From baseline to actual' : chart.label} tools={<>
      {shape === 'bridge' && <Segment label="Steps" value={by} options={[{ key: 'reason', label: 'Reason' }, { key: 'category', label: 'Category' }, { key: 'tenant', label: 'Tenant' }]} onChange={setBy} />}
      <Segment label="Shape" value={shape} options={(Object.keys(shapeNames) as Shape[]).map((key) => ({ key, label: shapeNames[key] }))} onChange={setShape} />
    </>} foot={<span>Priced at each receipt’s own tokens and the baseline model’s price of that day. What the baseline model would have written is not known.</span>}>
      {shape === 'bridge' ? <Loaded of={bridged} height={300}>{() => <SavingsBridge state={state} savings={savings} by={by} />}</Loaded> : <Loaded of={savings.time} height={330}>{() => <TimeChart {...chart} />}</Loaded>}
    </Card>
  );
}
