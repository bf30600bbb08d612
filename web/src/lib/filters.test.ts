import { describe, expect, it } from 'vitest';
import { apiParams, cleared, defaults, dimensions, type Filters, formatFilters, frozen, parseFilters, queryFilters, receiptsHref, withBound, withFlag, withValues } from '@/lib/filters';
import { instant, intervalOf, resolve, shift } from '@/lib/range';

const NOW = Date.parse('2026-04-24T13:07:42Z');

// A small generator, so that a failure can be repeated by its seed.
function random(seed: number) {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}
const alphabet = ['a', 'B', ',', '!', '\\', '&', '=', '+', '%', ' ', '"', '<', 'é', '漢', '🙂', '\u202e', '\u0000'];
function anyFilters(seed: number): Filters {
  const next = random(seed);
  const pick = <T,>(from: readonly T[]) => from[Math.floor(next() * from.length)]!;
  const word = () => Array.from({ length: Math.floor(next() * 6) }, () => pick(alphabet)).join('');
  let filters: Filters = { ...defaults, from: pick(['-15m', '-30d', 'mtd', '2026-04-01T00:00:00.000Z', '-7d']), tz: pick(['UTC', 'Europe/Berlin']), compare: next() < 0.5, q: word() };
  for (const key of [...dimensions, 'tags.team' as const, `tags.${word() || 'x'}` as const]) {
    if (next() < 0.4) filters = withValues(filters, key, Array.from({ length: 1 + Math.floor(next() * 3) }, word), next() < 0.3);
  }
  if (next() < 0.5) filters = withBound(filters, 'min_cost', '0.000001');
  if (next() < 0.5) filters = withFlag(filters, 'fallback', next() < 0.5);
  return filters;
}

describe('the address', () => {
  it('gives back any filters', () => {
    for (let seed = 1; seed <= 500; ++seed) {
      const filters = anyFilters(seed);
      expect(parseFilters(formatFilters(filters)), `seed ${seed}`).toEqual(filters);
    }
  });
  it('is canonical', () => {
    const one = parseFilters('?model=b,a&tenant=x&from=-7d&cmp=prev');
    expect(formatFilters(one)).toBe('?tenant=x&model=a,b');
    expect(formatFilters(parseFilters('?tenant=x&model=a,b'))).toBe(formatFilters(one));
  });
  it('names bad values and keeps what it does not know', () => {
    const filters = parseFilters('?from=yesterday&min_latency=abc&tz=Mars/Base&group=model&utm=1');
    expect(filters.ignored).toEqual(['from=yesterday', 'min_latency=abc', 'tz=Mars/Base']);
    expect(filters.from).toBe(defaults.from);
    expect(filters.extra).toEqual({ group: 'model', utm: '1' });
  });
  it('keeps the range when filters are cleared', () => expect(formatFilters(cleared(parseFilters('?from=-30d&tenant=a&q=x')))).toBe('?from=-30d'));
  it('freezes relative times', () => {
    const fixed = frozen(parseFilters('?from=-1h'), NOW);
    expect([fixed.from, fixed.to]).toEqual(['2026-04-24T12:07:42.000Z', '2026-04-24T13:07:42.000Z']);
  });
});

describe('what the API is asked', () => {
  const filters = parseFilters('?tenant=acme&model=!a,b&min_latency=800&min_cost=0.01&fallback=true&tags.team=core');
  it('as parameters', () => {
    expect(apiParams(filters, NOW)).toEqual({ from: '2026-04-17T13:07:42.000Z', to: '2026-04-24T13:07:42.000Z', tenant: 'acme', model: '!a,b', 'tags.team': 'core', min_cost: '0.01', min_latency: '800', fallback: 'true' });
  });
  it('with commas and a leading ! inside values', () => {
    expect(apiParams(withValues(withValues(defaults, 'workflow', ['a,b', '!c']), 'model', ['!x'], true), NOW)).toMatchObject({ workflow: '\\!c,a\\,b', model: '!\\!x' });
  });
  it('as a query', () => {
    expect(queryFilters(filters)).toEqual({ tenant: ['acme'], not: { model: ['a', 'b'] }, 'tags.team': ['core'], min_cost_usd: '0.01', min_latency_ms: 800, fallback: true });
  });
  it('a drill-down is narrower and has absolute times', () => {
    expect(receiptsHref(parseFilters('?tenant=acme&group=model'), NOW, { model: 'gpt-4o', 'tags.team': '' }))
      .toBe('/receipts?from=2026-04-17T13:07:42.000Z&to=2026-04-24T13:07:42.000Z&tenant=acme&model=gpt-4o&tags.team=');
  });
});

describe('ranges', () => {
  it('of the month begin at local midnight, also across daylight saving', () => {
    expect(resolve('mtd', '', 'Europe/Berlin', NOW).from.toISOString()).toBe('2026-03-31T22:00:00.000Z');
    expect(resolve('lm', '', 'Europe/Berlin', NOW)).toEqual({ from: new Date('2026-02-28T23:00:00Z'), to: new Date('2026-03-31T22:00:00Z') });
    expect(resolve('qtd', '', 'UTC', NOW).from.toISOString()).toBe('2026-04-01T00:00:00.000Z');
  });
  it('local times in the gap and in the doubled hour are instants', () => {
    expect(instant('Europe/Berlin', 2026, 9, 25, 2, 30).toISOString()).toBe('2026-10-25T00:30:00.000Z');
    expect(Number.isNaN(instant('Europe/Berlin', 2026, 2, 29, 2, 30).getTime())).toBe(false);
  });
  it('shift by their own length', () => expect(shift(resolve('-1h', '', 'UTC', NOW), -1).to.toISOString()).toBe('2026-04-24T12:07:42.000Z'));
  it.each([['-15m', 'minute'], ['-24h', 'hour'], ['-30d', 'day'], ['-90d', 'day']])('%s is drawn by %s', (from, interval) => expect(intervalOf(resolve(from, '', 'UTC', NOW))).toBe(interval));
});
