// What the API refuses to a reseller's tenant (a key that sees what it is charged, never costs): such measures are not asked
// for, so that a panel's other figures still come. docs/ledger.md, "What a reseller's tenant sees".
import type { Query } from '@/lib/api';

const hidden = new Set(['cost_interrupted', 'baseline', 'savings', 'avoided', 'cost_input', 'cost_cache_read', 'cost_cache_write', 'cost_output', 'cost_reasoning', 'cost_other']);

/** The part of the question that may be asked. What is left out reads as unknown. */
export function allowed<T extends Pick<Query, 'measures' | 'dimensions' | 'order' | 'top' | 'filters'>>(query: T, chargedOnly: boolean): T {
  if (!chargedOnly) return query;
  const attempts = query.dimensions?.includes('attempt_reason') ?? false; // what is charged belongs to whole receipts
  const shown = (measure: string | undefined) => measure === undefined || !(hidden.has(measure) || (attempts && measure === 'cost'));
  const measures = query.measures.filter(shown);
  const next: T = { ...query, measures: measures.length > 0 ? measures : ['receipts'] };
  if (query.order) next.order = query.order.filter((one) => shown(one.by));
  if (query.top && !shown(query.top.by)) next.top = { ...query.top, by: 'requests' };
  if (query.filters) next.filters = Object.fromEntries(Object.entries(query.filters).filter(([key]) => key !== 'min_cost_usd' && key !== 'max_cost_usd'));
  return next;
}
