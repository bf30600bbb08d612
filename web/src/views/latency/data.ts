// What Latency asks. Requests that were refused have no latency worth the name: neither figures nor drill-downs count them.
import { choice } from '@/lib/choice';
import { withValues } from '@/lib/filters';
import { attemptsByReason, type Duration, type Group, latencyBy, latencyByFallback, latencyMap, latencyTotals, percentilesOverTime, receiptsWithAttempt } from '@/lib/queries';
import { answered, usePanelOf } from '@/lib/query';
import { intervalOf } from '@/lib/range';
import type { FilterState } from '@/lib/state';
import { totalsOf } from '@/lib/table';

export const groups = ['model', 'category', 'region', 'provider', 'tenant', 'workflow'] as const satisfies readonly Group[];
export type LatencyGroup = (typeof groups)[number];
export const percentiles = ['p50', 'p95', 'p99'] as const;
export const durations = ['latency', 'ttft', 'overhead'] as const satisfies readonly Duration[];
export const choicesOf = (state: FilterState) => ({ group: choice(state, 'by', groups, 'model'), percentile: choice(state, 'p', percentiles, 'p95'), duration: choice(state, 'of', durations, 'latency') });

/** The state under which this view counts: without refused requests, unless a status was asked for. The address stays as it is. */
export function measured(state: FilterState): FilterState {
  if (state.filters.by.status) return state;
  const own = (values: readonly string[] | undefined, exclude: boolean | undefined) => exclude === true && values?.length === 1 && values[0] === 'refused';
  return {
    ...state, filters: withValues(state.filters, 'status', ['refused'], true),
    set: (next, options) => state.set(own(next.by.status?.values, next.by.status?.exclude) ? withValues(next, 'status', []) : next, options),
  };
}

export const attemptReasons = ['first', 'retry', 'fallback', 'hedge'] as const;
const narrows = (state: FilterState) => state.filters.by.attempt_reason !== undefined;

export function useLatency(state: FilterState) {
  const { group: [group], duration: [duration] } = choicesOf(state);
  const interval = intervalOf(state.range);
  const compare = state.filters.compare;
  const totals = usePanelOf(state, latencyTotals(compare));
  const lines = usePanelOf(state, percentilesOverTime(duration, interval, compare));
  const first = answered(totals, lines);
  const map = usePanelOf(state, latencyMap(group, interval), first);
  const table = usePanelOf(state, latencyBy(group, compare), first);
  const then = first && answered(map, table);
  const receipts = attemptReasons.map((reason) => usePanelOf(state, receiptsWithAttempt(reason), then && !narrows(state))); // eslint-disable-line react-hooks/rules-of-hooks
  return {
    interval, totals, lines, map, table,
    split: usePanelOf(state, latencyByFallback(group), first),
    attempts: usePanelOf(state, attemptsByReason(), then),
    attemptReceipts: new Map(attemptReasons.map((reason, index) => [reason as string, totalsOf(receipts[index]?.data)?.number('receipts') ?? null])),
  };
}
export type Latency = ReturnType<typeof useLatency>;
