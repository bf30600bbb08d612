// How requests got their model. Each receipt is in exactly one of them, and each of them is a filter, so that its receipts can
// be listed: an answer from the cache; a second model after a first one failed; a model that the client named; else the router's choice.
import { drillHref } from '@/lib/drill';
import { type Dimension, type Filters, withFlag, withValues } from '@/lib/filters';
import { sum, type Money } from '@/lib/money';
import type { Measure } from '@/lib/queries';
import { answered, usePanelOf } from '@/lib/query';
import type { FilterState } from '@/lib/state';
import { type Row, rowsOf } from '@/lib/table';

export type Reason = 'routed' | 'pinned' | 'fallback' | 'cache';
export const reasons: readonly { key: Reason; label: string; note: string }[] = [
  { key: 'routed', label: 'Routed', note: 'the router chose' },
  { key: 'pinned', label: 'Pinned', note: 'the client named it' },
  { key: 'fallback', label: 'Fallback', note: 'a first model failed' },
  { key: 'cache', label: 'Cache', note: 'no provider asked' },
];
type Flags = Readonly<Partial<Record<'cache_hit' | 'fallback', boolean>>>;
const flagsOf: Record<Reason, Flags> = { cache: { cache_hit: true }, fallback: { cache_hit: false, fallback: true }, routed: { cache_hit: false, fallback: false }, pinned: { cache_hit: false, fallback: false } };

/** "auto", "kr-auto", and both with a variant behind a colon. */
export const isAuto = (requested: string): boolean => /^(kr-)?auto(:|$)/.test(requested);

const flagged = (filters: Filters, flags: Flags): Filters => (Object.keys(flags) as (keyof Flags)[]).reduce((into, key) => withFlag(into, key, flags[key]), filters);

/** The reason of the receipts of a row by requested_model, cache_hit and fallback. */
export function reasonOf(row: Row): Reason {
  if (row.text('cache_hit') === 'true') return 'cache';
  if (row.text('fallback') === 'true') return 'fallback';
  return isAuto(row.text('requested_model')) ? 'routed' : 'pinned';
}

/** The filters of a reason. `autos`: the names of the router's choice that were asked for in this range. */
export function withReason(filters: Filters, reason: Reason, autos: readonly string[]): Filters {
  const next = flagged(filters, flagsOf[reason]);
  if (reason !== 'routed' && reason !== 'pinned') return next;
  const own = filters.by.requested_model;
  if (!own) return withValues(next, 'requested_model', autos.length > 0 ? autos : ['auto'], reason === 'pinned');
  if (own.exclude) return reason === 'pinned' ? withValues(next, 'requested_model', [...own.values, ...autos], true) : withValues(next, 'requested_model', autos.filter((one) => !own.values.includes(one)));
  return withValues(next, 'requested_model', own.values.filter((one) => isAuto(one) === (reason === 'routed')));
}

export interface ByReason {
  reason: Reason;
  /** The rows of the other dimension ('' without one) that fall into it. */
  rows: readonly Row[];
}
export interface Reasons {
  parts: readonly ByReason[];
  /** For the filters of now. */
  answered: boolean;
  loaded: boolean;
  error: unknown;
  href: (reason: Reason, narrow?: readonly (readonly [Dimension, string, readonly string[]])[]) => string;
}

/** Asks the measures by reason, and by `group` too. */
export function useReasons(state: FilterState, measures: Measure[], group: 'model' | null, enabled = true): Reasons {
  const { filters, now } = state;
  const asked = usePanelOf(state, { measures, dimensions: [...(group ? [group] : []), 'requested_model', 'cache_hit', 'fallback'], limit: 5000 }, enabled);
  const rows = rowsOf(asked.data);
  const autos = [...new Set(rows.filter((row) => reasonOf(row) === 'routed').map((row) => row.text('requested_model')))];
  return {
    parts: (['routed', 'pinned', 'fallback', 'cache'] as const).map((reason) => ({ reason, rows: rows.filter((row) => reasonOf(row) === reason) })),
    answered: answered(asked),
    loaded: asked.data !== undefined,
    error: asked.error,
    href: (reason, narrow = []) => drillHref(withReason(filters, reason, autos), { now }, narrow),
  };
}

export const countOf = (rows: readonly Row[], measure: Measure): number => rows.reduce((total, row) => total + (row.number(measure) ?? 0), 0);
/** Known amounts summed; null where none is known. */
export function moneyOf(rows: readonly Row[], measure: Measure): Money | null {
  const known = rows.map((row) => row.money(measure)).filter((amount) => amount !== null);
  return known.length === 0 ? null : sum(known);
}
