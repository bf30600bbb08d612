import { describe, expect, it } from 'vitest';
import { placed } from '@/charts/small';
import type { Table } from '@/lib/api';
import { formatFilters, parseFilters } from '@/lib/filters';
import { parseUsd } from '@/lib/money';
import type { FilterState } from '@/lib/state';
import { rowsOf } from '@/lib/table';
import { incompleteBefore, percentileError } from '@/ui/notices';
import { measured } from '@/views/latency/data';
import { moves, unitCost } from '@/views/mix/data';
import { stepsOf } from '@/views/savings/chart';
import { compared, savedOf } from '@/views/savings/data';
import { ofTenant } from '@/views/tenants/data';

const table = (columns: string[], ...rows: (string | number | null)[][]): Table => ({ columns: columns.map((name) => ({ name, type: 'text' as const })), rows, totals: null, groups: rows.length, percentile_error: 0, incomplete_before: null });
function at(search: string) {
  const seen: string[] = [];
  const state: FilterState = { filters: parseFilters(search), now: 0, range: { from: new Date(0), to: new Date(1) }, set: (next) => seen.push(formatFilters(next)) };
  return { state, seen };
}

describe('what was saved', () => {
  it('is the baseline less what the same receipts cost', () => {
    const [row] = rowsOf(table(['savings', 'baseline', 'savings.previous', 'baseline.previous'], ['-1.5', '3', null, null]));
    expect(savedOf(row ?? null)).toEqual({ baseline: parseUsd('3'), saved: parseUsd('-1.5'), actual: parseUsd('4.5'), share: -0.5 });
    expect(savedOf(row ?? null, true)).toEqual({ baseline: null, saved: null, actual: null, share: null });
    expect(savedOf(null).actual).toBeNull();
  });
  it('is a bridge that ends at the actual bill, losses upwards', () => {
    const part = (key: string, saved: string) => ({ key, label: key, saved: parseUsd(saved) ?? 0n, receipts: 1, href: '' });
    const bars = placed(stepsOf(parseUsd('10') ?? 0n, parseUsd('7') ?? 0n, [part('a', '4'), part('b', '-1')], ''));
    expect(bars.map((bar) => [bar.from, bar.to])).toEqual([[0, 10], [10, 6], [6, 7], [0, 7]]);
    expect(bars.map((bar) => bar.text)).toEqual(['$10.00', '−$4.00', '$1.00', '$7.00']);
  });
});

describe('a view that counts a part of the receipts', () => {
  it('asks and drills with it, and keeps it out of the address', () => {
    for (const [narrow, search, own] of [[compared, '?model=a', '?model=a&unknown_cost=false'], [measured, '?model=a', '?model=a&status=!refused'], [(state: FilterState) => ofTenant(state, 'x'), '?model=a', '?tenant=x&model=a']] as const) {
      const { state, seen } = at(search);
      const next = narrow(state);
      expect(formatFilters(next.filters)).toBe(own);
      next.set({ ...next.filters, tz: 'Europe/Berlin' });
      expect(seen).toEqual([`?tz=Europe%2FBerlin&${search.slice(1)}`]);
    }
  });
  it('leaves what was asked for', () => {
    expect(compared(at('?unknown_cost=true').state).filters.flag.unknown_cost).toBe(true);
    expect(measured(at('?status=refused').state).filters.by.status?.values).toEqual(['refused']);
    const { state, seen } = at('?tenant=!y');
    ofTenant(state, 'x').set(ofTenant(state, 'x').filters);
    expect(seen).toEqual(['?tenant=!y']);
  });
});

describe('the mix', () => {
  const rows = rowsOf(table(['model', 'requests', 'requests.previous', 'cost'], ['a', 30, 90, '0.3'], ['b', 70, 10, null]));
  const [total] = rowsOf(table(['requests', 'requests.previous', 'cost'], [100, 100, '0.3']));
  it('says which shares moved, the most first', () => {
    expect(moves(rows, total ?? null)?.map((move) => [move.key, move.now, move.before])).toEqual([['a', 0.3, 0.9], ['b', 0.7, 0.1]]);
    expect(moves(rows, rowsOf(table(['requests', 'requests.previous'], [100, 0]))[0] ?? null)).toBeNull();
  });
  it('has no unit cost where the cost is unknown', () => expect(rows.map((row) => unitCost(row))).toEqual([parseUsd('10'), null]));
});

describe('what is to be known of figures', () => {
  it('is the latest gap and the greatest error', () => {
    expect(incompleteBefore([undefined, { incomplete_before: '2026-01-01T00:00:00Z' }, { incomplete_before: null }, { incomplete_before: '2026-02-01T00:00:00Z' }])).toBe('2026-02-01T00:00:00Z');
    expect(incompleteBefore([undefined])).toBeNull();
    expect(percentileError([undefined, { percentile_error: 0.01 }, { percentile_error: 0 }])).toBe(0.01);
  });
});
