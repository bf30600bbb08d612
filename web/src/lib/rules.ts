// Alert rules: how they read, and the form's texts to and from what the API takes (docs/alerts.md).
import { useQuery } from '@tanstack/preact-query';
import { ask, askJson } from '@/lib/api';
import type { Severity } from '@/lib/alerts';
import { client } from '@/lib/query';
import { may } from '@/lib/session';

export const signals = ['measure', 'sustained', 'drift', 'anomaly', 'budget', 'budget_projection', 'lag', 'provider_health'] as const;
export type Signal = (typeof signals)[number];
export interface Mute {
  from: string;
  to: string;
  days: string[];
  time_zone: string;
}
export interface Rule {
  id: string;
  title: string;
  signal: Signal;
  measure?: string;
  above?: string;
  below?: string;
  clear: string;
  least?: string;
  window: string;
  baseline?: string;
  for: string;
  resolve_after: string;
  min_samples: number;
  severity: Severity;
  group_by: string[];
  filters: Record<string, string[]>;
  no_data: 'resolve' | 'keep' | 'alert';
  repeat: string;
  notify_resolved: boolean;
  enabled: boolean;
  mute: Mute[];
  managed: 'built_in' | 'file' | 'api';
  state: { firing: number; pending: number; evaluated: string | null; trouble: string };
}

export const signalText: Record<Signal, string> = {
  measure: 'A measure passes a threshold', sustained: 'A measure stays beyond a threshold', drift: 'A measure moved against an earlier time', anomaly: 'A measure is far from its usual',
  budget: 'A budget is used', budget_projection: 'A budget will not last', lag: 'Receipts arrive late', provider_health: 'A provider fails',
};
export const asksReceipts = (signal: Signal): boolean => signal === 'measure' || signal === 'sustained' || signal === 'drift' || signal === 'anomaly';

export const measures: readonly { key: string; label: string }[] = [
  { key: 'latency_p95', label: 'p95 latency' }, { key: 'latency_p50', label: 'Median latency' }, { key: 'latency_p99', label: 'p99 latency' }, { key: 'ttft_p50', label: 'Median time to first token' }, { key: 'ttft_p95', label: 'p95 time to first token' }, { key: 'ttft_p99', label: 'p99 time to first token' },
  { key: 'error_rate', label: 'Error rate' }, { key: 'fallback_rate', label: 'Fallback rate' }, { key: 'refusal_rate', label: 'Refusal rate' }, { key: 'cache_hit_rate', label: 'Cache hit rate' }, { key: 'confidence', label: 'Classifier confidence' },
  { key: 'cost', label: 'Cost' }, { key: 'charged', label: 'Charged' }, { key: 'savings', label: 'Savings' }, { key: 'avoided', label: 'Avoided by the cache' }, { key: 'unknown_cost', label: 'Receipts of unknown cost' },
  { key: 'requests', label: 'Requests' }, { key: 'attempts', label: 'Attempts' }, { key: 'tokens_input', label: 'Input tokens' }, { key: 'tokens_output', label: 'Output tokens' }, { key: 'throughput', label: 'Tokens a second' },
  { key: 'overhead_p95', label: 'p95 overhead' }, { key: 'overhead_p99', label: 'p99 overhead' }, { key: 'privacy_dropped', label: 'Candidates dropped for privacy' },
];
export const measureText = (measure: string): string => measures.find((one) => one.key === measure)?.label ?? measure.replaceAll('_', ' ');

/** What a threshold is counted in. */
export function unitOf(signal: Signal, measure: string): string {
  if (signal === 'drift' || signal === 'anomaly') return 'times';
  if (signal === 'lag') return 's';
  if (!asksReceipts(signal)) return '%';
  return measureUnit(measure);
}
export function measureUnit(measure: string): string {
  if (/^(latency|ttft)_/.test(measure)) return 'ms';
  if (/^overhead_/.test(measure)) return 'µs';
  if (/_rate$/.test(measure)) return '%';
  if (/^(cost|charged|baseline|savings|avoided)/.test(measure)) return 'USD';
  return measure === 'throughput' ? 'per second' : '';
}

// --- thresholds: shares are decimals in the API and per cents for people ----------------------------------------------

