// What the views ask, as panels of POST /api/v1/query (docs/analytics.md). One builder for each question; the view's filters,
// range and zone are added by usePanel. Measures and dimensions are the server's names, checked by queries.test.ts.
import type { Panel } from '@/lib/query';
import type { Interval } from '@/lib/range';

export type Measure =
  | 'requests' | 'receipts' | 'attempts' | 'cost' | 'cost_interrupted' | 'unknown_cost' | 'charged' | 'baseline' | 'savings' | 'avoided'
  | 'tokens_input' | 'tokens_output' | 'latency_p50' | 'latency_p95' | 'latency_p99' | 'ttft_p50' | 'ttft_p95' | 'ttft_p99' | 'overhead_p50' | 'overhead_p95' | 'overhead_p99'
  | 'error_rate' | 'fallback_rate' | 'cache_hit_rate' | 'refusal_rate' | 'throughput';
export type Group = 'model' | 'tenant' | 'workflow' | 'category' | 'provider' | 'region' | 'key' | 'status';
export type By = Group | 'time' | 'attempt_reason' | 'requested_model' | 'cache_hit' | 'fallback';
/** What can be a number of the previous period too. */
export interface Asked extends Panel {
  measures: Measure[];
  dimensions?: By[];
}

const descending = (by: Measure): { by: string; desc: boolean }[] => [{ by, desc: true }];

/** The greatest values of a dimension by a measure, the rest as one. */
const top = (dimension: Group, by: Measure, n: number) => ({ dimension, by, n });

// --- over time -------------------------------------------------------------------------------------------------------

/** What a stacked chart shows: a measure over time by the greatest of a dimension. */
export const overTime = (group: Group, measure: 'cost' | 'requests' | 'tokens_output', interval: Interval, n = 5): Asked => ({
  measures: [...new Set<Measure>([measure, 'receipts'])], dimensions: ['time', group], interval, top: top(group, measure, n), limit: 20_000,
});
/** Its sum, with the period before. */
export const sumOverTime = (measures: Measure[], interval: Interval, compare: boolean): Asked => ({
  measures: [...new Set<Measure>([...measures, 'receipts'])], dimensions: ['time'], interval, compare, limit: 5000,
});
export type Duration = 'latency' | 'ttft' | 'overhead';
export const percentilesOverTime = (duration: Duration, interval: Interval, compare: boolean): Asked => ({
  measures: [`${duration}_p50`, `${duration}_p95`, `${duration}_p99`, 'receipts'], dimensions: ['time'], interval, compare, limit: 5000,
});
/** Latency of each bucket and value of a dimension. */
export const latencyMap = (group: Group, interval: Interval): Asked => ({
  measures: ['latency_p50', 'latency_p95', 'latency_p99', 'receipts'], dimensions: ['time', group], interval, top: top(group, 'requests', 12), limit: 20_000,
});
/** Trends beside the rows of a table. */
export const sparks = (group: Group, interval: Interval, n = 50): Asked => ({
  measures: ['cost'], dimensions: ['time', group], interval, top: top(group, 'cost', n), limit: 20_000,
});

// --- by one dimension ------------------------------------------------------------------------------------------------

