import { describe, expect, it } from 'vitest';
import { formatFilters, parseFilters } from '@/lib/filters';
import { isAuto, reasonOf, withReason } from '@/lib/reasons';
import { rowsOf } from '@/lib/table';

const address = (search: string, reason: Parameters<typeof withReason>[1], autos = ['auto', 'auto:free']) => formatFilters(withReason(parseFilters(search), reason, autos));

describe('how requests got their model', () => {
  it('knows the names of the router’s choice', () => expect(['auto', 'kr-auto', 'auto:free', 'kr-auto:nitro', 'automatic', 'gpt-4o'].map(isAuto)).toEqual([true, true, true, true, false, false]));
  it('has one for each receipt', () => {
    const columns = ['requested_model', 'cache_hit', 'fallback'].map((name) => ({ name, type: 'text' as const }));
    const rows = [['auto', 'false', 'false'], ['gpt-4o', 'false', 'false'], ['auto', 'false', 'true'], ['gpt-4o', 'false', 'true'], ['auto', 'true', 'false'], ['auto', 'true', 'true']];
    const table = { columns, rows, totals: null, groups: rows.length, percentile_error: 0, incomplete_before: null };
    expect(rowsOf(table).map(reasonOf)).toEqual(['routed', 'pinned', 'fallback', 'fallback', 'cache', 'cache']);
  });
  it('is a filter each', () => {
    expect(address('?tenant=a', 'routed')).toBe('?tenant=a&requested_model=auto,auto:free&cache_hit=false&fallback=false');
    expect(address('', 'pinned')).toBe('?requested_model=!auto,auto:free&cache_hit=false&fallback=false');
    expect(address('', 'fallback')).toBe('?cache_hit=false&fallback=true');
    expect(address('', 'cache')).toBe('?cache_hit=true');
  });
  it('keeps what was asked for by the view', () => {
    expect(address('?requested_model=gpt-4o,auto', 'routed')).toContain('requested_model=auto&');
    expect(address('?requested_model=gpt-4o,auto', 'pinned')).toContain('requested_model=gpt-4o&');
    expect(address('?requested_model=!gpt-4o', 'pinned')).toContain('requested_model=!auto,auto:free,gpt-4o&');
    expect(address('?requested_model=!auto', 'routed')).toContain('requested_model=auto:free&');
  });
});
