// What Savings asks. Only receipts whose cost is known are compared, so that baseline − actual = saved to the last digit.
import { less, shareOf } from '@/lib/amounts';
import { choice } from '@/lib/choice';
import { withFlag } from '@/lib/filters';
import type { Money } from '@/lib/money';
import { costlier, type Group, savingsBy, savingsOverTime, savingsSteps } from '@/lib/queries';
import { answered, usePanelOf } from '@/lib/query';
import { intervalOf } from '@/lib/range';
import { useReasons } from '@/lib/reasons';
import type { FilterState } from '@/lib/state';
import { previous, type Row } from '@/lib/table';

export const tables = ['tenant', 'category', 'workflow', 'model'] as const satisfies readonly Group[];
export type SavingsTable = (typeof tables)[number];
export const shapes = ['bridge', 'time', 'cumulative'] as const;
export type Shape = (typeof shapes)[number];
export const steps = ['reason', 'category', 'tenant'] as const;
export const choicesOf = (state: FilterState) => ({ rows: choice(state, 'rows', tables, 'tenant'), shape: choice(state, 'shape', shapes, 'bridge'), by: choice(state, 'by', steps, 'reason') });

/** The state under which this view counts: receipts of known cost, unless one asked for the others. The address stays as it is. */
export const compared = (state: FilterState): FilterState =>
  state.filters.flag.unknown_cost === undefined
    ? { ...state, filters: withFlag(state.filters, 'unknown_cost', false), set: (next, options) => state.set(withFlag(next, 'unknown_cost', undefined), options) }
    : state;

export interface Saved {
  baseline: Money | null;
  /** What the receipts that have a baseline cost. */
  actual: Money | null;
  saved: Money | null;
  share: number | null;
}
export function savedOf(row: Row | null, before = false): Saved {
  const name = (measure: string) => (before ? previous(measure) : measure);
  const [saved, baseline] = [row?.money(name('savings')) ?? null, row?.money(name('baseline')) ?? null];
  return { baseline, saved, actual: less(baseline, saved), share: shareOf(saved, baseline) };
}

/** `state` is what compared() made. */
export function useSavings(state: FilterState) {
  const { rows: [rows], shape: [shape], by: [by] } = choicesOf(state);
  const compare = state.filters.compare;
  const interval = intervalOf(state.range);
  const bridge = shape === 'bridge';
  const table = usePanelOf(state, savingsBy(rows, compare));
  const reasons = useReasons(state, ['savings', 'baseline', 'receipts'], null);
  const time = usePanelOf(state, savingsOverTime(interval), !bridge);
  const steps = usePanelOf(state, savingsSteps(by === 'reason' ? 'category' : by), bridge && by !== 'reason');
  const first = answered(table) && reasons.answered && (bridge || answered(time)) && (!bridge || by === 'reason' || answered(steps));
  return {
    interval, table, reasons, time, steps, first,
    categories: usePanelOf(state, savingsBy('category', compare, 8), first),
    losses: usePanelOf(state, costlier(), first),
  };
}
export type Savings = ReturnType<typeof useSavings>;
