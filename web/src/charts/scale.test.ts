import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { linear, OTHER, slots, stacked, timeTicks } from '@/charts/scale';
import { niceTicks } from '@/lib/ticks';
import { bucketsOf } from '@/lib/buckets';

const range = (from: string, to: string) => ({ from: new Date(from), to: new Date(to) });

describe('linear', () => {
  it('goes from values to pixels, also downwards and from nothing', () => {
    expect([0, 5, 10].map(linear([0, 10], [100, 0]))).toEqual([100, 50, 0]);
    expect(linear([3, 3], [0, 10])(3)).toBe(0);
  });
});

describe('niceTicks', () => {
  it('steps by 1, 2, 2.5 and 5', () => {
    expect(niceTicks(0, 560)).toEqual([0, 200, 400, 600]);
    expect(niceTicks(0, 400)).toEqual([0, 100, 200, 300, 400]);
    expect(niceTicks(0, 0.9)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(niceTicks(0, 0.00000031)).toEqual([0, 1e-7, 2e-7, 3e-7, 4e-7]);
  });
  it('covers what is negative, nothing, and nonsense', () => {
    expect(niceTicks(-3, 7)).toEqual([-5, -2.5, 0, 2.5, 5, 7.5]);
    expect(niceTicks(0, 0)).toEqual([0, 1]);
    expect(niceTicks(Number.NaN, Number.NEGATIVE_INFINITY)).toEqual([0, 1]);
  });
  it('never has more than six and always covers the value', () => {
    for (let value = 0.0001; value < 1e9; value *= 1.37) {
      const ticks = niceTicks(0, value);
      expect(ticks.length).toBeLessThanOrEqual(6);
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(value * 0.999999);
    }
  });
});

describe('timeTicks', () => {
  it('labels days at a step that fits', () => {
    const days = bucketsOf(range('2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z'), 'day', 'UTC');
    expect(timeTicks(days, 'day', 'UTC', 7).map((tick) => tick.label)).toEqual(['Nov 1', 'Nov 6', 'Nov 11', 'Nov 16', 'Nov 21', 'Nov 26']);
  });
  it('puts hours on round local hours and the date at midnight', () => {
    const hours = bucketsOf(range('2026-11-22T17:00:00Z', '2026-11-23T17:00:00Z'), 'hour', 'UTC');
    expect(timeTicks(hours, 'hour', 'UTC', 8).map((tick) => tick.label)).toEqual(['18:00', '21:00', 'Nov 23', '03:00', '06:00', '09:00', '12:00', '15:00']);
  });
  it('labels a doubled hour once and skips an hour that is not there', () => {
    const autumn = bucketsOf(range('2026-10-24T22:00:00Z', '2026-10-25T04:00:00Z'), 'hour', 'Europe/Berlin');
    expect(timeTicks(autumn, 'hour', 'Europe/Berlin', 10).map((tick) => tick.label)).toEqual(['Oct 25', '01:00', '02:00', '03:00', '04:00']);
    const spring = bucketsOf(range('2026-03-28T23:00:00Z', '2026-03-29T03:00:00Z'), 'hour', 'Europe/Berlin');
    expect(timeTicks(spring, 'hour', 'Europe/Berlin', 10).map((tick) => tick.label)).toEqual(['Mar 29', '01:00', '03:00', '04:00']);
  });
});

describe('stacked', () => {
  it('puts one on the other, negatives below zero, unknown as nothing', () => {
    const [a, b, c] = stacked([{ key: 'a', values: [1, 2, null] }, { key: 'b', values: [3, -1, 5] }, { key: 'c', values: [1, -1, Number.NaN] }], 3);
    expect(a?.spans).toEqual([[0, 1], [0, 2], [0, 0]]);
    expect(b?.spans).toEqual([[1, 4], [0, -1], [0, 5]]);
    expect(c?.spans).toEqual([[4, 5], [-1, -2], [5, 5]]);
  });
});

describe('slots', () => {
  const models = ['gpt-4o', 'claude-sonnet-4-6', 'gemini-3-pro', 'gpt-4.1', 'o3', 'claude-haiku-4-5', 'gpt-5.4-mini', 'mistral-large'];
  it('gives each its own', () => {
    expect(new Set(slots(models).values()).size).toBe(8);
  });
  it('keeps the first name its colour in every list, and the rest grey', () => {
    for (const model of models) expect(slots([model, ...models.filter((one) => one !== model)]).get(model)).toBe(slots([model]).get(model));
    expect(slots(['a', OTHER]).get(OTHER)).toBe(0);
    expect(slots([...models, 'a ninth']).get('a ninth')).toBe(0);
  });
});

describe('palette', () => {
  const css = readFileSync(new URL('../styles/tokens.css', import.meta.url), 'utf8');
  const block = (theme: string) => css.slice(css.indexOf(`[data-theme='${theme}']`)).split('}')[0] ?? '';
  const token = (theme: string, name: string) => new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(block(theme))?.[1] ?? '';
  const luminance = (color: string) => {
    const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
  };
  const contrast = (a: string, b: string) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
  };
  it.each(['light', 'dark'])('marks stand out from the surface: %s', (theme) => {
    for (let slot = 1; slot <= 8; ++slot) expect(contrast(token(theme, `c${slot}`), token(theme, 'surface')), `c${slot}`).toBeGreaterThanOrEqual(3);
  });
  it.each(['light', 'dark'])('text is readable: %s', (theme) => {
    for (const name of ['tx', 'tx2', 'tx3', 'link', 'pos', 'neg', 'warn', 'info']) expect(contrast(token(theme, name), token(theme, 'surface')), name).toBeGreaterThanOrEqual(4.5);
    for (const name of ['pos', 'neg', 'warn', 'info']) expect(contrast(token(theme, name), token(theme, `${name}-b`)), name).toBeGreaterThanOrEqual(4.5);
  });
});
