import { describe, expect, it } from 'vitest';
import { defaults, withValues } from '@/lib/filters';
import { parseUsd } from '@/lib/money';
import { entriesOf, hasOthers, ledgerFilters, passes, type Posting, wholeHours } from '@/views/spend/postings';

const posting = (changes: Partial<Posting>): Posting => ({
  period_start: '2026-11-23T17:00:00.000000Z', tenant: 'acme', workflow: 'w', category: 'c', provider: 'p', model_id: 'm', meter: 'input_tokens', basis: 'metered', correction: false,
  quantity: '100', cost_usd: '0.1', charged_usd: '0', unknown_lines: 0, ...changes,
});

describe('entriesOf', () => {
  it('sums meters exactly and tokens by side', () => {
    const [entry] = entriesOf([posting({}), posting({ meter: 'cache_read_tokens', quantity: '7', cost_usd: '0.000000000001' }), posting({ meter: 'output_tokens', quantity: '5', cost_usd: '0.2' }), posting({ meter: 'requests', quantity: '9', cost_usd: '0' })]);
    expect(entry).toMatchObject({ kind: 'Usage', input: 107, output: 5, amount: parseUsd('0.300000000001') });
  });
  it('keeps corrections and reservations apart, newest and dearest first', () => {
    const entries = entriesOf([posting({ period_start: '2026-11-23T16:00:00Z' }), posting({ correction: true, cost_usd: '-0.5' }), posting({ basis: 'reservation', cost_usd: '2' }), posting({})]);
    expect(entries.map(({ kind, amount }) => [kind, amount])).toEqual([['Reserved', parseUsd('2')], ['Usage', parseUsd('0.1')], ['Correction', parseUsd('-0.5')], ['Usage', parseUsd('0.1')]]);
  });
  it('is unknown where no amount is known', () => {
    expect(entriesOf([posting({ cost_usd: null, unknown_lines: 1 })])[0]).toMatchObject({ amount: null, unknown: 1 });
  });
});

it('filters by what postings have, and says what they have not', () => {
  const filters = withValues(withValues(defaults, 'tenant', ['acme']), 'model', ['m'], true);
  expect([passes(filters)(posting({})), passes(filters)(posting({ model_id: 'n' })), passes(filters)(posting({ tenant: 'x', model_id: 'n' }))]).toEqual([false, true, false]);
  expect(hasOthers(filters)).toBe(false);
  const other = withValues(filters, 'status', ['error']);
  expect([hasOthers(other), Object.keys(ledgerFilters(other).by)]).toEqual([true, ['tenant', 'model']]);
});

it('compares whole hours only', () => {
  const at = (text: string) => Date.parse(text);
  expect(wholeHours(at('2026-11-23T10:20:00Z'), at('2026-11-23T13:59:00Z'))).toEqual({ from: new Date('2026-11-23T11:00:00Z'), to: new Date('2026-11-23T13:00:00Z') });
  expect(wholeHours(at('2026-11-23T10:20:00Z'), at('2026-11-23T11:10:00Z'))).toBeNull();
});
