// Caps: what is used, when they are reached, what a change would do. Money is picodollars.
import { useQuery } from '@tanstack/preact-query';
import { ask, askJson, type Schemas } from '@/lib/api';
import { type Money, parseUsd, toNumber } from '@/lib/money';
import { client } from '@/lib/query';

export type Budget = Schemas['Budget'];
export type BudgetInput = Schemas['BudgetNew'];
export type Scope = Budget['scope'];
export const scopeKeys = ['tenant', 'workflow', 'key', 'model', 'end_user'] as const;

const MOST_PAGES = 20; // of 1000
/** All objects of a list, page by page. */
export async function listAll<T>(path: string, field: string, signal?: AbortSignal): Promise<T[]> {
  const out: T[] = [];
  let after: string | null = null;
  for (let page = 0; page < MOST_PAGES; ++page) {
    const answer: Record<string, unknown> = await askJson(path, { query: { limit: '1000', ...(after ? { after } : {}) }, ...(signal ? { signal } : {}) });
    out.push(...((answer[field] ?? []) as T[]));
    after = (answer.next as string | null | undefined) ?? null;
    if (!after) break;
  }
  return out;
}

export const useBudgets = () => useQuery({ queryKey: ['budgets'], queryFn: ({ signal }) => listAll<Budget>('/api/v1/budgets', 'budgets', signal), staleTime: 5000 });

export interface Use {
  used: Money; // spent and held
  cap: Money;
  share: number;
}
export function usageOf(budget: Budget): Use {
  const used = (parseUsd(budget.state.spent_usd) ?? 0n) + (parseUsd(budget.state.held_usd) ?? 0n);
  const cap = parseUsd(budget.cap_usd) ?? 0n;
  return { used, cap, share: cap > 0n ? toNumber(used) / toNumber(cap) : 1 };
}

/** When the cap is reached if money goes on as it went in this period; null: not in it. */
export function reaches(budget: Budget, now: number): Date | null {
  const { used, cap } = usageOf(budget);
  const start = Date.parse(budget.state.period_start ?? '');
  const end = Date.parse(budget.state.period_ends ?? '');
  if (used >= cap) return new Date(now);
  if (Number.isNaN(start) || Number.isNaN(end) || used <= 0n || now <= start) return null;
  const at = start + ((now - start) * toNumber(cap)) / toNumber(used);
  return at < end ? new Date(at) : null;
}

/** The tightest first. */
export const byShare = (a: Budget, b: Budget): number => usageOf(b).share - usageOf(a).share;
export const budgetsOf = (budgets: readonly Budget[], dimension: string, value: string): Budget[] =>
  budgets.filter((budget) => (budget.scope as Record<string, string | undefined>)[dimension] === value).sort(byShare);

export const scopeText = (scope: Scope): string => {
  const parts = scopeKeys.map((key) => scope[key]).filter((value) => value);
  return parts.length === 0 ? 'All requests' : parts.join(' · ');
};
export const periodText: Record<Budget['period'], string> = { day: 'a day', month: 'a month', total: 'in all' };
export const actionText: Record<Budget['on_exceed'], string> = { refuse: 'Refuses', downgrade: 'Downgrades', clamp: 'Clamps the answer' };

/** An amount as people type it: no sign, at most 12 decimals, more than nothing. */
export function capError(text: string): string | null {
  if (!/^\d{1,9}(\.\d{1,12})?$/.test(text.trim())) return 'An amount in US dollars, like 250 or 0.50.';
  return (parseUsd(text.trim()) ?? 0n) > 0n ? null : 'More than nothing.';
}

/** What a cap would have done in periods that are over or run: those whose cost is above it. */
export const exceeded = (costs: readonly (Money | null)[], cap: Money): number => costs.filter((cost) => cost !== null && cost > cap).length;

const changed = () => client.invalidateQueries({ queryKey: ['budgets'] });
export async function createBudget(body: BudgetInput) {
  await ask('/api/v1/budgets', { method: 'POST', body });
  await changed();
}
/** Only what was seen is changed: a budget that somebody else changed meanwhile is refused by its version. */
export async function replaceBudget(budget: Budget, changes: Partial<Pick<Budget, 'cap_usd' | 'on_exceed' | 'warn_levels'>>) {
  const { scope, period, cap_usd, measure, on_exceed, warn_levels } = { ...budget, ...changes };
  await ask(`/api/v1/budgets/${encodeURIComponent(budget.id)}`, { method: 'PUT', body: { scope, period, cap_usd, measure, on_exceed, warn_levels }, headers: budget.version === null ? {} : { 'if-match': String(budget.version) } });
  await changed();
}
export async function deleteBudget(budget: Budget) {
  await ask(`/api/v1/budgets/${encodeURIComponent(budget.id)}`, { method: 'DELETE', headers: budget.version === null ? {} : { 'if-match': String(budget.version) } });
  await changed();
}
export async function unblockBudget(budget: Budget) {
  await ask(`/api/v1/budgets/${encodeURIComponent(budget.id)}/unblock`, { method: 'POST' });
  await changed();
}
