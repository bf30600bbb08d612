import { money, time } from '@/lib/format';
import { enough, perThousand, shareOf } from '@/lib/amounts';
import type { Forecast } from '@/lib/forecast';
import { receiptsHref } from '@/lib/filters';
import { percent, count } from '@/lib/format';
import { chargedOnly } from '@/lib/session';
import type { FilterState } from '@/lib/state';
import { previous, type Row, rowsOf, totalsOf } from '@/lib/table';
import { Kpi, KpiStrip } from '@/ui/card';
import { Count, Delta, Money } from '@/ui/figures';
import { presets } from '@/lib/range';
import { endsNow, type Spend } from '@/views/spend/data';

const rangeName = (state: FilterState) => presets.find((preset) => preset.key === state.filters.from && !state.filters.to)?.label ?? 'Cost';

function SavedNote({ totals }: { totals: Row | null }) {
  const share = shareOf(totals?.money('savings') ?? null, totals?.money('baseline') ?? null);
  if (share === null) return <>no baseline to compare with</>;
  return <>{percent(Math.abs(share))} {share < 0 ? 'above' : 'below'} the baseline</>;
}

function CostNote({ totals, compare }: { totals: Row | null; compare: boolean }) {
  const unknown = totals?.number('unknown_cost') ?? 0;
  const reserved = totals?.money('cost_interrupted') ?? 0n;
  const before = totals?.money(previous('cost')) ?? null;
  return (
    <>
      {compare && before !== null && <><Delta now={totals?.money('cost')} before={before} good="down" /><span>vs {money(before)} before</span></>}
      {unknown > 0 && <span>and {count(unknown)} of unknown cost</span>}
      {reserved > 0n && <span>{money(reserved)} of it reserved</span>}
    </>
  );
}

/** Spend at a glance; each figure opens its receipts. */
export function SpendKpis({ state, spend, forecast, asked }: { state: FilterState; spend: Spend; forecast: Forecast | null; asked: boolean }) {
  const { filters, now } = state;
  const totals = totalsOf(spend.status.data);
  const refused = rowsOf(spend.status.data).find((row) => row.text('status') === 'refused');
  const requests = totals?.number('requests') ?? null;
  const before = totals?.number(previous('requests')) ?? null;
  const all = receiptsHref(filters, now);
  const unit = perThousand(totals?.money('cost') ?? null, requests);
  const unitBefore = enough(requests, before) ? perThousand(totals?.money(previous('cost')) ?? null, before) : null;
  return (
    <KpiStrip>
      <Kpi label={rangeName(state)} value={<Money value={totals?.money('cost')} />} href={all} note={<CostNote totals={totals} compare={filters.compare} />} />
      <Kpi label={forecast ? `Forecast, ${time(forecast.at.getTime() - 1, 'day', filters.tz)}` : 'Forecast'} value={<Money value={forecast?.end} />}
        note={forecast ? `${money(forecast.low)} – ${money(forecast.high)}, 90% range` : !endsNow(state) ? 'only for ranges that end now' : asked ? 'too few days to say' : ''} />
      {!chargedOnly() && <Kpi label="Saved vs baseline" value={<Money value={totals?.money('savings')} />} href={all} note={<SavedNote totals={totals} />} />}
      <Kpi label="Cost per 1k requests" value={<Money value={unit} />} href={all} note={<>{filters.compare && <Delta now={unit} before={unitBefore} good="down" />}<span>{count(requests)} requests</span></>} />
      <Kpi label="Refused" value={<Count value={spend.status.data ? (refused?.number('requests') ?? 0) : null} />} href={receiptsHref(filters, now, { status: 'refused' })}
        note={refused && refused.number('receipts') !== refused.number('requests') ? `in ${count(refused.number('receipts'))} receipts` : 'by caps and limits'} />
    </KpiStrip>
  );
}
