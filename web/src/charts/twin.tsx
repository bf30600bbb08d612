// The same data as a table, for those who would rather read: made when it is opened.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';

export interface TwinRow {
  key: string;
  head: ComponentChildren;
  cells: readonly { text: ComponentChildren; href?: string }[];
}
export function Twin({ label, heads, rows }: { label: string; heads: readonly string[]; rows: () => readonly TwinRow[] }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="twin" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>View as table</summary>
      {open && (
        // A scrolling region has to be reachable by keyboard.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <div class="scroll" role="region" aria-label={`${label}, as a table`} tabIndex={0}>
          <table>
            <thead><tr>{heads.map((head, i) => <th key={head + String(i)} scope="col" class={i > 0 ? 'r' : ''}>{head}</th>)}</tr></thead>
            <tbody>
              {rows().map((row) => (
                <tr key={row.key}>
                  <th scope="row">{row.head}</th>
                  {row.cells.map((cell, i) => <td key={i} class="r">{cell.href ? <Link class="cell-link" href={cell.href}>{cell.text}</Link> : cell.text}</td>)}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
