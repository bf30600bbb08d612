import { describe, expect, it } from 'vitest';
import { type Budget, budgetsOf, capError, exceeded, reaches, scopeText, usageOf } from '@/lib/budgets';
import { parseUsd } from '@/lib/money';

const budget = (cap: string, spent: string, held = '0', scope: Budget['scope'] = { tenant: 'acme' }): Budget => ({
  id: `${cap}-${spent}`, scope, period: 'month', cap_usd: cap, measure: 'cost', on_exceed: 'refuse', warn_levels: [], managed: 'api', version: 1,
  state: { period: '2026-11', period_start: '2026-11-01T00:00:00Z', period_ends: '2026-12-01T00:00:00Z', spent_usd: spent, held_usd: held, remaining_usd: '0', overrun_usd: '0', unpriced: 0, level: 'ok', warn_level: null, projected_usd: null },
});
const noon = Date.parse('2026-11-16T00:00:00Z'); // half of the month

describe('caps', () => {
  it('count what is held as used', () => expect(usageOf(budget('10', '4', '1'))).toEqual({ used: parseUsd('5'), cap: parseUsd('10'), share: 0.5 }));
  it('are reached when money goes on as it went, or not in this period', () => {
    expect(reaches(budget('10', '7.5'), noon)?.toISOString()).toBe('2026-11-21T00:00:00.000Z');
    expect(reaches(budget('10', '5'), noon)).toBeNull(); // exactly at the end
    expect(reaches(budget('10', '0'), noon)).toBeNull();
    expect(reaches(budget('10', '12'), noon)?.getTime()).toBe(noon);
  });
  it('of a value, the tightest first', () => {
    const all = [budget('10', '1'), budget('10', '9', '0', { tenant: 'acme', workflow: 'x' }), budget('1', '1', '0', { tenant: 'other' })];
    expect(budgetsOf(all, 'tenant', 'acme').map((one) => one.state.spent_usd)).toEqual(['9', '1']);
    expect([scopeText({}), scopeText({ tenant: 'acme', model: 'm' })]).toEqual(['All requests', 'acme · m']);
  });
  it('are amounts of more than nothing', () => {
    expect([capError('250'), capError(' 0.5 '), capError('0.000000000001')]).toEqual([null, null, null]);
    for (const text of ['', '0', '0.00', '-3', '1e9', '$5', '1,000', 'NaN', '0.0000000000001']) expect(capError(text), text).not.toBeNull();
  });
  it('would have been exceeded in periods above them, unknown ones aside', () => {
    expect(exceeded([parseUsd('1'), null, parseUsd('1.000000000001'), parseUsd('5')], parseUsd('1') ?? 0n)).toBe(2);
  });
});
