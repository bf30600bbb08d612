import { describe, expect, it } from 'vitest';
import type { ReceiptRow } from '@/lib/receipt';
import { Feed, RING } from '@/views/live/feed';

const row = (n: number, status: ReceiptRow['status'] = 'success') => ({ receipt_id: `rcpt_${n}`, status }) as ReceiptRow;

describe('the live list', () => {
  it('is newest first and does not move until it is flushed', () => {
    const feed = new Feed();
    feed.receipt(row(1), 0);
    feed.receipt(row(2), 0);
    expect(feed.shown).toEqual([]);
    expect(feed.held).toBe(2);
    expect(feed.flush()).toBe(true);
    expect(feed.shown.map((entry) => entry.key)).toEqual(['rcpt_2', 'rcpt_1']);
    expect(feed.flush()).toBe(false);
  });
  it('stays bounded and counts what a long hold does not keep', () => {
    const feed = new Feed();
    const n = RING * 7 + 13;
    for (let i = 0; i < n; ++i) feed.receipt(row(i), i);
    expect(feed.held).toBe(n);
    feed.flush();
    expect(feed.shown.length).toBe(RING);
    expect(feed.shown[0]?.key).toBe(`rcpt_${n - 1}`);
  });
  it('says how many were dropped here', () => {
    const feed = new Feed();
    for (let i = 0; i < RING * 2; ++i) feed.receipt(row(i), i);
    expect(feed.held).toBe(RING * 2);
  });
  it('shows gaps of the server in their place', () => {
    const feed = new Feed();
    feed.receipt(row(1), 0);
    feed.gap(312, 'rcpt_1', 'rcpt_9');
    feed.receipt(row(9, 'error'), 0);
    feed.flush();
    expect(feed.shown.map((entry) => (entry.kind === 'gap' ? entry.dropped : entry.key))).toEqual(['rcpt_9', 312, 'rcpt_1']);
    expect(feed.failed).toBe(1);
  });
  it('measures the rate of full seconds only', () => {
    const feed = new Feed();
    for (let i = 0; i < 30; ++i) feed.receipt(row(i), 10_000 + i * 100);
    expect(feed.rates(12_500).slice(-2)).toEqual([10, 10]);
  });
});
