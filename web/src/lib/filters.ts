// The one filter grammar: what every view shows is its part of the address. Canonical: keys in a fixed order, values
// sorted, defaults left out, so that equal views have equal addresses. Keys that are unknown are kept; bad values are
// named in `ignored` and never make a blank page.
import { isRangeToken, type Range, resolve, validZone } from '@/lib/range';

export const dimensions = [
  'tenant', 'workflow', 'model', 'provider', 'category', 'region', 'key', 'status', 'end_user', 'requested_model', 'error_code',
  'endpoint', 'attempt_reason', 'router_version', 'policy_version',
] as const;
export type Dimension = (typeof dimensions)[number] | `tags.${string}`;
const bounds = ['min_cost', 'max_cost', 'min_latency', 'max_latency'] as const;
export type Bound = (typeof bounds)[number];
const flags = ['cache_hit', 'fallback', 'unknown_cost'] as const;
export type Flag = (typeof flags)[number];

export interface Values {
  values: readonly string[];
  exclude: boolean;
}
export interface Filters {
  from: string; // "-24h", "mtd", or an ISO instant
  to: string; // "" (now) or an ISO instant
  tz: string;
  compare: boolean;
  by: Readonly<Partial<Record<Dimension, Values>>>;
  bound: Readonly<Partial<Record<Bound, string>>>;
  flag: Readonly<Partial<Record<Flag, boolean>>>;
  trace_id: string;
  q: string;
  extra: Readonly<Record<string, string>>; // a view's own keys (group, tab, order, …) and what nobody knows
  ignored: readonly string[]; // "latency=abc"
}

export const defaults: Filters = { from: '-7d', to: '', tz: 'UTC', compare: true, by: {}, bound: {}, flag: {}, trace_id: '', q: '', extra: {}, ignored: [] };

export const isDimension = (key: string): key is Dimension => (dimensions as readonly string[]).includes(key) || /^tags\..+/s.test(key);
const isBound = (key: string): key is Bound => (bounds as readonly string[]).includes(key);
const isFlag = (key: string): key is Flag => (flags as readonly string[]).includes(key);

// A comma separates values and a leading "!" excludes them; inside a value both are written with a backslash.
const escape = (value: string) => value.replace(/[\\,]/g, '\\$&').replace(/^!/, '\\!');
function split(text: string): string[] {
  const out: string[] = [];
  let current = '';
  for (let i = 0; i < text.length; ++i) {
    const letter = text.charAt(i);
    if (letter === '\\' && i + 1 < text.length) {
      current += text.charAt(++i);
    } else if (letter === ',') {
      out.push(current);
      current = '';
    } else {
      current += letter;
    }
  }
  return [...out, current];
}
export function parseValues(text: string): Values {
  const exclude = text.startsWith('!');
  return { values: [...new Set(split(exclude ? text.slice(1) : text))].sort(), exclude };
}
export const formatValues = (filter: Values): string => (filter.exclude ? '!' : '') + [...new Set(filter.values)].sort().map(escape).join(',');

interface Draft {
  from: string; to: string; tz: string; compare: boolean; trace_id: string; q: string;
  by: Partial<Record<Dimension, Values>>; bound: Partial<Record<Bound, string>>; flag: Partial<Record<Flag, boolean>>; extra: Record<string, string>;
}

function take(draft: Draft, key: string, value: string): boolean {
  if (isDimension(key)) draft.by[key] = parseValues(value);
  else if (key === 'from' && isRangeToken(value)) draft.from = value;
  else if (key === 'to' && isRangeToken(value) && !value.startsWith('-')) draft.to = value;
  else if (key === 'tz' && validZone(value)) draft.tz = value;
  else if (key === 'cmp' && (value === 'none' || value === 'prev')) draft.compare = value === 'prev';
  else if (isBound(key) && (key.endsWith('cost') ? /^\d{1,9}(\.\d{1,12})?$/ : /^\d{1,9}$/).test(value)) draft.bound[key] = value;
  else if (isFlag(key) && (value === 'true' || value === 'false')) draft.flag[key] = value === 'true';
  else if (key === 'trace_id' && /^[0-9a-f]{32}$/.test(value)) draft.trace_id = value;
  else if (key === 'q') draft.q = value;
  else return false;
  return true;
}

const known = (key: string) => isDimension(key) || isBound(key) || isFlag(key) || ['from', 'to', 'tz', 'cmp', 'trace_id', 'q'].includes(key);

export function parseFilters(search: string): Filters {
  const draft: Draft = { from: defaults.from, to: '', tz: 'UTC', compare: true, trace_id: '', q: '', by: {}, bound: {}, flag: {}, extra: {} };
  const ignored: string[] = [];
  for (const [key, value] of new URLSearchParams(search)) {
    if (take(draft, key, value)) continue;
    if (known(key)) ignored.push(`${key}=${value.slice(0, 64)}`);
    else draft.extra[key] = value;
  }
  return { ...draft, ignored };
}

