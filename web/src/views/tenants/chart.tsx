import { useMemo } from 'preact/hooks';
import { TimeChart } from '@/charts/timechart';
import type { UseQueryResult } from '@tanstack/preact-query';
import type { Table } from '@/lib/api';
import type { Group } from '@/lib/queries';
import type { Interval } from '@/lib/range';
import type { FilterState } from '@/lib/state';
import { Card, Loaded } from '@/ui/card';
import { Segment } from '@/ui/controls';
import { stackChart } from '@/ui/stack';
import { choicesOf, measures } from '@/views/tenants/data';

interface Props {
  state: FilterState;
  group: Group;
  asked: { interval: Interval; series: UseQueryResult<Table> };
}
/** Spend or requests over time, by tenant or by what one tenant used. */
export function TenantChart({ state, group, asked }: Props) {
  const { measure: [measure, setMeasure], shape: [shape, setShape] } = choicesOf(state);
  const series = asked.series.data;
  const chart = useMemo(() => stackChart(state, { group, measure, shares: shape === 'share', interval: asked.interval, series }), [state.filters, state.range, series, measure, shape, group]); // eslint-disable-line react-hooks/exhaustive-deps
  const ready = series?.columns.some((column) => column.name === measure);
  return (
    <Card class="c8" title={chart.label} tools={<>
      <Segment label="Measure" value={measure} options={measures.map((key) => ({ key, label: key === 'cost' ? 'Spend' : 'Requests' }))} onChange={setMeasure} />
      <Segment label="Shape" value={shape} options={[{ key: 'amount', label: 'Amount' }, { key: 'share', label: 'Share' }]} onChange={setShape} />
    </>}>
      <Loaded of={{ ...asked.series, data: ready ? series : undefined }} height={330}>{() => <TimeChart {...chart} />}</Loaded>
    </Card>
  );
}
