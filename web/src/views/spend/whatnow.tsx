// What a cap would do now and would have done before, from the receipts it would have counted.
import { bucketsOf } from '@/lib/buckets';
import { type Budget, capError, exceeded, scopeKeys, type Scope } from '@/lib/budgets';
import { count, money, time } from '@/lib/format';
import { type Money, parseUsd, sum } from '@/lib/money';
import { sumOverTime } from '@/lib/queries';
import { useTable } from '@/lib/query';
import { Grid } from '@/lib/series';
import { asOf } from '@/lib/state';
import { rowsOf } from '@/lib/table';

const DAY = 86_400_000;
/** Whole periods that are looked back on, in UTC as caps count them. */
function lookBack(period: Budget['period'], now: number) {
  const date = new Date(now);
  const from = period === 'day' ? new Date(Math.floor(now / DAY) * DAY - 30 * DAY) : period === 'month' ? new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - 3, 1)) : new Date(now - 365 * DAY);
  return { range: { from, to: date }, interval: period === 'day' ? ('day' as const) : ('month' as const) };
}

interface WhatNowProps {
  scope: Scope;
  period: Budget['period'];
  measure: Budget['measure'];
  action: Budget['on_exceed'];
  cap: string;
  /** What the running cap has counted; without one it is asked. */
  spent?: Money;
}
const verb: Record<Budget['on_exceed'], string> = { refuse: 'requests are refused', downgrade: 'requests go to cheaper models', clamp: 'answers are made shorter' };

export function WhatNow({ scope, period, measure, action, cap, spent }: WhatNowProps) {
  const { range, interval } = lookBack(period, asOf.value);
  const value = measure === 'charged' ? ('charged' as const) : ('cost' as const);
  const panel = sumOverTime([value], interval, false);
  const filters = Object.fromEntries(scopeKeys.map((key) => [key, scope[key]]).filter(([, one]) => one));
  const asked = useTable({ ...panel, filters, from: range.from.toISOString(), to: range.to.toISOString(), time_zone: 'UTC' });
  const amount = capError(cap) ? null : parseUsd(cap.trim());
  if (amount === null) return null;
  if (!asked.data) return <p class="hint" role="status">{asked.error ? 'What it would have done is not known: the receipts did not load.' : 'Looking at what it would have done…'}</p>;
  const grid = new Grid(rowsOf(asked.data), null, () => 0);
  const buckets = bucketsOf(range, interval, 'UTC');
  const costs = buckets.map((bucket) => grid.money([''], [bucket], value));
  const used = spent ?? (period === 'total' ? sum(costs.filter((cost) => cost !== null)) : (costs.at(-1) ?? 0n));
  const over = exceeded(costs.slice(0, -1), amount);
  const periods = period === 'day' ? `${count(costs.length - 1)} days` : `${count(costs.length - 1)} months`;
  const worst = buckets[costs.findIndex((cost) => cost !== null && cost === costs.reduce<Money | null>((most, one) => (one !== null && (most === null || one > most) ? one : most), null))];
  return (
    <p class="hint" role="status">
      {used >= amount ? <b class="bad">Reached at once: {money(used)} is spent, so {verb[action]} from now on.</b> : <>Now {money(used)} is spent; {money(amount - used)} would be left.</>}
      {period !== 'total' && costs.length > 1 && <> {over === 0 ? `In the ${periods} before it would not have been reached.` : `It would have been reached in ${over} of the ${periods} before${worst ? `, the most ${period === 'day' ? 'on' : 'in'} ${time(worst.start, period === 'day' ? 'day' : 'month', 'UTC')}` : ''}.`}</>}
    </p>
  );
}
