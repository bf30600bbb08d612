// Spend: what it costs, where it goes, what stops it, and the proof.
import { ShieldPlus } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import { useBudgets } from '@/lib/budgets';
import { useShortcuts } from '@/lib/keys';
import { lazyView } from '@/lib/lazy';
import { answered } from '@/lib/query';
import { may } from '@/lib/session';
import { useFilters } from '@/lib/state';
import { DataNotices } from '@/ui/notices';
import { Page } from '@/ui/page';
import { Categories } from '@/views/spend/categories';
import { SpendChart } from '@/views/spend/chart';
import { useForecast, useSpend } from '@/views/spend/data';
import { Exports } from '@/views/spend/exports';
import { SpendKpis } from '@/views/spend/kpis';
import { LedgerCard } from '@/views/spend/ledger';
import { NewCap } from '@/views/spend/newcap';
import { SpendRows } from '@/views/spend/table';

const FullLedger = lazyView(async () => ({ default: (await import('@/views/spend/full')).FullLedger }));

function Overview() {
  const state = useFilters();
  const spend = useSpend(state);
  const { forecast, asked } = useForecast(state);
  const budgets = useBudgets();
  const [making, setMaking] = useState(false);
  const operator = may('operator');
  useShortcuts(operator ? [{ keys: 'n', label: 'New cap', run: () => setMaking(true) }] : []);
  const busy = [spend.series, spend.sums, spend.status, spend.categories, spend.table].some((one) => one.isFetching);
  return (
    <Page title="Spend" busy={busy} actions={<>
      <Exports state={state} />
      {operator && <button type="button" class="btn pri" onClick={() => setMaking(true)}><ShieldPlus size={15} aria-hidden="true" />New cap<kbd aria-hidden="true">N</kbd></button>}
    </>}>
      <DataNotices tables={[spend.series.data, spend.sums.data, spend.status.data, spend.table.data]} />
      <SpendKpis state={state} spend={spend} forecast={forecast} asked={asked} />
      <div class="grid">
        <SpendChart state={state} spend={spend} forecast={forecast} budgets={budgets.data} />
        <Categories state={state} spend={spend} />
        <SpendRows state={state} spend={spend} budgets={budgets.data} error={budgets.error} />
        <LedgerCard state={state} enabled={spend.first && answered(spend.table)} />
      </div>
      {making && <NewCap state={state} close={() => setMaking(false)} />}
    </Page>
  );
}

export default function Spend() {
  const [path] = useLocation();
  return path === '/spend/ledger' ? <FullLedger /> : <Overview />;
}
