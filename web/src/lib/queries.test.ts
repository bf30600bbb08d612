import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defaults, withValues } from '@/lib/filters';
import * as queries from '@/lib/queries';
import { panelQuery } from '@/lib/query';

const header = (file: string) => readFileSync(new URL(`../../../src/store/${file}`, import.meta.url), 'utf8');
const names = (text: string, array: string) => [...(text.split(array)[1]?.split('};')[0] ?? '').matchAll(/"([a-z_0-9]+)"/g)].map((found) => found[1]);
const measures = names(header('query.h'), 'kMeasureNames = ');
const dimensions = names(header('filters.h'), 'kDimensionNames = ');
const receiptOnly = ['charged', 'baseline', 'savings', 'avoided', 'refusal_rate', 'cache_hit_rate', 'fallback_rate', 'receipts', 'requests'];

const all: [string, queries.Asked][] = [
  ...(['model', 'tenant', 'workflow', 'category', 'provider', 'region', 'key', 'status'] as const).flatMap((group): [string, queries.Asked][] => [
    [`overTime ${group}`, queries.overTime(group, 'cost', 'day')], [`latencyMap ${group}`, queries.latencyMap(group, 'hour')], [`sparks ${group}`, queries.sparks(group, 'day')],
    [`spendBy ${group}`, queries.spendBy(group, true)], [`savingsBy ${group}`, queries.savingsBy(group, true)], [`latencyBy ${group}`, queries.latencyBy(group, false)], [`latencyByFallback ${group}`, queries.latencyByFallback(group)],
  ]),
  ['sumOverTime', queries.sumOverTime(['cost'], 'day', true)], ['percentilesOverTime', queries.percentilesOverTime('ttft', 'hour', true)], ['spendByStatus', queries.spendByStatus(true)],
  ['mixBy', queries.mixBy(true)], ['mixLatency', queries.mixLatency()], ['savingsOverTime', queries.savingsOverTime('day')], ['savingsSteps', queries.savingsSteps('category')], ['costlier', queries.costlier()], ['matrix', queries.matrix(8)], ['latencyTotals', queries.latencyTotals(true)], ['receiptsWithAttempt', queries.receiptsWithAttempt('first')], ['attemptsByReason', queries.attemptsByReason()], ['tenants', queries.tenants(true)], ['tenantFigures', queries.tenantFigures(true)], ['tenantParts', queries.tenantParts('key', true)], ['evidence', queries.evidence()],
];

describe('every question', () => {
  it('is asked with names the server has', () => {
    expect(measures.length).toBeGreaterThan(30);
    expect(dimensions.length).toBeGreaterThan(10);
    for (const [name, panel] of all) {
      for (const measure of panel.measures) expect(measures, `${name}: ${measure}`).toContain(measure);
      for (const dimension of panel.dimensions ?? []) expect(dimensions, `${name}: ${dimension}`).toContain(dimension);
    }
  });
  it('orders and ranks by what it asks for, and names nothing twice', () => {
    for (const [name, panel] of all) {
      expect(new Set(panel.measures).size, name).toBe(panel.measures.length);
      for (const { by } of panel.order ?? []) expect([...panel.measures, ...(panel.dimensions ?? [])], name).toContain(by);
      if (panel.top) expect(panel.dimensions, name).toContain(panel.top.dimension);
      if (panel.dimensions?.includes('time')) expect(panel.interval, name).toBeDefined();
      expect(panel.dimensions?.length ?? 0, name).toBeLessThanOrEqual(6);
    }
  });
  it('asks of attempts nothing that only receipts have', () => {
    for (const measure of queries.attemptsByReason().measures) expect(receiptOnly).not.toContain(measure);
  });
});

describe('panelQuery', () => {
  const range = { from: new Date('2026-11-01T00:00:00Z'), to: new Date('2026-11-23T12:00:00Z') };
  it('adds the view to the panel and keeps what the panel itself filters', () => {
    const filters = withValues(withValues({ ...defaults, tz: 'Europe/Berlin' }, 'tenant', ['acme']), 'model', ['gpt-4o'], true);
    const query = panelQuery({ filters, range }, queries.receiptsWithAttempt('retry'));
    expect(query).toMatchObject({
      from: '2026-11-01T00:00:00.000Z', to: '2026-11-23T12:00:00.000Z', time_zone: 'Europe/Berlin', compare: false,
      filters: { tenant: ['acme'], not: { model: ['gpt-4o'] }, attempt_reason: ['retry'] },
    });
  });
});
