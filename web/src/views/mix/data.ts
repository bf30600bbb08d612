// What Model mix asks, and how its figures are worked out.
import { perThousand, shareOf } from '@/lib/amounts';
import { choice } from '@/lib/choice';
import { useModels } from '@/lib/models';
import { matrix, mixBy, mixLatency, overTime } from '@/lib/queries';
import { answered, usePanelOf } from '@/lib/query';
import { intervalOf } from '@/lib/range';
import { useReasons } from '@/lib/reasons';
import type { FilterState } from '@/lib/state';
import { previous, type Row } from '@/lib/table';

export const measures = ['cost', 'requests', 'tokens_output'] as const;
export const cells = ['share', 'unit', 'quality', 'latency'] as const;
export type CellKind = (typeof cells)[number];
export const MATRIX_MODELS = 16;

export const choicesOf = (state: FilterState) => ({ measure: choice(state, 'of', measures, 'cost'), shape: choice(state, 'shape', ['amount', 'share'] as const, 'share'), cell: choice(state, 'cell', cells, 'share') });

export function useMix(state: FilterState) {
  const { measure: [measure] } = choicesOf(state);
  const interval = intervalOf(state.range);
  const table = usePanelOf(state, mixBy(state.filters.compare));
  const series = usePanelOf(state, overTime('model', measure, interval, 7));
  const first = answered(table, series);
  return {
    interval, table, series,
    matrix: usePanelOf(state, matrix(MATRIX_MODELS), first),
    latency: usePanelOf(state, mixLatency(), first),
    reasons: useReasons(state, ['requests', 'receipts', 'cost'], 'model', first),
    models: useModels(),
  };
}
export type Mix = ReturnType<typeof useMix>;

export interface Move {
  key: string;
  now: number;
  before: number;
}
/** Share of requests now and before, what changed most first; null: nothing to compare with. */
export function moves(rows: readonly Row[], total: Row | null): Move[] | null {
  const before = total?.number(previous('requests')) ?? 0;
  const now = total?.number('requests') ?? 0;
  if (before === 0 || now === 0) return null;
  return rows
    .map((row) => ({ key: row.text('model'), now: (row.number('requests') ?? 0) / now, before: (row.number(previous('requests')) ?? 0) / before }))
    .sort((a, b) => Math.abs(b.now - b.before) - Math.abs(a.now - a.before));
}

export const unitCost = (row: Row | null, before = false): bigint | null => perThousand(row?.money(before ? previous('cost') : 'cost') ?? null, row?.number(before ? previous('requests') : 'requests') ?? null);
export const costShare = (row: Row, total: Row | null): number | null => shareOf(row.money('cost'), total?.money('cost') ?? null);
export const requestShare = (row: Row, total: Row | null): number | null => shareOf(row.number('requests'), total?.number('requests') ?? null);
