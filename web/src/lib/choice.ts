// A view's own choices (group, shape, order): parts of the address that other views do not have.
import { withExtra } from '@/lib/filters';
import type { FilterState } from '@/lib/state';
import { toNumber } from '@/lib/money';

export const oneOf = <T extends string>(value: string | undefined, options: readonly T[], otherwise: T): T => options.find((option) => option === value) ?? otherwise;

/** What is chosen, and how to choose; the usual choice stays out of the address. */
export function choice<T extends string>(state: FilterState, name: string, options: readonly T[], usual: T): [T, (next: T) => void] {
  return [oneOf(state.filters.extra[name], options, usual), (next) => state.set(withExtra(state.filters, name, next === usual ? '' : next), { replace: true })];
}

export interface Sorting {
  key: string;
  desc: boolean;
}
/** "-cost" is descending. */
export function sorting(state: FilterState, usual: Sorting, name = 'sort'): [Sorting, (next: Sorting) => void] {
  const text = state.filters.extra[name];
  const found = text ? { key: text.replace(/^-/, ''), desc: text.startsWith('-') } : usual;
  return [found, (next) => state.set(withExtra(state.filters, name, next.key === usual.key && next.desc === usual.desc ? '' : (next.desc ? '-' : '') + next.key), { replace: true })];
}

/** By any figure; what is unknown comes last in either direction. */
export function sortBy<T>(rows: readonly T[], value: (row: T) => number | bigint | string | null, desc: boolean): T[] {
  const comparable = (one: number | bigint | string | null) => (typeof one === 'bigint' ? toNumber(one) : one);
  const missing = (one: number | string | null) => one === null || (typeof one === 'number' && Number.isNaN(one));
  return rows.map((row) => ({ row, at: comparable(value(row)) })).sort((a, b) => {
    if (missing(a.at) || missing(b.at)) return Number(missing(a.at)) - Number(missing(b.at));
    const order = typeof a.at === 'string' || typeof b.at === 'string' ? String(a.at).localeCompare(String(b.at)) : (a.at ?? 0) - (b.at ?? 0);
    return desc ? -order : order;
  }).map(({ row }) => row);
}
