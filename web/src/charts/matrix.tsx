// A table whose cells are tinted by what they hold: rows × columns, each cell the receipts of both.
import type { ComponentChildren } from 'preact';
import { Link } from 'wouter-preact';

export interface MatrixCell {
  text: string;
  /** 0 to 1; null: nothing there. */
  heat: number | null;
  title: string;
  href: string;
}
interface MatrixProps {
  label: string;
  corner: string;
  rows: readonly { key: string; head: ComponentChildren }[];
  cols: readonly { key: string; head: ComponentChildren }[];
  cell: (row: string, col: string) => MatrixCell | null;
}
/** The eye compares areas of tint by their square root. Above half, text would lose contrast: the tint ends there. */
const STRONGEST = 46; // per cent of the accent
export const tint = (heat: number): string => `${Math.round(Math.sqrt(Math.min(1, Math.max(0, heat))) * STRONGEST)}%`;

export function Matrix({ label, corner, rows, cols, cell }: MatrixProps) {
  return (
    // A scrolling region has to be reachable by keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div class="scroll" role="region" aria-label={label} tabIndex={0}>
      <table class="matrix">
        <thead><tr><th scope="col">{corner}</th>{cols.map((col) => <th key={col.key} scope="col" class="r">{col.head}</th>)}</tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              <th scope="row">{row.head}</th>
              {cols.map((col) => {
                const found = cell(row.key, col.key);
                if (!found) return <td key={col.key} class="r mut">–</td>;
                return <td key={col.key} class="r"><Link class="heat" href={found.href} title={found.title} style={{ '--heat': found.heat === null ? '0%' : tint(found.heat) }}>{found.text}</Link></td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