const shiftPoint = (text: string, by: number): string | null => {
  const found = /^(-?)(\d*)(?:\.(\d*))?$/.exec(text.trim());
  if (!found || (!found[2] && !found[3])) return null;
  const whole = found[2] ?? '';
  const digits = whole + (found[3] ?? '');
  const point = whole.length + by;
  const padded = point <= 0 ? '0'.repeat(1 - point) + digits : digits.padEnd(point, '0');
  const at = point <= 0 ? 1 : point;
  const left = padded.slice(0, at).replace(/^0+(?=\d)/, '') || '0';
  const right = padded.slice(at).replace(/0+$/, '');
  return `${found[1] ?? ''}${left}${right ? `.${right}` : ''}`;
};
export const toForm = (value: string | undefined, unit: string): string => (value === undefined ? '' : unit === '%' ? (shiftPoint(value, 2) ?? value) : value);
export const fromForm = (text: string, unit: string): string => (unit === '%' ? (shiftPoint(text.trim().replace(/\s*%$/, ''), -2) ?? text.trim()) : text.trim());

export function levelText(value: string | undefined, unit: string): string {
  if (value === undefined) return '—';
  if (unit === 'USD') return `$${value}`;
  if (unit === '%') return `${toForm(value, unit)}%`;
  return unit === 'times' ? `${value}×` : unit ? `${value} ${unit}` : value;
}

/** "15m" → "15 min". */
export const durationText = (text: string): string => text.replace(/^(\d+)h$/, (_, n: string) => (Number(n) % 24 === 0 && Number(n) >= 48 ? `${Number(n) / 24} days` : `${n} h`)).replace(/^(\d+)m$/, '$1 min').replace(/^(\d+)(ms|s)$/, '$1 $2');

/** "Error rate at or above 5% over 10 min for 3 min, per provider". */
export function conditionText(rule: Pick<Rule, 'signal' | 'measure' | 'above' | 'below' | 'window' | 'baseline' | 'for' | 'group_by'>): string {
  const unit = unitOf(rule.signal, rule.measure ?? '');
  const level = levelText(rule.above ?? rule.below, unit);
  const beyond = `${rule.above === undefined ? 'below' : 'at or above'} ${level}`;
  const hold = rule.for === '0h' || rule.for === '0s' ? '' : `, for ${durationText(rule.for)}`;
  const per = rule.group_by.length === 0 ? '' : `, per ${rule.group_by.join(' and ')}`;
  const measure = measureText(rule.measure ?? '');
  const over = durationText(rule.window);
  switch (rule.signal) {
    case 'measure': return `${measure} ${beyond} over ${over}${hold}${per}`;
    case 'sustained': return `${measure} ${beyond} in each quarter of ${over}${hold}${per}`;
    case 'drift': return `${measure} over ${over} ${beyond} of ${durationText(rule.baseline ?? '168h')} before${hold}${per}`;
    case 'anomaly': return `${measure} over ${over} ${beyond} of its usual at these hours${hold}${per}`;
    case 'budget': return `Budget used ${beyond}${hold}`;
    case 'budget_projection': return `Budget projected ${beyond} by its period’s end${hold}`;
    case 'lag': return `Receipts readable only after ${level}${hold}`;
    case 'provider_health': return `Share of a provider’s targets that cannot be used ${beyond}${hold}`;
  }
}
export const scopeText = (rule: Pick<Rule, 'filters'>): string => Object.entries(rule.filters).map(([key, values]) => `${key} ${values.join(' or ')}`).join(', ') || 'All requests';

// --- the form ---------------------------------------------------------------------------------------------------------

export interface Draft {
  id: string; title: string; signal: Signal; measure: string; bound: 'above' | 'below'; threshold: string; clear: string; least: string; window: string; baseline: string;
  for: string; resolve_after: string; min_samples: string; severity: Severity; group_by: string; filters: string; no_data: Rule['no_data']; repeat: string;
  notify_resolved: boolean; enabled: boolean; mute: Mute[];
}
export const emptyDraft: Draft = {
  id: '', title: '', signal: 'measure', measure: 'latency_p95', bound: 'above', threshold: '', clear: '', least: '', window: '15m', baseline: '168h', for: '5m', resolve_after: '5m', min_samples: '20',
  severity: 'warn', group_by: '', filters: '', no_data: 'resolve', repeat: '4h', notify_resolved: true, enabled: true, mute: [],
};
/** Fields as the server names them. */
export const ruleFields = ['id', 'title', 'signal', 'measure', 'above', 'below', 'clear', 'least', 'window', 'baseline', 'for', 'resolve_after', 'min_samples', 'severity', 'group_by', 'filters', 'no_data', 'repeat', 'mute'] as const;

