// What fires, what happened, and where each event leads. The server words it; here are types, places and the stream.
import { useInfiniteQuery, useQuery } from '@tanstack/preact-query';
import { ask, askJson } from '@/lib/api';
import type { Budget } from '@/lib/budgets';
import { defaults, type Dimension, type Filters, formatFilters, isDimension, parseFilters, receiptsHref, withRange, withValues } from '@/lib/filters';
import { type About, ACTIVE, isProblem, type Labels, type Severity } from '@/lib/firing';
import { client } from '@/lib/query';
import type { Range } from '@/lib/range';
import { chargedOnly, may } from '@/lib/session';

export { ACTIVE, type Active, isProblem, type Labels, severities, type Severity, useActive } from '@/lib/firing';
export type EventKind = 'firing' | 'reminder' | 'resolved' | 'acknowledged';
export interface AlertEvent extends About {
  sequence: number;
  at: string;
  kind: EventKind;
  note: string;
  samples: number;
}
export interface EventPage {
  events: AlertEvent[];
  next: number | null;
}

export const severityText: Record<Severity, string> = { critical: 'Critical', warn: 'Warning', info: 'Info', ok: 'Good news' };

// --- asking ----------------------------------------------------------------------------------------------------------

const EVENTS = ['alerts', 'events'];
const PAGE = 500;
export const useEvents = () =>
  useInfiniteQuery({
    queryKey: EVENTS,
    queryFn: ({ pageParam, signal }) => askJson<EventPage>('/api/v1/alerts/events', { query: { limit: String(PAGE), ...(pageParam ? { before: String(pageParam) } : {}) }, signal }),
    initialPageParam: 0,
    getNextPageParam: (last) => last.next,
    enabled: !chargedOnly(),
    retry: false,
    staleTime: 30_000,
  });

interface Pages {
  pages: EventPage[];
  pageParams: unknown[];
}
/** An event that came by the stream: before the others, once. */
export function withEvent(pages: Pages | undefined, event: AlertEvent): Pages | undefined {
  const first = pages?.pages[0];
  if (!pages || !first || pages.pages.some((page) => page.events.some((one) => one.sequence === event.sequence))) return pages;
  return { ...pages, pages: [{ ...first, events: [event, ...first.events] }, ...pages.pages.slice(1)] };
}
export function took(event: AlertEvent) {
  client.setQueryData<Pages>(EVENTS, (pages) => withEvent(pages, event));
  void client.invalidateQueries({ queryKey: ACTIVE });
  void client.invalidateQueries({ queryKey: ['alerts', 'rules'] });
}
export const reloadAlerts = () => client.invalidateQueries({ queryKey: ['alerts'] });

export async function acknowledge(incident: string) {
  await ask(`/api/v1/alerts/incidents/${encodeURIComponent(incident)}/acknowledge`, { method: 'POST' });
  await reloadAlerts();
}

export interface Silence {
  id: string;
  rule: string;
  tenant: string;
  labels: Labels;
  until: string;
  by: string;
  comment: string;
}
export const useSilences = () =>
  useQuery({ queryKey: ['alerts', 'silences'], queryFn: async ({ signal }) => (await askJson<{ silences: Silence[] }>('/api/v1/alerts/silences', { signal })).silences, enabled: may('viewer'), staleTime: 10_000 });
export async function silence(body: { rule: string; tenant?: string; labels: Labels; until: string; comment: string }) {
  await ask('/api/v1/alerts/silences', { method: 'POST', body });
  await reloadAlerts();
}
export async function endSilence(id: string) {
  await ask(`/api/v1/alerts/silences/${encodeURIComponent(id)}`, { method: 'DELETE' });
  await reloadAlerts();
}
/** The same rule as the server's: which silence holds an alert's messages back. */
export function silenceOf(silences: readonly Silence[], one: Pick<About, 'rule' | 'tenant' | 'labels'>, now: number): Silence | undefined {
  const matches = (pattern: string) => pattern === '' || (pattern.endsWith('*') ? one.rule.startsWith(pattern.slice(0, -1)) : pattern === one.rule);
  return silences.find((held) => Date.parse(held.until) > now && matches(held.rule) && (held.tenant === '' || held.tenant === one.tenant) && Object.entries(held.labels).every(([key, value]) => one.labels[key] === value));
}

// --- choosing --------------------------------------------------------------------------------------------------------

