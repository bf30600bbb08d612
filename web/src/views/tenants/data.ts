// What Tenants asks: of all of them, or of one.
import { useQuery } from '@tanstack/preact-query';
import type { Schemas } from '@/lib/api';
import { listAll, useBudgets } from '@/lib/budgets';
import { choice } from '@/lib/choice';
import { withValues } from '@/lib/filters';
import { overTime, sparks, tenantFigures, tenants, tenantParts } from '@/lib/queries';
import { usePanelOf } from '@/lib/query';
import { intervalOf } from '@/lib/range';
import type { FilterState } from '@/lib/state';

export type Tenant = Schemas['Tenant'];
export type Key = Schemas['Key'];
export const useTenantObjects = () => useQuery({ queryKey: ['tenants'], queryFn: ({ signal }) => listAll<Tenant>('/api/v1/tenants', 'tenants', signal), staleTime: 30_000 });
export const useKeyObjects = () => useQuery({ queryKey: ['keys'], queryFn: ({ signal }) => listAll<Key>('/api/v1/keys', 'keys', signal), staleTime: 30_000 });

export const measures = ['cost', 'requests'] as const;
export const choicesOf = (state: FilterState) => ({ measure: choice(state, 'of', measures, 'cost'), shape: choice(state, 'shape', ['amount', 'share'] as const, 'amount'), parts: choice(state, 'rows', ['model', 'workflow', 'key', 'category'] as const, 'model') });

export function useTenants(state: FilterState) {
  const { measure: [measure] } = choicesOf(state);
  const interval = intervalOf(state.range);
  return {
    interval,
    table: usePanelOf(state, tenants(state.filters.compare)),
    series: usePanelOf(state, overTime('tenant', measure, interval)),
    trends: usePanelOf(state, sparks('tenant', interval)),
    budgets: useBudgets(),
    keys: useKeyObjects(),
    objects: useTenantObjects(),
  };
}
export type Tenants = ReturnType<typeof useTenants>;

/** One tenant's page counts its receipts, whatever the address says of tenants; the address keeps what it says. */
export const ofTenant = (state: FilterState, tenant: string): FilterState => {
  const before = state.filters.by.tenant;
  return { ...state, filters: withValues(state.filters, 'tenant', [tenant]), set: (next, options) => state.set(before ? withValues(next, 'tenant', before.values, before.exclude) : withValues(next, 'tenant', []), options) };
};

export function useTenant(state: FilterState) {
  const { measure: [measure], parts: [parts] } = choicesOf(state);
  const interval = intervalOf(state.range);
  return {
    interval,
    totals: usePanelOf(state, tenantFigures(state.filters.compare)),
    series: usePanelOf(state, overTime('model', measure, interval)),
    parts: usePanelOf(state, tenantParts(parts, state.filters.compare)),
    budgets: useBudgets(),
    keys: useKeyObjects(),
    objects: useTenantObjects(),
  };
}
export type OneTenant = ReturnType<typeof useTenant>;
