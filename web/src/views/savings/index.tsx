// Savings: what the router saved against each tenant's baseline, and where it did not.
import { receiptsHref, withFlag } from '@/lib/filters';
import { count } from '@/lib/format';
import { usePanel } from '@/lib/query';
import { chargedOnly } from '@/lib/session';
import { type FilterState, useFilters } from '@/lib/state';
import { totalsOf } from '@/lib/table';
import { Notice } from '@/ui/card';
import { PanelExports } from '@/ui/exports';
import { ChargedOnly } from '@/ui/forbidden';
import { NoReceipts } from '@/ui/none';
import { DataNotices } from '@/ui/notices';
import { Page } from '@/ui/page';
import { Rolling } from '@/ui/rolling';
import { Link } from 'wouter-preact';
import { SavedByCategory } from '@/views/savings/categories';
import { SavingsChart } from '@/views/savings/chart';
import { compared, useSavings } from '@/views/savings/data';
import { SavingsKpis } from '@/views/savings/kpis';
import { Losses, SavingsRows } from '@/views/savings/table';

const panels = [['total', 'Totals'], ['over_time', 'Over time'], ['by_category', 'By category'], ['by_tenant', 'By tenant']] as const;

/** Receipts of unknown cost are not compared; they are counted here, so that none is hidden. */
function LeftOut({ state }: { state: FilterState }) {
  const unknown = usePanel({ measures: ['receipts'], filters: { unknown_cost: true }, totals: true }, state.filters.flag.unknown_cost === undefined);
  const receipts = state.filters.flag.unknown_cost === undefined ? (totalsOf(unknown.data)?.number('receipts') ?? 0) : 0;
  if (receipts === 0) return null;
  return <div class="notices"><Notice><Link class="link" href={receiptsHref(withFlag(state.filters, 'unknown_cost', true), state.now)}>{count(receipts)} {receipts === 1 ? 'receipt' : 'receipts'} of unknown cost</Link> are left out on both sides: unknown is not zero.</Notice></div>;
}

function Compared({ state }: { state: FilterState }) {
  const own = compared(state);
  const savings = useSavings(own);
  const asked = [savings.table, savings.categories, savings.time, savings.steps, savings.losses];
  const empty = savings.table.data !== undefined && totalsOf(savings.table.data)?.number('receipts') === 0;
  return (
    <Page title="Savings" busy={asked.some((one) => one.isFetching)} actions={<><Rolling state={state} /><PanelExports state={own} view="savings" panels={panels} /></>}>
      <DataNotices tables={asked.map((one) => one.data)} />
      <LeftOut state={state} />
      {empty ? <NoReceipts /> : (
        <>
          <SavingsKpis state={own} savings={savings} />
          <div class="grid">
            <SavingsChart state={own} savings={savings} />
            <SavedByCategory state={own} savings={savings} />
            <SavingsRows state={own} savings={savings} />
            <Losses state={own} savings={savings} />
          </div>
        </>
      )}
    </Page>
  );
}

export default function Savings() {
  const state = useFilters();
  return chargedOnly() ? <Page title="Savings"><ChargedOnly state={state} what="Savings" /></Page> : <Compared state={state} />;
}
