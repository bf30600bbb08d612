// Model mix: which models did the work, at what price, how well, and why they were chosen.
import { useFilters } from '@/lib/state';
import { totalsOf } from '@/lib/table';
import { PanelExports } from '@/ui/exports';
import { NoReceipts } from '@/ui/none';
import { DataNotices } from '@/ui/notices';
import { Page } from '@/ui/page';
import { MixChart } from '@/views/mix/chart';
import { useMix } from '@/views/mix/data';
import { MixKpis } from '@/views/mix/kpis';
import { MixMatrix } from '@/views/mix/matrix';
import { Moved } from '@/views/mix/moved';
import { MixReasons, MixRows } from '@/views/mix/table';

const panels = [['by_model', 'By model and provider'], ['over_time', 'Over time'], ['by_category', 'By category and model']] as const;

export default function ModelMix() {
  const state = useFilters();
  const mix = useMix(state);
  const asked = [mix.series, mix.table, mix.matrix, mix.latency];
  const empty = mix.table.data !== undefined && totalsOf(mix.table.data)?.number('receipts') === 0;
  return (
    <Page title="Model mix" busy={asked.some((one) => one.isFetching)} actions={<PanelExports state={state} view="mix" panels={panels} />}>
      <DataNotices tables={asked.map((one) => one.data)} />
      {empty ? <NoReceipts /> : (
        <>
          <MixKpis state={state} mix={mix} />
          <div class="grid">
            <MixChart state={state} mix={mix} />
            <Moved state={state} mix={mix} />
            <MixMatrix state={state} mix={mix} />
            <MixReasons mix={mix} />
            <MixRows state={state} mix={mix} />
          </div>
        </>
      )}
    </Page>
  );
}