export function draftOf(rule: Rule): Draft {
  const unit = unitOf(rule.signal, rule.measure ?? '');
  const threshold = toForm(rule.above ?? rule.below, unit);
  const clear = toForm(rule.clear, unit);
  return {
    ...emptyDraft, ...pick(rule), measure: rule.measure ?? 'latency_p95', bound: rule.above === undefined ? 'below' : 'above', threshold, clear: clear === threshold ? '' : clear,
    least: toForm(rule.least, measureUnit(rule.measure ?? '')), baseline: rule.baseline ?? '168h', min_samples: String(rule.min_samples), group_by: rule.group_by.join(', '),
    filters: Object.entries(rule.filters).map(([key, values]) => `${key} = ${values.join(', ')}`).join('\n'),
  };
}
const pick = ({ id, title, signal, window, for: hold, resolve_after, severity, no_data, repeat, notify_resolved, enabled, mute }: Rule) => ({ id, title, signal, window, for: hold, resolve_after, severity, no_data, repeat, notify_resolved, enabled, mute });

/** "model = a, b": one dimension a line. A line without "=" is given to the server as it is, which says what is wrong. */
export function filtersOf(text: string): Record<string, string[]> {
  const out: Record<string, string[]> = {};
  for (const line of text.split('\n').map((one) => one.trim()).filter(Boolean)) {
    const at = line.indexOf('=');
    const key = (at < 0 ? line : line.slice(0, at)).trim();
    out[key] = at < 0 ? [] : line.slice(at + 1).split(',').map((one) => one.trim()).filter(Boolean);
  }
  return out;
}

export type RuleBody = Record<string, unknown> & { id: string };
export function bodyOf(draft: Draft): RuleBody {
  const unit = unitOf(draft.signal, draft.measure);
  const asks = asksReceipts(draft.signal);
  const compared = draft.signal === 'drift' || draft.signal === 'anomaly';
  const samples = /^\d+$/.test(draft.min_samples.trim()) ? Number(draft.min_samples) : draft.min_samples.trim();
  return {
    id: draft.id.trim(), title: draft.title.trim(), signal: draft.signal, [draft.bound]: fromForm(draft.threshold, unit),
    ...(asks ? { measure: draft.measure, window: draft.window.trim(), min_samples: samples, group_by: draft.group_by.split(/[\s,]+/).filter(Boolean) } : {}),
    ...(draft.clear.trim() ? { clear: fromForm(draft.clear, unit) } : {}),
    ...(compared && draft.least.trim() ? { least: fromForm(draft.least, measureUnit(draft.measure)) } : {}),
    ...(draft.signal === 'drift' ? { baseline: draft.baseline.trim() } : {}),
    for: draft.for.trim() || '0s', resolve_after: draft.resolve_after.trim() || '0s', repeat: draft.repeat.trim() || '0s', severity: draft.severity, filters: filtersOf(draft.filters),
    no_data: draft.no_data, notify_resolved: draft.notify_resolved, enabled: draft.enabled, mute: draft.mute,
  };
}
/** A name from a title, as ids are made of. */
export const idOf = (title: string): string => title.toLowerCase().normalize('NFKD').replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 60);

// --- asking -----------------------------------------------------------------------------------------------------------

export const useRules = () => useQuery({ queryKey: ['alerts', 'rules'], queryFn: async ({ signal }) => (await askJson<{ rules: Rule[] }>('/api/v1/alerts/rules', { signal })).rules, enabled: may('viewer'), staleTime: 10_000 });
const changed = () => client.invalidateQueries({ queryKey: ['alerts'] });
const at = (id: string) => `/api/v1/alerts/rules/${encodeURIComponent(id)}`;
export async function saveRule(body: RuleBody, isNew: boolean) {
  await (isNew ? ask('/api/v1/alerts/rules', { method: 'POST', body }) : ask(at(body.id), { method: 'PUT', body }));
  await changed();
}
export async function patchRule(id: string, body: Record<string, unknown>) {
  await ask(at(id), { method: 'PATCH', body });
  await changed();
}
export async function removeRule(id: string) {
  await ask(at(id), { method: 'DELETE' });
  await changed();
}

export interface Fire {
  from: string;
  to: string;
  still: boolean;
  headline: string;
  labels: Record<string, string>;
}
export interface Preview {
  fired: number;
  minutes: number;
  step_s: number;
  from: string;
  to: string;
  fires: Fire[];
}
export const previewRule = (body: RuleBody) => askJson<Preview>('/api/v1/alerts/preview', { method: 'POST', body });
/** "Would have fired 3 times, 41 min in all." */
export function previewText({ fired, minutes }: Pick<Preview, 'fired' | 'minutes'>): string {
  if (fired === 0) return 'Would not have fired in the last 7 days.';
  const long = minutes >= 2880 ? `${Math.round(minutes / 1440)} days` : minutes >= 120 ? `${Math.round(minutes / 60)} h` : `${minutes} min`;
  return `Would have fired ${fired === 1 ? 'once' : `${fired} times`} in the last 7 days, ${long} in all.`;
}
