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

/** Whether the view's own filters leave anything of it. */
const possible = (filters: Filters, flags: Flags): boolean => (Object.keys(flags) as (keyof Flags)[]).every((key) => filters.flag[key] === undefined || filters.flag[key] === flags[key]);
const flagged = (filters: Filters, flags: Flags): Filters => (Object.keys(flags) as (keyof Flags)[]).reduce((into, key) => withFlag(into, key, flags[key]), filters);

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
  const { filters, range, now } = state;
  const dimensions = group ? [group] : [];
  const of = (flags: Flags) => ({ filters: flagged(filters, flags), range });
  const direct = usePanelOf(of(flagsOf.routed), { measures, dimensions: [...dimensions, 'requested_model'], limit: 5000 }, enabled && possible(filters, flagsOf.routed));
  const fallback = usePanelOf(of(flagsOf.fallback), { measures, dimensions, limit: 1000 }, enabled && possible(filters, flagsOf.fallback));
  const cache = usePanelOf(of(flagsOf.cache), { measures, dimensions, limit: 1000 }, enabled && possible(filters, flagsOf.cache));
  const rows = (one: typeof direct, flags: Flags) => (possible(filters, flags) ? rowsOf(one.data) : []);
  const first = rows(direct, flagsOf.routed);
  const autos = [...new Set(first.map((row) => row.text('requested_model')).filter(isAuto))];
  const asked = [[direct, flagsOf.routed], [fallback, flagsOf.fallback], [cache, flagsOf.cache]] as const;
  return {
    parts: [
      { reason: 'routed', rows: first.filter((row) => isAuto(row.text('requested_model'))) },
      { reason: 'pinned', rows: first.filter((row) => !isAuto(row.text('requested_model'))) },
      { reason: 'fallback', rows: rows(fallback, flagsOf.fallback) },
      { reason: 'cache', rows: rows(cache, flagsOf.cache) },
    ],
    answered: asked.every(([one, flags]) => answered(one) || !possible(filters, flags)),
    loaded: asked.every(([one, flags]) => one.data !== undefined || !possible(filters, flags)),
    error: asked.find(([one]) => one.error)?.[0].error ?? null,
    href: (reason, narrow = []) => drillHref(withReason(filters, reason, autos), { now }, narrow),
  };
}

export const countOf = (rows: readonly Row[], measure: Measure): number => rows.reduce((total, row) => total + (row.number(measure) ?? 0), 0);
/** Known amounts summed; null where none is known. */
export function moneyOf(rows: readonly Row[], measure: Measure): Money | null {
  const known = rows.map((row) => row.money(measure)).filter((amount) => amount !== null);
  return known.length === 0 ? null : sum(known);
}
