import { expect, it } from 'vitest';
import type { Table } from '@/lib/api';
import { bucketsOf } from '@/lib/buckets';
import { parseUsd } from '@/lib/money';
import { Grid, OTHER } from '@/lib/series';
import { rowsOf } from '@/lib/table';

const table: Table = {
  columns: [{ name: 'time', type: 'text' }, { name: 'model', type: 'text' }, { name: 'cost', type: 'usd' }, { name: 'receipts', type: 'integer' }],
  rows: [['2026-11-01', 'b', '0.1', 1], ['2026-11-01', OTHER, '99', 9], ['2026-11-03', 'a', '0.2', 2], ['2026-11-03', 'b', null, 3], ['2026-11-03', '', '0.000000000001', 1]],
  totals: null, groups: 5, percentile_error: 0.01, incomplete_before: null,
};
const days = bucketsOf({ from: new Date('2026-11-01T00:00:00Z'), to: new Date('2026-11-04T00:00:00Z') }, 'day', 'UTC');
const grid = new Grid(rowsOf(table), 'model', (row) => Number(row.text('cost')));

it('ranks by the measure, the rest last whatever its size', () => expect(grid.keys).toEqual(['a', 'b', '', OTHER]));
it('has nothing where the server has no row', () => expect(grid.row('a', days[1])).toBeUndefined());
it('sums exactly, leaves unknown out, and is unknown over nothing', () => {
  expect(grid.money(['a', 'b', ''], days, 'cost')).toBe(parseUsd('0.300000000001'));
  expect(grid.money(['b'], days.slice(1), 'cost')).toBeNull();
  expect(grid.count(grid.keys, days, 'receipts')).toBe(16);
});
