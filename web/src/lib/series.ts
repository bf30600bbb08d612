// Answers over time, laid on the axis: one place for each bucket and value, so that charts and tables read by name.
import type { Bucket } from '@/lib/buckets';
import { type Money, sum } from '@/lib/money';
import type { Row } from '@/lib/table';

export const OTHER = '(other)';
const named: Record<string, string> = { model: 'No model', tenant: 'No tenant', workflow: 'No workflow', category: 'No category', region: 'No region', provider: 'No provider', key: 'No key' };
/** What stands for an absent value and for the rest. */
export const labelOf = (group: string, key: string): string => (key === OTHER ? 'Other' : key === '' ? (named[group] ?? 'None') : key);

export class Grid {
  private readonly cells = new Map<string, Row>();
  readonly keys: readonly string[];

  /** `rows`: with the dimensions `time` and `group`. `order`: the measure that ranks the values, the rest last. */
  constructor(rows: readonly Row[], private readonly group: string | null, order: (row: Row) => number) {
    const weight = new Map<string, number>();
    for (const row of rows) {
      const key = group === null ? '' : row.text(group);
      this.cells.set(this.at(key, row.text('time')), row);
      weight.set(key, (weight.get(key) ?? 0) + (order(row) || 0));
    }
    const rank = (key: string) => (key === OTHER ? Number.NEGATIVE_INFINITY : (weight.get(key) ?? 0));
    this.keys = [...weight.keys()].sort((a, b) => rank(b) - rank(a) || (a < b ? -1 : 1));
  }
  row(key: string, bucket: Bucket | undefined): Row | undefined {
    return bucket && this.cells.get(this.at(key, bucket.name));
  }
  /** Known amounts summed exactly; null where there is none. */
  money(keys: readonly string[], buckets: readonly Bucket[], measure: string): Money | null {
    const found = this.found(keys, buckets).map((row) => row.money(measure)).filter((amount) => amount !== null);
    return found.length === 0 ? null : sum(found);
  }
  count(keys: readonly string[], buckets: readonly Bucket[], measure: string): number {
    return this.found(keys, buckets).reduce((total, row) => total + (row.number(measure) ?? 0), 0);
  }
  private found(keys: readonly string[], buckets: readonly Bucket[]): Row[] {
    return keys.flatMap((key) => buckets.map((bucket) => this.row(key, bucket))).filter((row) => row !== undefined);
  }
  private at(key: string, time: string): string {
    return `${time}\n${this.group === null ? '' : key}`;
  }
}
