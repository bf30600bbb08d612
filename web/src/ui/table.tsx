// Tables. `Table`: real <table>, for up to some hundred rows. `VTable` (vtable.tsx): a window on very many.
import { ArrowDown, ArrowUp } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { Link } from 'wouter-preact';

export interface Col<T> {
  key: string;
  head: string;
  right?: boolean;
  sortable?: boolean;
  cell: (row: T, index: number) => ComponentChildren;
}
export interface Sort {
  key: string;
  desc: boolean;
}

interface TableProps<T> {
  label: string;
  cols: readonly Col<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  sort?: Sort;
  onSort?: (sort: Sort) => void;
  /** The receipts behind the row: makes its first cell a link. */
  href?: (row: T) => string;
  rowClass?: (row: T) => string;
  empty?: ComponentChildren;
}

const pressable = (cell: Element | undefined) => [...(cell?.querySelectorAll<HTMLElement>('a[href], button:not(:disabled)') ?? [])];

/** From what can be pressed in a cell: left and right to the next such in the row, up and down to the next in the column. */
function moveInTable(event: KeyboardEvent) {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
  const target = event.target as HTMLElement;
  const cell = target.matches('a, button') ? target.closest('td') : null;
  const row = cell?.parentElement;
  if (!step || !cell || !row) return;
  event.preventDefault();
  if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
    const all = pressable(row);
    return all[all.indexOf(target) + step]?.focus();
  }
  for (let next = row; next; ) {
    const beside = step < 0 ? next.previousElementSibling : next.nextElementSibling;
    const [found] = pressable(beside?.children[[...row.children].indexOf(cell)]);
    if (found) return found.focus();
    if (!(beside instanceof HTMLElement)) return undefined;
    next = beside;
  }
  return undefined;
}

export function Table<T>({ label, cols, rows, rowKey, sort, onSort, href, rowClass, empty }: TableProps<T>) {
  if (rows.length === 0 && empty !== undefined) return <>{empty}</>;
  return (
    // A scrolling region has to be reachable by keyboard; the links inside are what is focused, it hears their keys.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/no-noninteractive-element-interactions
    <div class="scroll" role="region" aria-label={label} tabIndex={0} onKeyDown={moveInTable}>
      <table>
        <thead>
          <tr>{cols.map((col) => <Head key={col.key} col={col} {...(sort ? { sort } : {})} {...(onSort ? { onSort } : {})} />)}</tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={rowKey(row)} class={`${href ? 'go' : ''} ${rowClass?.(row) ?? ''}`}>
              {cols.map((col, at) => (
                <td key={col.key} class={col.right ? 'r' : ''}>
                  {at === 0 && href ? <Link class="cell-link" href={href(row)}>{col.cell(row, index)}</Link> : col.cell(row, index)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Head<T>({ col, sort, onSort }: { col: Col<T>; sort?: Sort; onSort?: (sort: Sort) => void }) {
  const on = sort?.key === col.key;
  const order = on ? (sort.desc ? 'descending' : 'ascending') : undefined;
  if (!col.sortable || !onSort) return <th scope="col" class={col.right ? 'r' : ''}>{col.head}</th>;
  return (
    <th scope="col" class={col.right ? 'r' : ''} aria-sort={order ?? 'none'}>
      <button type="button" onClick={() => onSort({ key: col.key, desc: on ? !sort.desc : true })}>
        {col.head}
        {on && (sort.desc ? <ArrowDown size={12} aria-hidden="true" /> : <ArrowUp size={12} aria-hidden="true" />)}
      </button>
    </th>
  );
}