/** "?…" or "". */
export function formatFilters(filters: Filters): string {
  const out = new URLSearchParams();
  if (filters.from !== defaults.from) out.set('from', filters.from);
  if (filters.to) out.set('to', filters.to);
  if (filters.tz !== defaults.tz) out.set('tz', filters.tz);
  if (!filters.compare) out.set('cmp', 'none');
  for (const key of [...dimensions, ...tagKeys(filters)]) {
    const filter = filters.by[key];
    if (filter && filter.values.length > 0) out.set(key, formatValues(filter));
  }
  for (const key of bounds) if (filters.bound[key] !== undefined) out.set(key, filters.bound[key]);
  for (const key of flags) if (filters.flag[key] !== undefined) out.set(key, String(filters.flag[key]));
  if (filters.trace_id) out.set('trace_id', filters.trace_id);
  if (filters.q) out.set('q', filters.q);
  for (const key of Object.keys(filters.extra).sort()) out.set(key, filters.extra[key] ?? '');
  const text = out.toString().replaceAll('%2C', ',').replaceAll('%3A', ':').replaceAll('%21', '!');
  return text && `?${text}`;
}

export const tagKeys = (filters: Filters): Dimension[] => (Object.keys(filters.by) as Dimension[]).filter((key) => key.startsWith('tags.')).sort();
export const activeDimensions = (filters: Filters): Dimension[] => [...dimensions, ...tagKeys(filters)].filter((key) => (filters.by[key]?.values.length ?? 0) > 0);

// --- changes: each makes a new object --------------------------------------------------------------------------------

const without = <T extends object>(from: T, key: PropertyKey): T => Object.fromEntries(Object.entries(from).filter(([name]) => name !== key)) as T;
export function withValues(filters: Filters, key: Dimension, values: readonly string[], exclude = false): Filters {
  const by = without(filters.by, key);
  return { ...filters, by: values.length === 0 ? by : { ...by, [key]: { values: [...new Set(values)].sort(), exclude } } };
}
export const withRange = (filters: Filters, from: string, to = ''): Filters => ({ ...filters, from, to });
export function withBound(filters: Filters, key: Bound, value: string): Filters {
  const bound = without(filters.bound, key);
  return { ...filters, bound: value === '' ? bound : { ...bound, [key]: value } };
}
export function withFlag(filters: Filters, key: Flag, value: boolean | undefined): Filters {
  const flag = without(filters.flag, key);
  return { ...filters, flag: value === undefined ? flag : { ...flag, [key]: value } };
}
export function withExtra(filters: Filters, key: string, value: string): Filters {
  const extra = without(filters.extra, key);
  return { ...filters, extra: value === '' ? extra : { ...extra, [key]: value } };
}
/** Only what restricts receipts; the range, zone and comparison stay. */
export const cleared = (filters: Filters): Filters => ({ ...filters, by: {}, bound: {}, flag: {}, trace_id: '', q: '', ignored: [] });
export const withoutExtra = (filters: Filters): Filters => ({ ...filters, extra: {} });
export const hasFilters = (filters: Filters): boolean =>
  activeDimensions(filters).length + Object.keys(filters.bound).length + Object.keys(filters.flag).length > 0 || filters.trace_id !== '' || filters.q !== '';

export const rangeOf = (filters: Filters, now: number): Range => resolve(filters.from, filters.to, filters.tz, now);
/** Relative times become instants: what "Copy link" and every drill-down do. */
export function frozen(filters: Filters, now: number): Filters {
  const range = rangeOf(filters, now);
  return withRange(filters, range.from.toISOString(), range.to.toISOString());
}

/** A drill-down: the address of the receipts behind a number. `narrow` adds values; a range narrows the time. */
export function receiptsHref(filters: Filters, now: number, narrow: Partial<Record<Dimension, string>> = {}, range?: Range): string {
  let next = withoutExtra(frozen(filters, now));
  if (range) next = withRange(next, range.from.toISOString(), range.to.toISOString());
  for (const [key, value] of Object.entries(narrow)) if (value !== undefined) next = withValues(next, key as Dimension, [value]);
  return `/receipts${formatFilters(next)}`;
}

// --- what the API is asked -------------------------------------------------------------------------------------------

/** GET /api/v1/receipts and everything else that takes the same parameters. */
export function apiParams(filters: Filters, now: number): Record<string, string> {
  const range = rangeOf(filters, now);
  const out: Record<string, string> = { from: range.from.toISOString(), to: range.to.toISOString() };
  for (const key of activeDimensions(filters)) {
    const filter = filters.by[key];
    if (filter) out[key] = formatValues(filter);
  }
  for (const key of bounds) if (filters.bound[key] !== undefined) out[key] = filters.bound[key];
  for (const key of flags) if (filters.flag[key] !== undefined) out[key] = String(filters.flag[key]);
  if (filters.trace_id) out.trace_id = filters.trace_id;
  if (filters.q) out.q = filters.q;
  return out;
}

export interface QueryFilters {
  [dimension: string]: unknown;
}
/** `filters` of POST /api/v1/query. */
export function queryFilters(filters: Filters): QueryFilters {
  const out: QueryFilters = {};
  const not: Record<string, readonly string[]> = {};
  for (const key of activeDimensions(filters)) {
    const filter = filters.by[key];
    if (filter?.exclude) not[key] = filter.values;
    else if (filter) out[key] = filter.values;
  }
  if (Object.keys(not).length > 0) out.not = not;
  if (filters.bound.min_cost) out.min_cost_usd = filters.bound.min_cost;
  if (filters.bound.max_cost) out.max_cost_usd = filters.bound.max_cost;
  if (filters.bound.min_latency) out.min_latency_ms = Number(filters.bound.min_latency);
  if (filters.bound.max_latency) out.max_latency_ms = Number(filters.bound.max_latency);
  for (const key of flags) if (filters.flag[key] !== undefined) out[key] = filters.flag[key];
  if (filters.trace_id) out.trace_id = filters.trace_id;
  if (filters.q) out.q = filters.q;
  return out;
}