export type Show = 'all' | 'problems' | 'good' | 'info';
export interface Choice {
  show: Show;
  kind: EventKind | '';
  rule: string;
}
/** A range that ends now has no end for what is streamed. */
export const openRange = (filters: Filters, range: Range): Range => (filters.to === '' ? { from: range.from, to: new Date(8.64e15) } : range);
/** Whether an event passes the filters of the address: the range, the dimensions that its labels have, and the view's own. */
export function passes(event: AlertEvent, filters: Filters, range: Range, choice: Choice): boolean {
  const at = Date.parse(event.at);
  if (at < range.from.getTime() || at >= range.to.getTime()) return false;
  return passesWhat(event, filters) && passesChoice(event, choice);
}
export function passesWhat(one: Pick<About, 'tenant' | 'labels' | 'headline' | 'title'>, filters: Filters): boolean {
  for (const [key, filter] of Object.entries(filters.by)) {
    if (!filter || filter.values.length === 0) continue;
    const value = one.labels[key] ?? (key === 'tenant' ? one.tenant : '');
    if (filter.values.includes(value) === filter.exclude) return false;
  }
  const words = filters.q.toLowerCase();
  return words === '' || `${one.headline} ${one.title}`.toLowerCase().includes(words);
}
function passesChoice(event: AlertEvent, { show, kind, rule }: Choice): boolean {
  if (show === 'problems' && !isProblem(event)) return false;
  if (show === 'good' && event.severity !== 'ok') return false;
  if (show === 'info' && event.severity !== 'info') return false;
  return (kind === '' || event.kind === kind) && (rule === '' || event.rule === rule);
}

// --- where it leads --------------------------------------------------------------------------------------------------

/** The receipts behind an alert, in the address's own grammar. A budget's are those it has counted in its period. */
export function receiptsOf(one: About, until: string | null, tz: string, budgets: readonly Budget[] = []): string {
  const budget = budgets.find((held) => held.id === one.labels.budget);
  if (budget) return budgetReceipts(budget, until === null ? Date.now() : Date.parse(until), tz);
  const query = one.receipts.split('?')[1] ?? '';
  return `/receipts${formatFilters({ ...parseFilters(query), tz, extra: {}, ignored: [] })}`;
}
const DAY = 86_400_000;
export function budgetReceipts(budget: Pick<Budget, 'scope' | 'period'>, until: number, tz: string): string {
  const date = new Date(until);
  const from = budget.period === 'day' ? new Date(Math.floor(until / DAY) * DAY) : budget.period === 'month' ? new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)) : new Date(until - 365 * DAY);
  const scope = Object.fromEntries(Object.entries(budget.scope).filter(([, value]) => value));
  return receiptsHref({ ...defaults, tz }, until, scope, { from, to: date });
}

export interface Place {
  href: string;
  label: string;
}
const path = (rule: string): Place => {
  if (/budget/.test(rule)) return { href: '/spend', label: 'Spend' };
  if (/provider|lag/.test(rule)) return { href: '/settings/providers', label: 'Providers' };
  return { href: '/receipts', label: 'Search' };
};
/** The view that explains an alert, narrowed to what it is about. */
export function viewOf(one: Pick<About, 'rule' | 'reason' | 'labels' | 'tenant' | 'receipts'>, filters: Filters): Place | null {
  const what = one.reason.toLowerCase();
  const named = (label: string, href: string): Place => ({ label, href: href + formatFilters(about(one, filters)) });
  if (one.labels.budget !== undefined) return { label: 'Spend', href: `/spend${formatFilters({ ...about(one, filters), extra: { rows: 'caps' } })}` };
  if (/^(median latency|p9\d latency|p95 time|latency|ttft|overhead|throughput|fallback|error|refusal)/.test(what)) return named('Latency', '/latency');
  if (/^(cache|classifier|requests|tokens)/.test(what)) return named('Model mix', '/mix');
  if (/^(spend|cost|charged|unknown cost)/.test(what)) return named('Spend', '/spend');
  if (/^(savings|avoided|baseline)/.test(what)) return named('Savings', '/savings');
  if (/^privacy/.test(what)) return named('Tenants', '/tenants');
  const found = path(one.rule);
  return found.href === '/receipts' ? null : found;
}
function about(one: Pick<About, 'labels' | 'tenant' | 'receipts'>, filters: Filters): Filters {
  const range = parseFilters(one.receipts.split('?')[1] ?? '');
  let next: Filters = withRange({ ...defaults, tz: filters.tz }, range.from, range.to);
  for (const [key, value] of Object.entries(one.labels)) if (isDimension(key) && value !== '') next = withValues(next, key as Dimension, [value]);
  return next;
}

export const incidentHref = (one: Pick<About, 'rule' | 'incident'>, search = ''): string => `/alerts/${encodeURIComponent(one.rule)}/${encodeURIComponent(one.incident)}${search}`;
