// Objects that are made through the API: tenants, keys, channels. Changes send back what was seen and is not in the form, so
// that nothing is lost; If-Match refuses to overwrite what somebody else changed meanwhile.
import { useQuery } from '@tanstack/preact-query';
import { ask, askJson, type Schemas } from '@/lib/api';
import type { Severity } from '@/lib/alerts';
import { listAll } from '@/lib/budgets';
import { client } from '@/lib/query';
import { may } from '@/lib/session';

export type Tenant = Schemas['Tenant'];
export type Key = Schemas['Key'];
export type NewKey = Schemas['NewKey'];

type Kind = 'tenants' | 'keys';
const list = <T>(kind: Kind) => ({ queryKey: ['admin', kind], queryFn: ({ signal }: { signal: AbortSignal }) => listAll<T>(`/api/v1/${kind}`, kind, signal), staleTime: 10_000 });
export const useTenants = () => useQuery(list<Tenant>('tenants'));
export const useKeys = () => useQuery(list<Key>('keys'));

const changed = (kind: Kind) => client.invalidateQueries({ queryKey: ['admin', kind] });
export async function create<T>(kind: Kind, body: Record<string, unknown>): Promise<T> {
  const made = await askJson<T>(`/api/v1/${kind}`, { method: 'POST', body });
  await changed(kind);
  return made;
}
const match = (version: number | null) => (version === null ? {} : { 'if-match': String(version) });
/** `seen` with `changes` laid over it, but for what cannot be changed. */
export async function replace(kind: Kind, seen: Tenant | Key, changes: Record<string, unknown>) {
  const fixed = new Set(['id', 'managed', 'version', 'tenant', 'key']);
  const body = { ...Object.fromEntries(Object.entries(seen).filter(([name]) => !fixed.has(name))), ...changes };
  await ask(`/api/v1/${kind}/${encodeURIComponent(seen.id)}`, { method: 'PUT', body, headers: match(seen.version) });
  await changed(kind);
}
export async function remove(kind: Kind, seen: Tenant | Key) {
  await ask(`/api/v1/${kind}/${encodeURIComponent(seen.id)}`, { method: 'DELETE', headers: match(seen.version) });
  await changed(kind);
}

// --- keys ------------------------------------------------------------------------------------------------------------

/** A key's own settings, for another one in its place. */
export const settingsOf = (key: Key): Record<string, unknown> => Object.fromEntries(Object.entries(key).filter(([name]) => !['id', 'managed', 'version', 'key'].includes(name)));
/** "acme-key" → "acme-key-2" → "acme-key-3". */
export function successor(id: string, taken: readonly string[]): string {
  const found = /^(.*?)-(\d{1,6})$/.exec(id);
  const base = found?.[1] ?? id;
  for (let n = found ? Number(found[2]) + 1 : 2; ; ++n) if (!taken.includes(`${base}-${n}`)) return `${base}-${n}`;
}
/** What a key may not do, in words. */
export function guardrails(key: Key): string[] {
  const out: string[] = [];
  if (key.max_cost_per_request_usd !== null) out.push(`at most $${key.max_cost_per_request_usd} a request`);
  if (key.requests_per_minute !== null) out.push(`${key.requests_per_minute} requests a minute`);
  if (key.tokens_per_minute !== null) out.push(`${key.tokens_per_minute} tokens a minute`);
  if (key.min_quality !== null) out.push(`quality from ${key.min_quality}`);
  out.push(...listText('models', key.models), ...listText('providers', key.providers));
  return out;
}
export function listText(what: string, { allow = [], deny = [] }: Schemas['AllowList']): string[] {
  return [...(allow.length > 0 ? [`only ${what} ${allow.join(', ')}`] : []), ...(deny.length > 0 ? [`no ${what} ${deny.join(', ')}`] : [])];
}

// --- price plans: "model meter = price" lines --------------------------------------------------------------------------