/** The view's figures, and how many there are of each status. */
export const spendByStatus = (compare: boolean): Asked => ({
  measures: ['cost', 'requests', 'receipts', 'savings', 'baseline', 'unknown_cost', 'cost_interrupted'], dimensions: ['status'], totals: true, compare,
});
export const spendBy = (group: Group, compare: boolean, n = 50): Asked => ({
  measures: ['cost', 'requests', 'receipts', 'unknown_cost', 'cost_interrupted', 'tokens_input', 'tokens_output'], dimensions: [group], top: top(group, 'cost', n), order: descending('cost'), totals: true, compare,
});
export const savingsBy = (group: Group, compare: boolean, n = 50): Asked => ({
  measures: ['savings', 'baseline', 'cost', 'avoided', 'requests', 'receipts', 'unknown_cost'], dimensions: [group], top: top(group, 'requests', n), order: descending('savings'), totals: true, compare,
});
/** What the chart of Savings shows, with the period before. */
export const savingsOverTime = (interval: Interval): Asked => ({ measures: ['savings', 'baseline', 'cost', 'requests', 'receipts'], dimensions: ['time'], interval, limit: 5000 });
/** The steps of a bridge. */
export const savingsSteps = (group: Group, n = 6): Asked => ({ measures: ['savings', 'baseline', 'receipts'], dimensions: [group], top: top(group, 'savings', n), order: descending('savings') });
/** Where the router cost more than the baseline would have; the worst first. */
export const costlier = (): Asked => ({ measures: ['savings', 'baseline', 'cost', 'receipts'], dimensions: ['tenant', 'workflow', 'category', 'model'], order: [{ by: 'savings', desc: false }], limit: 8 });
export const mixBy = (compare: boolean): Asked => ({
  measures: ['cost', 'requests', 'receipts', 'tokens_input', 'tokens_output', 'fallback_rate'], dimensions: ['model'], top: top('model', 'requests', 50), order: descending('cost'), totals: true, compare,
});
/** Apart from the rest of its rows, which no percentile should hold up. */
export const mixLatency = (): Asked => ({ measures: ['latency_p95'], dimensions: ['model'], top: top('model', 'requests', 50) });
export const matrix = (columns: number): Asked => ({
  measures: ['requests', 'receipts', 'cost', 'latency_p95'], dimensions: ['category', 'model'], top: top('model', 'requests', columns), limit: 5000,
});
export const latencyTotals = (compare: boolean): Asked => ({
  measures: ['latency_p50', 'latency_p95', 'latency_p99', 'ttft_p50', 'ttft_p95', 'overhead_p50', 'overhead_p99', 'requests', 'receipts', 'fallback_rate'], totals: true, compare,
});
export const latencyBy = (group: Group, compare: boolean): Asked => ({
  measures: ['requests', 'receipts', 'latency_p50', 'latency_p95', 'latency_p99', 'ttft_p95', 'overhead_p95', 'throughput', 'fallback_rate', 'error_rate'], dimensions: [group], top: top(group, 'requests', 50), order: descending('latency_p95'), compare,
});
/** Receipts that did, and did not, fall back apart: a slow first choice cannot hide behind a fast second one. */
export const latencyByFallback = (group: Group): Asked => ({
  measures: ['latency_p50', 'latency_p95', 'receipts'], dimensions: [group, 'fallback'], top: top(group, 'requests', 50),
});
/** Attempts, not receipts: what the first and what later ones took. */
export const attemptsByReason = (): Asked => ({
  measures: ['attempts', 'latency_p50', 'latency_p95', 'latency_p99', 'error_rate', 'cost'], dimensions: ['attempt_reason'], order: descending('attempts'),
});
const ofTenants: Measure[] = ['cost', 'requests', 'receipts', 'savings', 'baseline', 'charged', 'error_rate', 'refusal_rate', 'cache_hit_rate', 'fallback_rate', 'latency_p95', 'unknown_cost', 'cost_interrupted'];
export const tenants = (compare: boolean): Asked => ({ measures: ofTenants, dimensions: ['tenant'], order: descending('cost'), totals: true, compare, limit: 1000 });
export const tenantFigures = (compare: boolean): Asked => ({ measures: ofTenants, totals: true, compare });
/** What one tenant is made of. */
export const tenantParts = (group: Group, compare: boolean): Asked => ({
  measures: ['cost', 'requests', 'receipts', 'savings', 'error_rate', 'latency_p95', 'unknown_cost'], dimensions: [group], top: top(group, 'requests', 50), order: descending('cost'), compare,
});
/** Receipts that had at least one attempt for this reason: what an attempt's row leads to. */
export const receiptsWithAttempt = (reason: string): Asked => ({ measures: ['receipts'], totals: true, filters: { attempt_reason: [reason] } });

// --- the ledger's evidence -------------------------------------------------------------------------------------------

/** The receipts of each hour that postings stand for. */
export const evidence = (): Asked => ({
  measures: ['receipts', 'cost', 'tokens_input', 'tokens_output'], dimensions: ['time', 'tenant', 'workflow', 'model'], interval: 'hour', limit: 20_000,
});
