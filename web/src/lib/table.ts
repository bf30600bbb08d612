// Reading the answers of the analytics query by column name.
import type { Cell, Table } from '@/lib/api';
import { type Money, parseUsd } from '@/lib/money';

export interface Row {
  text: (column: string) => string;
  number: (column: string) => number | null;
  money: (column: string) => Money | null;
}

function reader(table: Table): (cells: Cell[]) => Row {
  const index = new Map(table.columns.map((column, i) => [column.name, i]));
  return (cells) => {
    const cell = (column: string): Cell => {
      const at = index.get(column);
      return at === undefined ? null : (cells[at] ?? null);
    };
    return {
      text: (column) => String(cell(column) ?? ''),
      number: (column) => {
        const value = cell(column);
        return value === null ? null : Number(value);
      },
      money: (column) => parseUsd(cell(column)),
    };
  };
}

export const rowsOf = (table: Table | undefined): Row[] => (table ? table.rows.map(reader(table)) : []);
export const totalsOf = (table: Table | undefined): Row | null => (table?.totals ? reader(table)(table.totals) : null);
export const previous = (measure: string): string => `${measure}.previous`;
/** Rows that have receipts now; with a comparison there are some that had them only before. */
export const presentRows = (table: Table | undefined): Row[] => rowsOf(table).filter((row) => (row.number('receipts') ?? 0) > 0);
