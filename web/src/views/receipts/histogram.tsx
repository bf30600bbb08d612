// Requests over time by outcome, above the list. A bar narrows the range to its bucket.
import { useState } from 'preact/hooks';
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
  const [chosen, choose] = useState(0);
  const stop = buckets.some((bucket) => bucket.at === chosen) ? chosen : buckets.at(-1)?.at;
  // One stop of Tab for all bars; the arrow keys move among them.
  const onKey = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const bars = [...event.currentTarget.querySelectorAll('button')];
    const at = bars.findIndex((bar) => bar === event.target);
    const to = { ArrowLeft: Math.max(0, at - 1), ArrowRight: Math.min(bars.length - 1, at + 1), Home: 0, End: bars.length - 1 }[event.key];
    const bucket = to === undefined ? undefined : buckets[to];
    if (to === undefined || !bucket) return;
    event.preventDefault();
    choose(bucket.at);
    bars[to]?.focus();
  };
  return (
    // The bars inside are what is focused; the group only hears their keys.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div class="histo" role="group" aria-label="Requests over time: arrow keys move, a bar narrows the range to it" onKeyDown={onKey}>
      {buckets.map((bucket) => {
        const left = Math.max(0, (bucket.at - from.getTime()) / span);
        const right = Math.min(1, (bucket.at + length - from.getTime()) / span);
        const label = `${time(bucket.at, 'minute', state.filters.tz)}: ${count(bucket.total)} requests${bucket.parts.failed ? `, ${count(bucket.parts.failed)} failed` : ''}${bucket.parts.refused ? `, ${count(bucket.parts.refused)} refused` : ''}`;
        return (
          <button key={bucket.at} type="button" class="histo-b" tabIndex={bucket.at === stop ? 0 : -1} aria-label={label} title={label} style={{ left: `${left * 100}%`, width: `${Math.max(0.2, (right - left) * 100)}%` }} onClick={() => zoom(bucket)}>
            {order.map((tone) => (bucket.parts[tone] ? <i key={tone} class={tone} style={{ height: `${(bucket.parts[tone] / max) * 100}%` }} /> : null))}
          </button>
        );
      })}
    </div>
  );
}
