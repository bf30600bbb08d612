import { expect, test } from 'vitest';
import { type Channel, channelBody, differences, guardrails, type Key, linesOfPrices, pricesOf, settingsOf, successor } from '@/lib/admin';

const key: Key = { id: 'a', tenant: 't', role: 'tenant', max_cost_per_request_usd: '0.5', min_quality: null, models: { allow: ['gpt-*'], deny: [] }, providers: {}, requests_per_minute: 60, tokens_per_minute: null, managed: 'api', version: 3 };

test('the next name of a key', () => {
  expect(successor('acme-key', [])).toBe('acme-key-2');
  expect(successor('acme-key-2', ['acme-key-3'])).toBe('acme-key-4');
  expect(successor('2024', [])).toBe('2024-2');
});

test('guardrails in words, only those that are set', () => expect(guardrails(key)).toEqual(['at most $0.5 a request', '60 requests a minute', 'only models gpt-*']));

test('a key in the place of another has its settings and nothing of its own', () => {
  expect(settingsOf(key)).toMatchObject({ tenant: 't', role: 'tenant', requests_per_minute: 60 });
  for (const own of ['id', 'managed', 'version']) expect(settingsOf(key)).not.toHaveProperty(own);
});

test('price plans as lines', () => {
  const prices = { 'gpt-4o': { input_tokens: '3', output_tokens: '12' }, '*': { input_tokens: '1.5' } };
  expect(pricesOf(linesOfPrices(prices))).toEqual(prices);
  expect(pricesOf('gpt-4o 3')).toBeNull();
  expect(pricesOf('\n')).toEqual({});
});

test('a channel goes back without what is only shown, and without secrets', () => {
  const channel: Channel = { id: 'm', kind: 'email', smtp: { host: 'h', port: 587, security: 'starttls', username: 'u', password_set: true }, from: 'a@b', to: ['c@d'], severities: [], tenants: [], rules: [], send_resolved: true, enabled: true, ca_file: '', managed: 'api' };
  expect(channelBody(channel, { enabled: false })).toEqual({ id: 'm', kind: 'email', smtp: { host: 'h', port: 587, security: 'starttls', username: 'u' }, from: 'a@b', to: ['c@d'], severities: [], tenants: [], rules: [], send_resolved: true, enabled: false });
});

test('what changed between two versions', () => {
  expect(differences({ a: 1, b: { c: [1], d: 'x' } }, { a: 1, b: { c: [2], d: 'x' }, e: null })).toEqual([{ path: 'b.c', before: '[1]', after: '[2]' }]);
  expect(differences(null, { a: 1 })).toEqual([{ path: '', before: '—', after: '{"a":1}' }]);
});
