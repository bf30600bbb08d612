import { enough, shareOf } from '@/lib/amounts';
import { receiptsHref } from '@/lib/filters';
import { count, money, percent } from '@/lib/format';
import { chargedOnly } from '@/lib/session';
import type { FilterState } from '@/lib/state';
import { previous, type Row } from '@/lib/table';
import { Kpi, KpiStrip } from '@/ui/card';
import { Count, Delta, Money, Ms, Pct } from '@/ui/figures';
import { rateHref } from '@/views/tenants/rates';

/** The same five of all tenants and of one; `first` takes the place of latency where tenants are counted. */
export function TenantKpis({ state, total, tenants }: { state: FilterState; total: Row | null; tenants?: number | null }) {
  const { filters, now } = state;
  const all = receiptsHref(filters, now);
  const compare = filters.compare && total?.number(previous('receipts')) !== null;
  const rated = compare && enough(total?.number('requests') ?? null, total?.number(previous('requests')) ?? null);
  const unknown = total?.number('unknown_cost') ?? 0;
  const saved = total?.money('savings') ?? null;
  const share = shareOf(saved, total?.money('baseline') ?? null);
  return (
    <KpiStrip>
      <Kpi label={chargedOnly() ? 'Charged' : 'Spend'} value={<Money value={total?.money('cost')} />} href={all} note={<>{compare && <><Delta now={total?.money('cost')} before={total?.money(previous('cost'))} good="down" /><span>vs {money(total?.money(previous('cost')))} before</span></>}{unknown > 0 && <span>and {count(unknown)} of unknown cost</span>}</>} />
      <Kpi label="Requests" value={<Count value={total?.number('requests')} />} href={all} note={<>{compare && <Delta now={total?.number('requests')} before={total?.number(previous('requests'))} />}{total?.number('receipts') !== total?.number('requests') && <span>in {count(total?.number('receipts'))} receipts</span>}</>} />
      {!chargedOnly() && <Kpi label="Saved" value={<Money value={saved} />} href={all} note={share === null ? 'no baseline to compare with' : `${percent(Math.abs(share))} ${share < 0 ? 'above' : 'below'} the baseline`} />}
      <Kpi label="Errors" value={<Pct value={total?.number('error_rate')} />} href={rateHref(state, 'error_rate')} note={rated ? <Delta rate now={total?.number('error_rate')} before={total?.number(previous('error_rate'))} good="down" /> : 'and interruptions, of all requests'} />
      {tenants !== undefined ? <Kpi label="Tenants" value={<Count value={tenants} />} href={all} note="with receipts in this range" /> : <Kpi label="p95 latency" value={<Ms value={total?.number('latency_p95')} />} href={all} note={rated ? <Delta now={total?.number('latency_p95')} before={total?.number(previous('latency_p95'))} good="down" /> : ''} />}
    </KpiStrip>
  );
}
