import { enough } from '@/lib/amounts';
import { receiptsHref, withBound } from '@/lib/filters';
import { count, micros, ms } from '@/lib/format';
import type { FilterState } from '@/lib/state';
import { previous, totalsOf } from '@/lib/table';
import { Kpi, KpiStrip } from '@/ui/card';
import { Delta, Micros, Ms } from '@/ui/figures';
import type { Latency } from '@/views/latency/data';

/** Each figure opens all receipts that it was taken over; the tail of p95 and p99 is one click further, in the note. */
export function LatencyKpis({ state, latency }: { state: FilterState; latency: Latency }) {
  const { filters, now } = state;
  const total = totalsOf(latency.totals.data);
  const all = receiptsHref(filters, now);
  const compare = filters.compare && enough(total?.number('receipts') ?? null, total?.number(previous('receipts')) ?? null);
  const value = (measure: string) => total?.number(measure) ?? null;
  const before = (measure: string, format: (value: number | null) => string) => (compare ? <><Delta now={value(measure)} before={value(previous(measure))} good="down" /><span>{format(value(previous(measure)))} before</span></> : `over ${count(value('receipts'))} receipts`);
  return (
    <KpiStrip>
      <Kpi label="Median latency" value={<Ms value={value('latency_p50')} />} href={all} note={before('latency_p50', ms)} />
      <Kpi label="p95" value={<Ms value={value('latency_p95')} />} href={all} note={before('latency_p95', ms)} />
      <Kpi label="p99" value={<Ms value={value('latency_p99')} />} href={all} note={before('latency_p99', ms)} />
      <Kpi label="First token, p95" value={<Ms value={value('ttft_p95')} />} href={all} note={before('ttft_p95', ms)} />
      <Kpi label="Router’s own, p99" value={<Micros value={value('overhead_p99')} />} href={all} note={compare ? before('overhead_p99', micros) : `median ${micros(value('overhead_p50'))}`} />
    </KpiStrip>
  );
}

/** The slowest receipts: at least as slow as the percentile. */
export const tailHref = (state: FilterState, atLeast: number | null): string => receiptsHref(atLeast === null ? state.filters : withBound(state.filters, 'min_latency', String(Math.round(atLeast))), state.now);
