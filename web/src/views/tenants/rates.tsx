// Rates that lead to the receipts they are made of.
import { Link } from 'wouter-preact';
import { type Dimension, type Filters, receiptsHref, withFlag, withValues } from '@/lib/filters';
import type { FilterState } from '@/lib/state';
import type { Row } from '@/lib/table';
import { Pct } from '@/ui/figures';

export type Rate = 'error_rate' | 'refusal_rate' | 'fallback_rate' | 'cache_hit_rate';
export const rates: readonly { key: Rate; label: string; head: string; good: 'up' | 'down' }[] = [
  { key: 'error_rate', label: 'Errors and interruptions', head: 'Errors', good: 'down' },
  { key: 'refusal_rate', label: 'Refused', head: 'Refused', good: 'down' },
  { key: 'fallback_rate', label: 'Fell back', head: 'Fell back', good: 'down' },
  { key: 'cache_hit_rate', label: 'From the cache', head: 'Cache', good: 'up' },
];
/** Narrows to what a rate counts. */
function counted(filters: Filters, rate: Rate): Filters {
  if (rate === 'error_rate') return withValues(filters, 'status', ['error', 'interrupted']);
  if (rate === 'refusal_rate') return withValues(filters, 'status', ['refused']);
  return withFlag(filters, rate === 'fallback_rate' ? 'fallback' : 'cache_hit', true);
}
export const rateHref = (state: FilterState, rate: Rate, narrow: Partial<Record<Dimension, string>> = {}): string => receiptsHref(counted(state.filters, rate), state.now, narrow);

export const RateCell = ({ state, row, rate }: { state: FilterState; row: Row; rate: Rate }) => (
  <Link class="cell-link" href={rateHref(state, rate, { tenant: row.text('tenant') })} tabIndex={-1}><Pct value={row.number(rate)} /></Link>
);
