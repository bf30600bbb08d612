import { describe, expect, it } from 'vitest';
import { allowed } from '@/lib/allowed';

const query = { measures: ['savings', 'cost', 'requests'], dimensions: ['tenant'], order: [{ by: 'savings', desc: true }, { by: 'requests' }], top: { dimension: 'tenant', by: 'savings', n: 5 }, filters: { min_cost_usd: '1', model: ['a'] } };

describe('what a reseller’s tenant may ask', () => {
  it('is everything for others', () => expect(allowed(query, false)).toBe(query));
  it('leaves out what tells the platform’s costs', () => {
    expect(allowed(query, true)).toEqual({ measures: ['cost', 'requests'], dimensions: ['tenant'], order: [{ by: 'requests' }], top: { dimension: 'tenant', by: 'requests', n: 5 }, filters: { model: ['a'] } });
  });
  it('has no amounts of attempts', () => expect(allowed({ measures: ['attempts', 'cost'], dimensions: ['attempt_reason'] }, true).measures).toEqual(['attempts']));
  it('still asks something', () => expect(allowed({ measures: ['savings'] }, true).measures).toEqual(['receipts']));
});
