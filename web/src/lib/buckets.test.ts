import { describe, expect, it } from 'vitest';
import { bucketsOf, restOfMonth, weekday } from '@/lib/buckets';

const range = (from: string, to: string) => ({ from: new Date(from), to: new Date(to) });
const hours = (bucket: { range: { from: Date; to: Date } } | undefined) => bucket && (bucket.range.to.getTime() - bucket.range.from.getTime()) / 3_600_000;

describe('bucketsOf', () => {
  it('names days as the server does and keeps empty ones', () => {
    const days = bucketsOf(range('2026-11-01T00:00:00Z', '2026-11-04T00:00:00Z'), 'day', 'UTC');
    expect(days.map((day) => day.name)).toEqual(['2026-11-01', '2026-11-02', '2026-11-03']);
  });
  it('cuts the first and the last bucket to the range', () => {
    const days = bucketsOf(range('2026-11-01T18:00:00Z', '2026-11-03T06:00:00Z'), 'day', 'UTC');
    expect(days.map(hours)).toEqual([6, 24, 6]);
    expect(days[0]?.start.toISOString()).toBe('2026-11-01T00:00:00.000Z');
  });
  it('has a day of 25 and one of 23 hours where clocks change', () => {
    expect(bucketsOf(range('2026-10-23T22:00:00Z', '2026-10-26T23:00:00Z'), 'day', 'Europe/Berlin').map(hours)).toEqual([24, 25, 24]);
    expect(bucketsOf(range('2026-03-27T23:00:00Z', '2026-03-30T22:00:00Z'), 'day', 'Europe/Berlin').map(hours)).toEqual([24, 23, 24]);
  });
  it('has the doubled hour of autumn twice', () => {
    const names = bucketsOf(range('2026-10-25T00:00:00Z', '2026-10-25T03:00:00Z'), 'hour', 'Europe/Berlin').map((hour) => hour.name);
    expect(names).toEqual(['2026-10-25T00:00:00Z', '2026-10-25T01:00:00Z', '2026-10-25T02:00:00Z']);
  });
  it('begins hours where the local clock does', () => {
    expect(bucketsOf(range('2026-11-01T00:40:00Z', '2026-11-01T01:40:00Z'), 'hour', 'Asia/Kolkata')[0]?.name).toBe('2026-11-01T00:30:00Z');
  });
  it('begins weeks on Mondays and months on the first', () => {
    expect(bucketsOf(range('2026-11-05T00:00:00Z', '2026-11-10T00:00:00Z'), 'week', 'UTC').map((week) => week.name)).toEqual(['2026-11-02', '2026-11-09']);
    expect(bucketsOf(range('2026-11-05T00:00:00Z', '2027-01-02T00:00:00Z'), 'month', 'UTC').map((month) => month.name)).toEqual(['2026-11', '2026-12', '2027-01']);
  });
  it('is empty for an empty or inverted range and never endless', () => {
    expect(bucketsOf(range('2026-11-05T00:00:00Z', '2026-11-05T00:00:00Z'), 'day', 'UTC')).toEqual([]);
    expect(bucketsOf(range('2020-01-01T00:00:00Z', '2026-01-01T00:00:00Z'), 'minute', 'UTC').length).toBe(2000);
  });
  it('covers the range without holes or overlaps in every zone', () => {
    for (const zone of ['UTC', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Apia']) {
      const days = bucketsOf(range('2026-01-15T05:00:00Z', '2026-12-15T17:00:00Z'), 'day', zone);
      days.slice(1).forEach((day, i) => expect(day.range.from).toEqual(days[i]?.range.to));
      expect(days.at(-1)?.range.to.toISOString()).toBe('2026-12-15T17:00:00.000Z');
    }
  });
});

describe('restOfMonth', () => {
  it('is the whole days after today', () => {
    expect(restOfMonth(new Date('2026-11-28T10:00:00Z'), 'UTC').map((day) => day.name)).toEqual(['2026-11-29', '2026-11-30']);
    expect(restOfMonth(new Date('2026-11-30T10:00:00Z'), 'UTC')).toEqual([]);
  });
  it('goes by the local month', () => {
    expect(restOfMonth(new Date('2026-11-30T23:30:00Z'), 'Europe/Berlin').length).toBe(30);
  });
});

it('knows weekdays from Monday', () => {
  expect(weekday(new Date('2026-11-23T12:00:00Z'), 'UTC')).toBe(0);
  expect(weekday(new Date('2026-11-22T23:30:00Z'), 'Europe/Berlin')).toBe(0);
});
