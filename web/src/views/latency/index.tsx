// Latency: what is slow, when, where, and whether a fallback hides it.
import { useFilters } from '@/lib/state';
import { totalsOf } from '@/lib/table';
import { PanelExports } from '@/ui/exports';
import { NoReceipts } from '@/ui/none';
import { DataNotices } from '@/ui/notices';
import { Page } from '@/ui/page';
import { Attempts } from '@/views/latency/attempts';
import { measured, useLatency } from '@/views/latency/data';
import { LatencyKpis } from '@/views/latency/kpis';
import { LatencyLines } from '@/views/latency/lines';
import { LatencyMap } from '@/views/latency/map';
import { LatencyRows } from '@/views/latency/table';

const panels = [['total', 'Totals'], ['over_time', 'Percentiles over time'], ['by_model', 'By model'], ['by_category', 'By category'], ['by_region', 'By region'], ['by_attempt', 'Attempts by reason and model']] as const;

export default function LatencyView() {
  const state = measured(useFilters());
  const latency = useLatency(state);
  const asked = [latency.totals, latency.lines, latency.map, latency.table, latency.split, latency.attempts];
  const empty = latency.totals.data !== undefined && totalsOf(latency.totals.data)?.number('receipts') === 0;
  return (
    <Page title="Latency" busy={asked.some((one) => one.isFetching)} actions={<PanelExports state={state} view="latency" panels={panels} />}>
      <DataNotices tables={asked.map((one) => one.data)} />
      {empty ? <NoReceipts what="request with a latency" /> : (
        <>
          <LatencyKpis state={state} latency={latency} />
          <div class="grid">
            <LatencyLines state={state} latency={latency} />
            <Attempts state={state} latency={latency} />
            <LatencyMap state={state} latency={latency} />
            <LatencyRows state={state} latency={latency} />
          </div>
        </>
      )}
    </Page>
  );
}
