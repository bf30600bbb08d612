import { describe, expect, it } from 'vitest';
import { choice, sortBy, sorting } from '@/lib/choice';
import { parseFilters } from '@/lib/filters';
import type { FilterState } from '@/lib/state';

function at(search: string) {
  const seen: string[] = [];
  const filters = parseFilters(search);
  const state: FilterState = { filters, now: 0, range: { from: new Date(0), to: new Date(1) }, set: (next) => seen.push(JSON.stringify(next.extra)) };
  return { state, seen };
}

describe('a choice', () => {
  it('is what the address says, or the usual one', () => {
    expect(choice(at('?by=b').state, 'by', ['a', 'b'], 'a')[0]).toBe('b');
    expect(choice(at('?by=zzz').state, 'by', ['a', 'b'], 'a')[0]).toBe('a');
  });
  it('stays out of the address when it is the usual one', () => {
    const { state, seen } = at('?by=b');
    choice(state, 'by', ['a', 'b'], 'a')[1]('a');
    choice(state, 'by', ['a', 'b'], 'a')[1]('b');
    expect(seen).toEqual(['{}', '{"by":"b"}']);
  });
});

describe('sorting', () => {
  it('is read from the address', () => {
    expect(sorting(at('?sort=-cost').state, { key: 'name', desc: false })[0]).toEqual({ key: 'cost', desc: true });
    expect(sorting(at('').state, { key: 'name', desc: false })[0]).toEqual({ key: 'name', desc: false });
  });
  it('puts what is unknown last, whichever way', () => {
    const rows = [{ v: 2 }, { v: null }, { v: 3 }, { v: -1 }];
    expect(sortBy(rows, (row) => row.v, true).map((row) => row.v)).toEqual([3, 2, -1, null]);
    expect(sortBy(rows, (row) => row.v, false).map((row) => row.v)).toEqual([-1, 2, 3, null]);
    expect(sortBy([{ v: 1n }, { v: 5n }], (row) => row.v, true).map((row) => row.v)).toEqual([5n, 1n]);
    expect(sortBy([{ v: 'b' }, { v: 'a' }], (row) => row.v, false).map((row) => row.v)).toEqual(['a', 'b']);
  });
});
