// A window on very many rows of one height: only what is seen is in the document. Arrow keys, J and K move; Enter opens the row,
// or, where Left and Right have chosen a cell, presses what is in it.
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer, type VirtualizerOptions } from '@tanstack/virtual-core';
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import type { Col } from '@/ui/table';

export interface VCol<T> extends Col<T> {
  width: string; // of grid-template-columns: "120px", "minmax(140px, 1fr)"
}
interface VTableProps<T> {
  label: string;
  cols: readonly VCol<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  href: (row: T, index: number) => string;
  rowHeight?: number;
  minWidth?: number;
  /** How many there are in all, when not all are loaded; -1: unknown. */
  total?: number;
  onNearEnd?: () => void;
  onPeek?: (row: T) => void;
  onHold?: (held: boolean) => void;
  onScrolled?: (top: number) => void;
  /** Replaces the cells of a row that is no row, as a gap. */
  whole?: (row: T) => ComponentChildren | null;
  head?: (col: VCol<T>) => ComponentChildren;
  rowClass?: (row: T) => string;
  /** Rows keep their elements and change their content: for lists that move by many rows at once. */
  recycle?: boolean;
}

function useWindow(count: number, rowHeight: number) {
  const scroller = useRef<HTMLDivElement>(null);
  const [, rerender] = useReducer((n: number) => n + 1, 0);
  const options: VirtualizerOptions<HTMLDivElement, HTMLDivElement> = {
    count, estimateSize: () => rowHeight, overscan: 8, getScrollElement: () => scroller.current,
    observeElementRect, observeElementOffset, scrollToFn: elementScroll, onChange: () => rerender(0),
  };
  const [virtual] = useState(() => new Virtualizer(options));
  virtual.setOptions(options);
  useLayoutEffect(() => virtual._didMount(), [virtual]);
  useLayoutEffect(() => virtual._willUpdate());
  return { scroller, virtual };
}

export function VTable<T>(props: VTableProps<T>) {
  const { label, cols, rows, rowKey, href, rowHeight = 36, minWidth = 0, total, onNearEnd, onPeek, onHold, onScrolled, whole, head, rowClass, recycle = false } = props;
  const { scroller, virtual } = useWindow(rows.length, rowHeight);
  const [, navigate] = useLocation();
  const [at, setAt] = useState(-1);
  const [cell, setCell] = useState(-1); // -1: the row
  const id = useId();
  const items = virtual.getVirtualItems();
  const lastSeen = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rows.length > 0 && lastSeen >= rows.length - 20) onNearEnd?.();
  }, [lastSeen, rows.length, onNearEnd]);
  const go = (next: number) => {
    const bounded = Math.max(0, Math.min(rows.length - 1, next));
    setAt(bounded);
    virtual.scrollToIndex(bounded);
  };
  const onKey = (event: KeyboardEvent) => {
    const page = Math.floor((scroller.current?.clientHeight ?? 360) / rowHeight) - 1;
    const steps: Record<string, number> = { ArrowDown: at + 1, j: at + 1, ArrowUp: at - 1, k: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: rows.length - 1 };
    const row = rows[at];
    const side = { ArrowLeft: cell - 1, ArrowRight: cell + 1 }[event.key];
    const inside = event.key === 'Enter' && cell >= 0 ? document.getElementById(`${id}-${at}-${cell}`)?.querySelector<HTMLElement>('a, button') : null;
    const own = event.target === event.currentTarget;
    if (!own && ((event.target as Element).closest('.vt-head') || event.key === 'Enter' || event.key === ' ')) return; // those of a link or a button
    if (side !== undefined && row) setCell(Math.max(-1, Math.min(cols.length - 1, side)));
    else if (inside) inside.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, altKey: event.altKey }));
    else if (event.key in steps && !event.metaKey && !event.ctrlKey) go(steps[event.key] ?? 0);
    else if (event.key === 'Enter' && row) navigate(href(row, at));
    else if (event.key === 'o' && row) window.open(href(row, at), '_blank', 'noopener');
    else if (event.key === ' ' && row && onPeek) onPeek(row);
    else return;
    event.preventDefault();
  };
  const columns = cols.map((col) => col.width).join(' ');
  return (
    <div ref={scroller} class="vt" role="grid" aria-label={label} aria-rowcount={total === undefined ? rows.length + 1 : total < 0 ? -1 : total + 1} tabIndex={0}
      aria-activedescendant={at < 0 ? undefined : cell < 0 ? `${id}-${at}` : `${id}-${at}-${cell}`} onKeyDown={onKey} onFocusCapture={() => onHold?.(true)} onBlurCapture={() => onHold?.(false)} onScroll={(event) => onScrolled?.(event.currentTarget.scrollTop)}
      style={{ '--cols': columns, '--vt-min': `${minWidth}px` }}>
      <div class="vt-head" role="row" aria-rowindex={1}>
        {cols.map((col) => <div key={col.key} role="columnheader" class={col.right ? 'r' : ''}>{head ? head(col) : col.head}</div>)}
      </div>
      <div class="vt-body" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          return (
            <div key={recycle ? item.index : rowKey(row)} id={`${id}-${item.index}`} class={`vt-row ${item.index === at ? 'on' : ''} ${rowClass?.(row) ?? ''}`} role="row" aria-rowindex={item.index + 2} aria-selected={item.index === at}
              style={{ height: rowHeight, transform: `translateY(${item.start}px)` }}>
              {whole?.(row) ?? cols.map((col, c) => <div key={col.key} id={item.index === at ? `${id}-${at}-${c}` : undefined} role="gridcell" class={`${col.right ? 'r' : ''} ${item.index === at && c === cell ? 'at' : ''}`}>{col.cell(row, item.index)}</div>)}
            </div>
          );
        })}
      </div>
    </div>
  );
}
