// The live list without elements: newest first, bounded, with gaps as rows of their own. While it is held nothing on screen
// moves; what comes meanwhile waits, bounded too, and what does not fit is counted, never silently lost.
import type { ReceiptRow } from '@/lib/receipt';

export interface Gap {
  kind: 'gap';
  key: string;
  dropped: number | null; // null: unknown
  from: string | null; // receipt ids around it
  to: string | null;
  here: boolean; // dropped on this page, not by the server
}
export interface Item {
  kind: 'receipt';
  key: string;
  row: ReceiptRow;
}
export type Entry = Gap | Item;

export const RING = 2000;
const SECONDS = 60;

export class Feed {
  shown: readonly Entry[] = [];
  private waiting: Entry[] = []; // oldest first
  private overflow = 0;
  private gaps = 0;
  private readonly perSecond = new Map<number, number>();
  failed = 0;
  received = 0;

  receipt(row: ReceiptRow, now: number) {
    this.received += 1;
    if (row.status === 'error' || row.status === 'interrupted') this.failed += 1;
    const second = Math.floor(now / 1000);
    this.perSecond.set(second, (this.perSecond.get(second) ?? 0) + 1);
    this.add({ kind: 'receipt', key: row.receipt_id, row });
  }
  gap(dropped: number | null, from: string | null, to: string | null, here = false) {
    this.add({ kind: 'gap', key: `gap ${++this.gaps}`, dropped, from, to, here });
  }
  private add(entry: Entry) {
    this.waiting.push(entry);
    if (this.waiting.length < RING * 2) return;
    this.overflow += this.waiting.length - RING; // trimmed in halves, so that a long hold costs nothing per receipt
    this.waiting = this.waiting.slice(-RING);
  }

  /** What has come and is not shown. */
  get held(): number {
    return this.waiting.length + this.overflow;
  }
  /** Shows what waits; true if anything changed. */
  flush(): boolean {
    if (this.waiting.length === 0) return false;
    const incoming: Entry[] = this.waiting.reverse();
    if (this.overflow > 0) incoming.push({ kind: 'gap', key: `gap ${++this.gaps}`, dropped: this.overflow, from: null, to: null, here: true });
    this.shown = [...incoming, ...this.shown].slice(0, RING);
    this.waiting = [];
    this.overflow = 0;
    return true;
  }
  /** Receipts per second over the last full seconds, oldest first; the newest second is still filling and left out. */
  rates(now: number): number[] {
    const second = Math.floor(now / 1000);
    for (const key of this.perSecond.keys()) if (key < second - SECONDS - 1) this.perSecond.delete(key);
    return Array.from({ length: SECONDS }, (_, i) => this.perSecond.get(second - SECONDS + i) ?? 0);
  }
}
