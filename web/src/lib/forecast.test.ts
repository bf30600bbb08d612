import { describe, expect, it } from 'vitest';
import { bucketsOf } from '@/lib/buckets';
import { forecast } from '@/lib/forecast';
import { parseUsd } from '@/lib/money';

const usd = (text: string) => parseUsd(text) ?? 0n;
const now = new Date('2026-11-23T12:00:00Z');
const days = bucketsOf({ from: new Date('2026-10-01T00:00:00Z'), to: now }, 'day', 'UTC');
const weekend = (day: { start: Date }) => [0, 6].includes(day.start.getUTCDay());

describe('forecast', () => {
  it('continues each weekday as it was', () => {
    const costs = days.map((day) => ({ day, cost: day.name === '2026-11-23' ? usd('4') : usd(weekend(day) ? '2' : '10') }));
    const found = forecast(costs, usd('150'), now, 'UTC');
    expect(found?.days.length).toBe(7); // 24th to 30th
    expect(found?.end).toBe(usd('150') + usd('6') + usd('10') * 5n + usd('2') * 2n);
    expect(found?.low).toBe(found?.end);
    expect(found?.high).toBe(found?.end);
  });
  it('has a range where days differ, and never below what is spent', () => {
    const costs = days.map((day, i) => ({ day, cost: usd(i % 2 === 0 ? '0' : '20') }));
    const found = forecast(costs, usd('200'), now, 'UTC');
    expect(found && found.low >= usd('200') && found.low < found.end && found.end < found.high).toBe(true);
  });
  it('says nothing without a past', () => {
    expect(forecast([], 0n, now, 'UTC')).toBeNull();
    expect(forecast(days.map((day) => ({ day, cost: 0n })), 0n, now, 'UTC')).toBeNull();
  });
  it('does not count the time before the first cost as free days', () => {
    const costs = days.map((day) => ({ day, cost: day.name >= '2026-11-18' ? usd('7') : 0n }));
    expect(forecast(costs, usd('42'), now, 'UTC')?.daily.every((cost) => cost === usd('7'))).toBe(true);
  });
});
