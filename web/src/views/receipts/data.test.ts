import { afterEach, describe, expect, it } from 'vitest';
import { defaults } from '@/lib/filters';
import { session } from '@/lib/session';
import { listParams, offered, orderOf } from '@/views/receipts/data';

const ordered = (order: string, dir = '') => ({ ...defaults, extra: { order, dir } });
const signedIn = (charged_only: boolean) => { session.value = { charged_only } as NonNullable<typeof session.value>; };
afterEach(() => { session.value = null; });

describe('the order of receipts', () => {
  it('is what the address says, if the server knows it', () => {
    expect(orderOf(ordered('cost'))).toEqual({ order: 'cost', desc: true });
    expect(orderOf(ordered('latency', 'asc'))).toEqual({ order: 'latency', desc: false });
    expect(orderOf(ordered('name'))).toEqual({ order: 'time', desc: true });
  });
  it('is never by cost for a reseller’s tenant, whatever the address says', () => {
    signedIn(true);
    expect(orderOf(ordered('cost')).order).toBe('time');
    expect(orderOf(ordered('latency')).order).toBe('latency');
    expect(listParams({ filters: ordered('cost'), now: 0 })).toMatchObject({ order: 'time' });
    expect([offered('cost', true), offered('latency', true), offered('cost', false)]).toEqual([false, true, true]);
  });
});
