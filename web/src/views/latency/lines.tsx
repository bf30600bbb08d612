// Percentiles over time. Each comes from the receipts of its own bucket, never from averages of percentiles.
import { useMemo } from 'preact/hooks';
import type { Reading, Series, TimeChartProps } from '@/charts/model';
import { TimeChart } from '@/charts/timechart';
import { bucketsOf } from '@/lib/buckets';
import { drillHref } from '@/lib/drill';
import { withRange } from '@/lib/filters';
import { change, count, micros, ms, msAxis } from '@/lib/format';
import type { Duration } from '@/lib/queries';
import { Grid } from '@/lib/series';
import type { FilterState } from '@/lib/state';
import { previous, rowsOf, totalsOf } from '@/lib/table';
import { Card, Loaded } from '@/ui/card';
import { Segment } from '@/ui/controls';
import { Exactness } from '@/ui/notices';
import { choicesOf, type Latency } from '@/views/latency/data';

const names: Record<Duration, string> = { latency: 'Latency', ttft: 'Time to first token', overhead: 'The router’s own time' };
const short: Record<Duration, string> = { latency: 'Whole', ttft: 'First token', overhead: 'Router' };
const looks = [['p50', 'var(--tx2)', false], ['p95', 'var(--accent)', false], ['p99', 'var(--neg)', true]] as const;

export function lineChart(state: FilterState, latency: Latency, duration: Duration): TimeChartProps {
  const { filters, range, now } = state;
  const format = duration === 'overhead' ? micros : ms;
  const buckets = bucketsOf(range, latency.interval, filters.tz);
  const grid = new Grid(rowsOf(latency.lines.data), null, () => 0);
  const totals = totalsOf(latency.totals.data);
  const at = (index: number, measure: string) => grid.row('', buckets[index])?.number(measure) ?? null;
  const series = looks.map(([name, color, dashed]): Series => {
    const measure = `${duration}_${name}`;
    return { key: name, label: name, color, dashed, values: buckets.map((_, index) => at(index, measure)), text: (index) => (index === undefined ? format(totals?.number(measure) ?? null) : format(at(index, measure))) };
  });
  const reading = (index: number): Reading => {
    const [value, before] = [at(index, `${duration}_p95`), filters.compare ? at(index, previous(`${duration}_p95`)) : null];
    const text = value === null || before === null ? null : change(value, before);
    return { total: `p95 ${format(value)}`, receipts: `${count(at(index, 'receipts') ?? 0)} receipts`, ...(before === null ? {} : { before: `was ${format(before)}` }), change: text === null || value === null || before === null ? null : { text, tone: value === before ? 'flat' : value < before ? 'good' : 'bad' } };
  };
  return {
    label: names[duration], mode: 'lines', buckets, interval: latency.interval, zone: filters.tz, series, reading, axis: duration === 'overhead' ? (value) => msAxis(value / 1000) : msAxis,
    before: filters.compare ? { label: 'p95 before', values: buckets.map((_, index) => at(index, previous(`${duration}_p95`))) } : null,
    href: (index) => {
      const bucket = index === null ? undefined : buckets[index];
      return drillHref(filters, { now, ...(bucket ? { range: bucket.range } : {}) });
    },
    onBrush: (from, to) => {
      const [first, last] = [buckets[from], buckets[to]];
      if (first && last) state.set(withRange(filters, first.range.from.toISOString(), last.range.to.toISOString()));
    },
  };
}

export function LatencyLines({ state, latency }: { state: FilterState; latency: Latency }) {
  const { duration: [duration, setDuration] } = choicesOf(state);
  const chart = useMemo(() => lineChart(state, latency, duration), [state.filters, state.range, latency.lines.data, latency.totals.data, duration]); // eslint-disable-line react-hooks/exhaustive-deps
  return (
    <Card class="c8" title={`${names[duration]} over time`} tools={<Segment label="Duration" value={duration} options={(Object.keys(short) as Duration[]).map((key) => ({ key, label: short[key] }))} onChange={setDuration} />} foot={<Exactness tables={[latency.lines.data, latency.totals.data]} />}>
      <Loaded of={latency.lines} height={330}>{() => <TimeChart {...chart} />}</Loaded>
    </Card>
  );
}
