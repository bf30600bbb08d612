// Server state: one query client; the previous data stays on screen while new data is fetched.
import { keepPreviousData, QueryClient, useQuery, type UseQueryResult } from '@tanstack/preact-query';
import { ApiError, type Query, runQuery, type Table } from '@/lib/api';
import { type Filters, queryFilters } from '@/lib/filters';
import { type FilterState, useFilters } from '@/lib/state';

const RETRIES = 2;
export const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false, // "now" moves by refresh(); content never jumps by itself
      retry: (failures, error) => failures < RETRIES && (!(error instanceof ApiError) || error.status === 0 || error.status >= 502),
      placeholderData: keepPreviousData,
    },
  },
});

export type Panel = Omit<Query, 'from' | 'to' | 'filters' | 'time_zone' | 'compare'> & { filters?: Record<string, unknown>; compare?: boolean };

/** A panel's question: the view's filters, range, zone and comparison with the panel's own measures and dimensions. */
export function panelQuery({ filters, range }: Pick<FilterState, 'filters' | 'range'>, panel: Panel): Query {
  return {
    ...panel,
    filters: { ...queryFilters(filters), ...panel.filters },
    from: range.from.toISOString(),
    to: range.to.toISOString(),
    time_zone: filters.tz,
    compare: panel.compare ?? false,
  };
}

/** Asks one analytics query. `enabled: false` waits. */
export function useTable(query: Query, enabled = true): UseQueryResult<Table> {
  return useQuery({ queryKey: ['query', query], queryFn: ({ signal }) => runQuery(query, signal), enabled });
}

export function usePanel(panel: Panel, enabled = true): UseQueryResult<Table> {
  const state = useFilters();
  return useTable(panelQuery(state, panel), enabled);
}

export type { Filters };
export { useQuery };