export type Prices = Record<string, Record<string, string>>;
export const linesOfPrices = (prices: Prices): string => Object.entries(prices).flatMap(([model, meters]) => Object.entries(meters).map(([meter, price]) => `${model} ${meter} = ${price}`)).join('\n');
/** null: a line that cannot be read. */
export function pricesOf(text: string): Prices | null {
  const out: Prices = {};
  for (const line of text.split('\n').map((one) => one.trim()).filter(Boolean)) {
    const found = /^(\S+)\s+([a-z0-9_]+)\s*=\s*(\S+)$/.exec(line);
    if (!found) return null;
    const [, model = '', meter = '', price = ''] = found;
    out[model] = { ...out[model], [meter]: price };
  }
  return out;
}

// --- channels --------------------------------------------------------------------------------------------------------

export const channelKinds = ['webhook', 'email', 'slack', 'pagerduty'] as const;
export type ChannelKind = (typeof channelKinds)[number];
export interface Channel {
  id: string;
  kind: ChannelKind;
  smtp?: { host: string; port: number; security: 'starttls' | 'tls' | 'none'; username: string; password_set: boolean };
  from?: string;
  to?: string[];
  url_shown?: string;
  secret_set?: boolean;
  routing_key_set?: boolean;
  severities: Severity[];
  tenants: string[];
  rules: string[];
  send_resolved: boolean;
  enabled: boolean;
  ca_file: string;
  managed: 'file' | 'api';
}
export const useChannels = () => useQuery({ queryKey: ['alerts', 'channels'], queryFn: async ({ signal }) => (await askJson<{ channels: Channel[] }>('/api/v1/alerts/channels', { signal })).channels, enabled: may('viewer'), staleTime: 10_000 });
const channelAt = (id: string) => `/api/v1/alerts/channels/${encodeURIComponent(id)}`;
const channelsChanged = () => client.invalidateQueries({ queryKey: ['alerts', 'channels'] });
export async function saveChannel(body: Record<string, unknown> & { id: string }, isNew: boolean) {
  await (isNew ? ask('/api/v1/alerts/channels', { method: 'POST', body }) : ask(channelAt(body.id), { method: 'PUT', body }));
  await channelsChanged();
}
export async function removeChannel(id: string) {
  await ask(channelAt(id), { method: 'DELETE' });
  await channelsChanged();
}
export interface TestResult {
  delivered: boolean;
  status: number;
  detail: string;
}
export const testChannel = (id: string) => askJson<TestResult>(`${channelAt(id)}/test`, { method: 'POST' });

const without = (object: object, names: readonly string[]) => Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
/** A channel as it is sent back: secrets are left out, which keeps them while the receiver stays. */
export function channelBody(channel: Channel, changes: Partial<Channel> = {}): Record<string, unknown> & { id: string } {
  const { smtp } = channel;
  return { ...without({ ...channel, ...changes }, ['url_shown', 'secret_set', 'routing_key_set', 'managed', 'ca_file', 'smtp']), id: channel.id, ...(smtp ? { smtp: without(smtp, ['password_set']) } : {}) };
}

// --- providers, changes -------------------------------------------------------------------------------------------------

export type Providers = Schemas['Providers'];
export const useProviders = () => useQuery({ queryKey: ['admin', 'providers'], queryFn: ({ signal }) => askJson<Providers>('/api/v1/providers', { signal }), enabled: may('viewer'), refetchInterval: 15_000, staleTime: 5000 });
export type AuditEntry = Schemas['AuditEntry'];

/** Paths and values that differ between two versions of an object. */
export function differences(before: unknown, after: unknown, path = ''): { path: string; before: string; after: string }[] {
  if (isObject(before) && isObject(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort().flatMap((key) => differences(before[key], after[key], path ? `${path}.${key}` : key));
  }
  const [a, b] = [textOf(before), textOf(after)];
  return a === b ? [] : [{ path, before: a, after: b }];
}
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (value === undefined || value === null ? '—' : typeof value === 'string' ? value : JSON.stringify(value));
