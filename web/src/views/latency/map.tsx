// When and where it was slow: one cell for each bucket and value, darker is slower.
import { useMemo } from 'preact/hooks';
import { Heatmap } from '@/charts/heatmap';
import { bucketsOf } from '@/lib/buckets';
import { drillHref } from '@/lib/drill';
import { count, ms, time } from '@/lib/format';
import { Grid, labelOf } from '@/lib/series';
import type { FilterState } from '@/lib/state';
import { rowsOf } from '@/lib/table';
import { Card, Loaded } from '@/ui/card';
import { Segment } from '@/ui/controls';
import { choicesOf, groups, type Latency, type LatencyGroup, percentiles } from '@/views/latency/data';

export const groupNames: Record<LatencyGroup, string> = { model: 'Model', category: 'Category', region: 'Region', provider: 'Provider', tenant: 'Tenant', workflow: 'Workflow' };

export function LatencyMap({ state, latency }: { state: FilterState; latency: Latency }) {
  const { group: [group, setGroup], percentile: [percentile, setPercentile] } = choicesOf(state);
  const { filters, range, now } = state;
  const data = latency.map.data;
  const map = useMemo(() => {
    const buckets = bucketsOf(range, latency.interval, filters.tz);
    const grid = new Grid(rowsOf(data), group, (row) => row.number('receipts') ?? 0);
    const measure = `latency_${percentile}`;
    const at = (key: string, index: number) => grid.row(key, buckets[index]);
    const name = (index: number) => time(buckets[index]?.range.from, latency.interval === 'day' || latency.interval === 'week' ? 'date' : latency.interval === 'month' ? 'month' : 'minute', filters.tz);
    return {
      buckets, rows: grid.keys.map((key) => ({ key, label: labelOf(group, key) })),
      value: (key: string, bucket: string) => grid.row(key, buckets.find((one) => one.name === bucket))?.number(measure) ?? null,
      figure: (key: string, index: number) => ms(at(key, index)?.number(measure) ?? null),
      text: (key: string, index: number) => `${labelOf(group, key)}, ${name(index)}: ${percentile} ${ms(at(key, index)?.number(measure) ?? null)}, ${count(at(key, index)?.number('receipts') ?? 0)} receipts`,
      href: (key: string, index: number) => {
        const bucket = buckets[index];
        return drillHref(filters, { now, ...(bucket ? { range: bucket.range } : {}) }, [[group, key, grid.keys]]);
      },
    };
  }, [data, group, percentile, filters, range, now, latency.interval]);
  return (
    <Card class="c12" title={`${percentile} by ${groupNames[group].toLowerCase()} over time`} tools={<>
      <Segment label="Percentile" value={percentile} options={percentiles.map((key) => ({ key, label: key }))} onChange={setPercentile} />
      <Segment label="By" value={group} options={groups.map((key) => ({ key, label: groupNames[key] }))} onChange={setGroup} />
    </>}>
      <Loaded of={latency.map} height={300}>{(table) => (table.columns.some((column) => column.name === group) ? <Heatmap label={`${percentile} by ${groupNames[group].toLowerCase()}`} interval={latency.interval} zone={filters.tz} {...map} /> : null)}</Loaded>
    </Card>
  );
}
