// What the month will have cost. Each day that is left is expected to cost the mean of the same weekday in the four weeks
// before (of all days, while a weekday has no past); today's rest is today's expectation less what today has cost already,
// never below zero. The range is 90 %: 1.645 standard deviations of the days around their weekday's mean, times √days.
// Estimates, so floats are allowed in the spread; the sums are picodollars.
import { type Bucket, localDay, restOfMonth, weekday } from '@/lib/buckets';
import { type Money, roundedDivide, sum, toNumber } from '@/lib/money';

export interface Forecast {
  days: readonly Bucket[];
  /** Of each of `days`. */
  daily: readonly Money[];
  end: Money;
  low: Money;
  high: Money;
  /** The instant at which the month is over. */
  at: Date;
}

const DAYS = 28;
const Z90 = 1.645;
const picos = (dollars: number): Money => BigInt(Math.round(dollars * 1e6)) * 1_000_000n;
const mean = (amounts: readonly Money[]): Money => (amounts.length === 0 ? 0n : roundedDivide(sum(amounts), BigInt(amounts.length)));

/** `costs`: by day, today last; absent days cost nothing. `spent`: this month until `now`. null: too little past to say anything. */
export function forecast(costs: readonly { day: Bucket; cost: Money }[], spent: Money, now: Date, zone: string): Forecast | null {
  const today = localDay(new Date(now.getTime() - 1), zone);
  const past = costs.filter(({ day }) => localDay(day.start, zone) < today && localDay(day.start, zone) >= today - DAYS);
  const firstWithCost = past.findIndex(({ cost }) => cost > 0n);
  const known = firstWithCost < 0 ? [] : past.slice(firstWithCost);
  if (known.length < 3) return null;
  const all = mean(known.map(({ cost }) => cost));
  const means = Array.from({ length: 7 }, (_, index) => {
    const same = known.filter(({ day }) => weekday(day.start, zone) === index);
    return same.length === 0 ? all : mean(same.map(({ cost }) => cost));
  });
  const expected = (at: Date): Money => means[weekday(at, zone)] ?? all;
  const days = restOfMonth(now, zone);
  const daily = days.map((day) => expected(day.start));
  const soFar = costs.find(({ day }) => localDay(day.start, zone) === today)?.cost ?? 0n;
  const left = expected(new Date(now.getTime() - 1)) - soFar;
  const end = spent + (left > 0n ? left : 0n) + sum(daily);
  const variance = known.reduce((total, { day, cost }) => total + (toNumber(cost) - toNumber(expected(day.start))) ** 2, 0) / Math.max(1, known.length - 1);
  const spread = picos(Z90 * Math.sqrt(variance * (days.length + (left > 0n ? 1 : 0))));
  const low = end - spread;
  return { days, daily, end, low: low < spent ? spent : low, high: end + spread, at: days.at(-1)?.range.to ?? now };
}
