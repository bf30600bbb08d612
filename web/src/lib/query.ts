// Server state: one query client; the previous data stays on screen while new data is fetched.
import { hashKey, keepPreviousData, notifyManager, QueryClient, useQuery, type UseQueryResult } from '@tanstack/preact-query';
import { useLayoutEffect } from 'preact/hooks';
import { ApiError, type Query, type Table } from '@/lib/api';
import { allowed } from '@/lib/allowed';
import { runQuery } from '@/lib/batch';
import { type Filters, queryFilters } from '@/lib/filters';
import { chargedOnly } from '@/lib/session';
import { type FilterState, useFilters } from '@/lib/state';

// Answers that come together are shown by one render.
let news: (() => void)[] = [];
const tell = () => {
  const told = news;
  news = [];
  for (const one of told) one();
};
notifyManager.setScheduler((one) => {
  if (news.push(one) === 1) setTimeout(tell);
});

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

/** Asks one analytics query, less what this key may not ask. `enabled: false` waits. */
export function useTable(wanted: Query, enabled = true): UseQueryResult<Table> {
  const query = allowed(wanted, chargedOnly());
  const asked = { queryKey: ['query', query], queryFn: ({ signal }: { signal: AbortSignal }) => runQuery(query, signal) };
  useLayoutEffect(() => {
    if (enabled) void client.prefetchQuery(asked); // a frame earlier than useQuery's own effects
  }, [hashKey(asked.queryKey), enabled]); // eslint-disable-line react-hooks/exhaustive-deps -- the key says all of it
  return useQuery({ ...asked, enabled });
}

export function usePanel(panel: Panel, enabled = true): UseQueryResult<Table> {
  return usePanelOf(useFilters(), panel, enabled);
}
/** For views that narrow the filters by something of their own (and use the same state in their drill-downs). */
export const usePanelOf = (state: Pick<FilterState, 'filters' | 'range'>, panel: Panel, enabled = true): UseQueryResult<Table> => useTable(panelQuery(state, panel), enabled);

/** Whether what is seen first has been answered for the filters of now: what is further down asks after it, since the server
 *  works at two questions at a time. */
export const answered = (...first: readonly { isFetching: boolean; isPlaceholderData: boolean; isError: boolean }[]): boolean => first.every((one) => one.isError || (!one.isFetching && !one.isPlaceholderData));

export type { Filters };
export { useQuery };
