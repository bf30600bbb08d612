// Which models did the work, over time: as amounts, or as shares of each bucket.
import { useMemo } from 'preact/hooks';
import { TimeChart } from '@/charts/timechart';
import type { FilterState } from '@/lib/state';
import { Card, Loaded } from '@/ui/card';
import { Segment } from '@/ui/controls';
import { stackChart } from '@/ui/stack';
import { choicesOf, measures, type Mix } from '@/views/mix/data';

const short = { cost: 'Spend', requests: 'Requests', tokens_output: 'Tokens' } as const;

export function MixChart({ state, mix }: { state: FilterState; mix: Mix }) {
  const { measure: [measure, setMeasure], shape: [shape, setShape] } = choicesOf(state);
  const stack = { group: 'model' as const, measure, shares: shape === 'share', interval: mix.interval, series: mix.series.data };
  const chart = useMemo(() => stackChart(state, stack), [state.filters, state.range, mix.series.data, measure, shape]); // eslint-disable-line react-hooks/exhaustive-deps
  const ready = mix.series.data?.columns.some((column) => column.name === measure);
  return (
    <Card class="c8" title={chart.label} tools={<>
      <Segment label="Measure" value={measure} options={measures.map((key) => ({ key, label: short[key] }))} onChange={setMeasure} />
      <Segment label="Shape" value={shape} options={[{ key: 'share', label: 'Share' }, { key: 'amount', label: 'Amount' }]} onChange={setShape} />
    </>}>
      <Loaded of={{ ...mix.series, data: ready ? mix.series.data : undefined }} height={330}>{() => <TimeChart {...chart} />}</Loaded>
    </Card>
  );
}
