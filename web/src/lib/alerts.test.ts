import { describe, expect, test } from 'vitest';
import { type AlertEvent, budgetReceipts, passes, receiptsOf, silenceOf, viewOf, withEvent } from '@/lib/alerts';
import { defaults, parseFilters, withValues } from '@/lib/filters';

const event: AlertEvent = {
  sequence: 7, at: '2026-11-24T10:00:00Z', kind: 'firing', incident: 'inc_1', rule: 'error-rate', severity: 'critical', title: 'Many errors', headline: 'error rate 12 % on provider openai', figures: '', reason: 'error rate at or above 5 % (rule error-rate)',
  note: '', tenant: '', labels: { provider: 'openai' }, value: '0.12', worst: '0.2', threshold: '0.05', unit: 'share', samples: 40, since: '2026-11-24T09:50:00Z', acknowledged_by: '',
  receipts: '/api/v1/receipts?from=2026-11-24T09:40:00.000001Z&to=2026-11-24T10:00:00Z&provider=openai&status=error',
};
const range = { from: new Date('2026-11-24T00:00:00Z'), to: new Date('2026-11-25T00:00:00Z') };
const all = { show: 'all', kind: '', rule: '' } as const;

describe('choosing events', () => {
  test('by time, half-open', () => {
    expect(passes(event, defaults, range, all)).toBe(true);
    expect(passes({ ...event, at: '2026-11-25T00:00:00Z' }, defaults, range, all)).toBe(false);
  });
  test('by the dimensions of its labels, and by tenant', () => {
    expect(passes(event, withValues(defaults, 'provider', ['openai']), range, all)).toBe(true);
    expect(passes(event, withValues(defaults, 'provider', ['openai'], true), range, all)).toBe(false);
    expect(passes(event, withValues(defaults, 'tenant', ['acme']), range, all)).toBe(false);
    expect(passes({ ...event, tenant: 'acme' }, withValues(defaults, 'tenant', ['acme']), range, all)).toBe(true);
  });
  test('by what it is', () => {
    expect(passes(event, defaults, range, { ...all, show: 'good' })).toBe(false);
    expect(passes({ ...event, severity: 'ok' }, defaults, range, { ...all, show: 'good' })).toBe(true);
    expect(passes(event, defaults, range, { ...all, rule: 'other' })).toBe(false);
    expect(passes(event, { ...defaults, q: 'MANY' }, range, all)).toBe(true);
  });
});

test('receipts: the server’s question, in the zone of the view', () => {
  const href = receiptsOf(event, null, 'Europe/Zurich');
  expect(parseFilters(href.split('?')[1] ?? '')).toMatchObject({ from: '2026-11-24T09:40:00.000001Z', to: '2026-11-24T10:00:00Z', by: { provider: { values: ['openai'] }, status: { values: ['error'] } }, tz: 'Europe/Zurich', ignored: [] });
  expect(parseFilters(receiptsOf({ ...event, receipts: 'nonsense' }, null, 'UTC').split('?')[1] ?? '').by).toEqual({});
});

test('receipts of a budget: those that it has counted', () => {
  const found = parseFilters(budgetReceipts({ scope: { tenant: 'acme', workflow: '' }, period: 'month' }, Date.parse('2026-11-24T10:00:00Z'), 'UTC').split('?')[1] ?? '');
  expect(found).toMatchObject({ from: '2026-11-01T00:00:00.000Z', to: '2026-11-24T10:00:00.000Z', by: { tenant: { values: ['acme'] } } });
  expect(found.by).not.toHaveProperty('workflow');
});

test('views', () => {
  expect(viewOf(event, defaults)).toMatchObject({ label: 'Latency' });
  expect(viewOf(event, defaults)?.href).toContain('provider=openai');
  expect(viewOf({ ...event, labels: { budget: 'b', tenant: 'acme' } }, defaults)?.href).toBe('/spend?from=2026-11-24T09:40:00.000001Z&to=2026-11-24T10:00:00Z&tenant=acme&rows=caps');
  expect(viewOf({ ...event, reason: 'cache hit rate at or above 40 %' }, defaults)?.label).toBe('Model mix');
  expect(viewOf({ ...event, reason: 'lag at or above', rule: 'projection-lag' }, defaults)?.label).toBe('Providers');
  expect(viewOf({ ...event, reason: 'something new', rule: 'x' }, defaults)).toBeNull();
});

test('silences hold what all of them says', () => {
  const held = { id: 's', rule: 'error-*', tenant: '', labels: { provider: 'openai' }, until: '2026-11-25T00:00:00Z', by: 'key ops', comment: '' };
  const now = Date.parse('2026-11-24T12:00:00Z');
  expect(silenceOf([held], event, now)).toBe(held);
  expect(silenceOf([{ ...held, labels: { provider: 'other' } }], event, now)).toBeUndefined();
  expect(silenceOf([{ ...held, rule: 'budget-*' }], event, now)).toBeUndefined();
  expect(silenceOf([held], event, Date.parse(held.until))).toBeUndefined();
});

test('a streamed event comes first, and once', () => {
  const pages = { pages: [{ events: [event], next: null }], pageParams: [0] };
  const next = { ...event, sequence: 8 };
  expect(withEvent(pages, next)?.pages[0]?.events.map((one) => one.sequence)).toEqual([8, 7]);
  expect(withEvent(pages, event)).toBe(pages);
  expect(withEvent(undefined, event)).toBeUndefined();
});
