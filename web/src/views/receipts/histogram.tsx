// Requests over time by outcome, above the list. A bar narrows the range to its bucket.
import { withRange } from '@/lib/filters';
import { count, time } from '@/lib/format';
import { intervalOf } from '@/lib/range';
import type { FilterState } from '@/lib/state';
import type { Row } from '@/lib/table';

const LENGTH = { minute: 60_000, hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000, month: 31 * 86_400_000 } as const;
const tones: Record<string, string> = { success: 'ok', refused: 'refused', cancelled: 'cancelled' };
const order = ['ok', 'cancelled', 'refused', 'failed'];

interface Bucket {
  at: number;
  total: number;
  parts: Record<string, number>;
}

export function bucketsOf(rows: readonly Row[]): Bucket[] {
  const found = new Map<string, Bucket>();
  for (const row of rows) {
    const key = row.text('time');
    const bucket = found.get(key) ?? { at: Date.parse(key), total: 0, parts: {} };
    const tone = tones[row.text('status')] ?? 'failed';
    const n = row.number('requests') ?? 0;
    bucket.parts[tone] = (bucket.parts[tone] ?? 0) + n;
    bucket.total += n;
    found.set(key, bucket);
  }
  return [...found.values()].filter((bucket) => !Number.isNaN(bucket.at)).sort((a, b) => a.at - b.at);
}

export function Histogram({ rows, state }: { rows: readonly Row[]; state: FilterState }) {
  const buckets = bucketsOf(rows);
  const max = Math.max(1, ...buckets.map((bucket) => bucket.total));
  const { from, to } = state.range;
  const length = LENGTH[intervalOf(state.range)];
  const span = to.getTime() - from.getTime();
  const zoom = (bucket: Bucket) => state.set(withRange(state.filters, new Date(Math.max(bucket.at, from.getTime())).toISOString(), new Date(Math.min(bucket.at + length, to.getTime())).toISOString()));
  return (
    <div class="histo" role="group" aria-label="Requests over time; a bar narrows the range to it">
      {buckets.map((bucket) => {
        const left = Math.max(0, (bucket.at - from.getTime()) / span);
        const right = Math.min(1, (bucket.at + length - from.getTime()) / span);
        const label = `${time(bucket.at, 'minute', state.filters.tz)}: ${count(bucket.total)} requests${bucket.parts.failed ? `, ${count(bucket.parts.failed)} failed` : ''}${bucket.parts.refused ? `, ${count(bucket.parts.refused)} refused` : ''}`;
        return (
          <button key={bucket.at} type="button" class="histo-b" aria-label={label} title={label} style={{ left: `${left * 100}%`, width: `${Math.max(0.2, (right - left) * 100)}%` }} onClick={() => zoom(bucket)}>
            {order.map((tone) => (bucket.parts[tone] ? <i key={tone} class={tone} style={{ height: `${(bucket.parts[tone] / max) * 100}%` }} /> : null))}
          </button>
        );
      })}
    </div>
  );
}
