import { enough } from '@/lib/amounts';
import { drillHref } from '@/lib/drill';
import { receiptsHref, withFlag } from '@/lib/filters';
import { count, percent } from '@/lib/format';
import { OTHER } from '@/lib/series';
import type { FilterState } from '@/lib/state';
import { previous, rowsOf, totalsOf } from '@/lib/table';
import { Kpi, KpiStrip } from '@/ui/card';
import { Count, Delta, Money, Name, Pct } from '@/ui/figures';
import { costShare, type Mix, requestShare, unitCost } from '@/views/mix/data';

export function MixKpis({ state, mix }: { state: FilterState; mix: Mix }) {
  const { filters, now } = state;
  const total = totalsOf(mix.table.data);
  const rows = rowsOf(mix.table.data).filter((row) => row.text('model') !== '');
  const used = rows.filter((row) => (row.number('requests') ?? 0) > 0);
  const top = [...used].sort((a, b) => (b.number('requests') ?? 0) - (a.number('requests') ?? 0))[0];
  const before = used.filter((row) => (row.number(previous('requests')) ?? 0) > 0).length;
  const all = receiptsHref(filters, now);
  const topHref = top ? drillHref(filters, { now }, [['model', top.text('model'), rows.map((row) => row.text('model'))]]) : all;
  const compare = filters.compare && enough(total?.number('requests') ?? null, total?.number(previous('requests')) ?? null);
  const fallback = total?.number('fallback_rate') ?? null;
  return (
    <KpiStrip>
      <Kpi label="Models in use" value={<Count value={mix.table.data ? used.length : null} />} href={drillHref(filters, { now }, [['model', OTHER, ['']]])} note={filters.compare && mix.table.data ? `${count(used.length - before)} of them new` : rows.some((row) => row.text('model') === OTHER) ? 'the rest as one' : ''} />
      <Kpi label="Most used" value={top ? <span class="kpi-name"><Name text={top.text('model')} /></span> : '—'} href={topHref} note={top ? `${percent(requestShare(top, total))} of requests, ${percent(costShare(top, total))} of cost` : ''} />
      <Kpi label="Cost per 1k requests" value={<Money value={unitCost(total)} />} href={all} note={<>{compare && <Delta now={unitCost(total)} before={unitCost(total, true)} good="down" />}<span>{count(total?.number('requests'))} requests</span></>} />
      <Kpi label="Output tokens" value={<Count value={total?.number('tokens_output')} />} href={all} note={filters.compare ? <Delta now={total?.number('tokens_output')} before={total?.number(previous('tokens_output'))} /> : ''} />
      <Kpi label="Fell back" value={<Pct value={fallback} />} href={receiptsHref(withFlag(filters, 'fallback', true), now)} note={<>{compare && <Delta rate now={fallback} before={total?.number(previous('fallback_rate'))} good="down" />}<span>of attempted requests</span></>} />
    </KpiStrip>
  );
}
