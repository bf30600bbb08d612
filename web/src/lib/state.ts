// What every view shares: the filters (the address is their only home), the instant "now" that ranges are resolved at,
// and who is signed in.
import { computed, signal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { useLocation, useSearch } from 'wouter-preact';
import { type Filters, formatFilters, parseFilters, rangeOf } from '@/lib/filters';
import type { Range } from '@/lib/range';

/** Ranges that end "now" end here, so that one look at a view is one range and its drill-downs count the same receipts. */
export const asOf = signal(Math.floor(Date.now() / 1000) * 1000);
export const refresh = () => {
  asOf.value = Math.floor(Date.now() / 1000) * 1000;
};

/** Ticks once a second for "4 s ago"; nothing else listens to it. */
export const clock = signal(Date.now());
export const age = computed(() => Math.max(0, clock.value - asOf.value));

export interface FilterState {
  filters: Filters;
  range: Range;
  now: number;
  /** Goes to the same view with other filters. `replace` does not add to the history. */
  set: (next: Filters, options?: { replace?: boolean }) => void;
}

export function useFilters(): FilterState {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const filters = useMemo(() => parseFilters(search), [search]);
  const now = asOf.value;
  const range = useMemo(() => rangeOf(filters, now), [filters, now]);
  return { filters, range, now, set: (next, options) => navigate(path + formatFilters(next), { replace: options?.replace ?? false }) };
}

/** The address of another view with the same filters; the view's own keys stay behind. */
export const viewHref = (path: string, filters: Filters): string => path + formatFilters({ ...filters, extra: {} });
