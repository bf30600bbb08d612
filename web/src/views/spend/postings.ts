// The ledger's postings: read as lines of JSON, grouped over meters, with every amount exact.
import { ask } from '@/lib/api';
import type { Dimension, Filters } from '@/lib/filters';
import { type Money, parseUsd, sum } from '@/lib/money';
import { parseExact } from '@/lib/receipt';

export interface Posting {
  period_start: string;
  tenant: string;
  workflow: string;
  category: string;
  provider: string;
  model_id: string;
  meter: string;
  basis: string;
  correction: boolean;
  quantity: string;
  cost_usd?: string | null;
  charged_usd?: string | null;
  unknown_lines: number;
}
export interface Entry {
  key: string;
  at: string;
  kind: 'Usage' | 'Reserved' | 'Correction';
  tenant: string;
  workflow: string;
  model: string;
  input: number;
  output: number;
  amount: Money | null;
  unknown: number;
}

/** What the ledger itself can be narrowed by; other filters are about receipts. */
export const ledgerDimensions = ['tenant', 'workflow', 'category', 'provider', 'model'] as const satisfies readonly Dimension[];
export const ledgerFilters = (filters: Filters): Filters => ({
  ...filters, bound: {}, flag: {}, q: '', trace_id: '', extra: {},
  by: Object.fromEntries(Object.entries(filters.by).filter(([key]) => (ledgerDimensions as readonly string[]).includes(key))),
});
/** Whether the view has filters that postings cannot follow. */
export const hasOthers = (filters: Filters): boolean =>
  Object.keys(filters.by).some((key) => !(ledgerDimensions as readonly string[]).includes(key)) || Object.keys(filters.bound).length + Object.keys(filters.flag).length > 0 || filters.q !== '' || filters.trace_id !== '';

const field = { tenant: 'tenant', workflow: 'workflow', category: 'category', provider: 'provider', model: 'model_id' } as const;
export const passes = (filters: Filters) => (posting: Posting): boolean =>
  ledgerDimensions.every((dimension) => {
    const filter = filters.by[dimension];
    return !filter || filter.values.length === 0 || filter.values.includes(posting[field[dimension]]) !== filter.exclude;
  });

export async function readPostings(query: Record<string, string>, signal: AbortSignal): Promise<Posting[]> {
  const text = await (await ask('/api/v1/ledger', { query: { format: 'json', ...query }, signal })).text();
  return text.split('\n').filter(Boolean).map((line) => parseExact(line) as Posting);
}

const kindOf = (posting: Posting): Entry['kind'] => (posting.correction ? 'Correction' : posting.basis === 'reservation' ? 'Reserved' : 'Usage');
const isOutput = (meter: string) => /output|reasoning/.test(meter);
const isTokens = (meter: string) => meter.endsWith('_tokens');
/** What a tenant that is charged by a plan may see is the charge. */
const amountOf = (posting: Posting): Money | null => parseUsd(posting.cost_usd ?? (posting.cost_usd === undefined ? posting.charged_usd : null));

/** Newest first; within an hour the dearest first. */
export function entriesOf(postings: readonly Posting[]): Entry[] {
  const groups = new Map<string, Posting[]>();
  for (const posting of postings) {
    const key = [posting.period_start, kindOf(posting), posting.tenant, posting.workflow, posting.model_id].join('\n');
    groups.set(key, [...(groups.get(key) ?? []), posting]);
  }
  const tokens = (of: readonly Posting[], output: boolean) => of.filter((one) => isTokens(one.meter) && isOutput(one.meter) === output).reduce((total, one) => total + Number(one.quantity), 0);
  const entries = [...groups].flatMap(([key, of]): Entry[] => {
    const first = of[0];
    if (!first) return [];
    const amounts = of.map(amountOf).filter((amount) => amount !== null);
    return [{
      key, at: first.period_start, kind: kindOf(first), tenant: first.tenant, workflow: first.workflow, model: first.model_id, input: tokens(of, false), output: tokens(of, true),
      amount: amounts.length === 0 ? null : sum(amounts), unknown: of.reduce((total, one) => total + one.unknown_lines, 0),
    }];
  });
  return entries.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : Number((b.amount ?? 0n) - (a.amount ?? 0n)) || (a.key < b.key ? -1 : 1)));
}

const HOUR = 3_600_000;
/** The whole hours of a range: what can be compared with postings. null: there is none. */
/** The hours that a range touches: the ledger is kept by the hour, and the server has whole hours at hand. */
export const touchedHours = (from: number, to: number): { from: Date; to: Date } => ({ from: new Date(Math.floor(from / HOUR) * HOUR), to: new Date(Math.ceil(to / HOUR) * HOUR) });

export function wholeHours(from: number, to: number): { from: Date; to: Date } | null {
  const [first, last] = [Math.ceil(from / HOUR) * HOUR, Math.floor(to / HOUR) * HOUR];
  return last > first ? { from: new Date(first), to: new Date(last) } : null;
}
