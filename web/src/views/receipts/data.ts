// What the search asks: pages of receipts, and one query for the bars and the sums.
import { signal } from '@preact/signals';
import { useInfiniteQuery } from '@tanstack/preact-query';
import { listReceipts } from '@/lib/api';
import { apiParams, defaults, type Filters, formatFilters } from '@/lib/filters';
import { intervalOf } from '@/lib/range';
import { usePanel } from '@/lib/query';
import { chargedOnly } from '@/lib/session';
import type { FilterState } from '@/lib/state';

const PAGE = '100';
export type Order = 'time' | 'cost' | 'latency';

/** An order by cost is refused to a reseller's tenant, whose rows have none. */
export const offered = (order: Order, charged: boolean): boolean => order !== 'cost' || !charged;

export const orderOf = (filters: Filters): { order: Order; desc: boolean } => {
  const { order, dir } = filters.extra;
  const known = (order === 'cost' || order === 'latency') && offered(order, chargedOnly());
  return { order: known ? order : 'time', desc: dir !== 'asc' };
};

export function listParams({ filters, now }: Pick<FilterState, 'filters' | 'now'>): Record<string, string> {
  const { order, desc } = orderOf(filters);
  return { ...apiParams(filters, now), order, direction: desc ? 'desc' : 'asc' };
}

export function useReceiptPages(state: FilterState) {
  const params = listParams(state);
  return useInfiniteQuery({
    queryKey: ['receipts', params],
    queryFn: ({ pageParam, signal: abort }) => listReceipts({ ...params, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) }, abort),
    initialPageParam: '',
    getNextPageParam: (last) => last.next,
  });
}

export const sumMeasures = ['requests', 'receipts', 'cost', 'unknown_cost', 'tokens_input', 'tokens_output', 'latency_p50'];
export const useVolume = (state: FilterState) => usePanel({ measures: sumMeasures, dimensions: ['time', 'status'], interval: intervalOf(state.range), totals: true, limit: 2000 });

/** The list one came from, so that a receipt's neighbours are those of the list. */
export interface ResultSet {
  search: string;
  ids: readonly string[];
  total: number | null;
}
export const results = signal<ResultSet | null>(null);

/** A receipt's address that remembers the search it was found by. */
export function receiptHref(id: string, filters: Filters, search: string): string {
  return `/receipts/${encodeURIComponent(id)}${formatFilters({ ...defaults, tz: filters.tz, extra: search ? { in: search } : {} })}`;
}
