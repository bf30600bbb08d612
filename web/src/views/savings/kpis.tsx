import { less } from '@/lib/amounts';
import { receiptsHref, withFlag } from '@/lib/filters';
import { count, money, percent, points } from '@/lib/format';
import type { FilterState } from '@/lib/state';
import { previous, totalsOf } from '@/lib/table';
import { Kpi, KpiStrip } from '@/ui/card';
import { Delta, Money, Pct } from '@/ui/figures';
import { type Savings, savedOf } from '@/views/savings/data';

/** `state` is compared(): each figure opens the receipts that were compared. */
export function SavingsKpis({ state, savings }: { state: FilterState; savings: Savings }) {
  const totals = totalsOf(savings.table.data);
  const now = savedOf(totals);
  const before = savedOf(totals, true);
  const compare = state.filters.compare && before.saved !== null;
  const outside = less(totals?.money('cost') ?? null, now.actual);
  const all = receiptsHref(state.filters, state.now);
  const cached = receiptsHref(withFlag(state.filters, 'cache_hit', true), state.now);
  return (
    <KpiStrip>
      <Kpi label={(now.saved ?? 0n) < 0n ? 'Cost more than the baseline' : 'Saved'} value={<Money value={now.saved} />} href={all} note={compare ? <><Delta now={now.saved} before={before.saved} good="up" /><span>vs {money(before.saved)} before</span></> : 'baseline less actual'} />
      <Kpi label="Saved share" value={<Pct value={now.share} />} href={all} note={compare && now.share !== null && before.share !== null ? <><Delta rate now={now.share} before={before.share} good="up" /><span>{percent(before.share)} before</span></> : points(now.share, before.share) === null ? 'of the baseline' : ''} />
      <Kpi label="Baseline bill" value={<Money value={now.baseline} />} href={all} note="same tokens at the baseline model’s price" />
      <Kpi label="Actual bill" value={<Money value={now.actual} />} href={all} note={outside !== null && outside > 0n ? `and ${money(outside)} without a baseline` : `${count(totals?.number('requests'))} requests`} />
      <Kpi label="Avoided by the cache" value={<Money value={totals?.money('avoided')} />} href={cached} note={compare && totals?.money(previous('avoided')) != null ? <span>{money(totals.money(previous('avoided')))} before</span> : 'answers that no provider was asked for'} />
    </KpiStrip>
  );
}
