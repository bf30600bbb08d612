// Nothing to show: why, and the way on.
import { SearchX } from 'lucide-preact';
import { activeDimensions, cleared, hasFilters, withRange } from '@/lib/filters';
import { count } from '@/lib/format';
import { usePanelOf } from '@/lib/query';
import { type FilterState, useFilters } from '@/lib/state';
import { totalsOf } from '@/lib/table';
import { EmptyState } from '@/ui/card';
import { dimensionLabel } from '@/ui/filterpicker';

const WIDE = '-90d';
const DAY = 86_400_000;

/** What filters stand in the way, by name. */
const namesOf = ({ filters }: FilterState): string => {
  const names = activeDimensions(filters).map(dimensionLabel);
  const more = Object.keys(filters.bound).length + Object.keys(filters.flag).length + Number(filters.q !== '') + Number(filters.trace_id !== '');
  return [...names, ...(more > 0 ? [`${more} more`] : [])].join(', ');
};

export function NoReceipts({ what = 'receipt' }: { what?: string }) {
  const state = useFilters();
  const { filters, range, now } = state;
  const short = range.to.getTime() - range.from.getTime() < 89 * DAY;
  const wide = { filters, range: { from: new Date(now - 90 * DAY), to: new Date(now) } };
  const wider = usePanelOf(wide, { measures: ['receipts'], totals: true }, short);
  const found = short && !wider.isPlaceholderData ? (totalsOf(wider.data)?.number('receipts') ?? null) : null;
  const filtered = hasFilters(filters);
  return (
    <section class="card">
      <EmptyState title={filtered ? `No ${what} passes all filters` : `No ${what} in this range`} icon={<SearchX size={24} aria-hidden="true" />} actions={<>
        {found !== null && found > 0 && <button type="button" class="btn sm" onClick={() => state.set(withRange(filters, WIDE))}>Widen to 90 days: {count(found)} {found === 1 ? 'receipt' : 'receipts'}</button>}
        {filtered && <button type="button" class="btn sm" onClick={() => state.set(cleared(filters))}>Clear filters</button>}
      </>}>
        <p>{filtered ? `Filtered by ${namesOf(state)}.` : 'Figures appear with the first request.'}{found === 0 && ' Nor is there one in the last 90 days.'}</p>
      </EmptyState>
    </section>
  );
}
