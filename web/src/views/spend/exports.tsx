import type { Filters } from '@/lib/filters';
import type { FilterState } from '@/lib/state';
import { ExportMenu, panelHref } from '@/ui/exports';

const oneTenant = (filters: Filters): Record<string, string> => {
  const tenant = filters.by.tenant;
  return tenant && !tenant.exclude && tenant.values.length === 1 && tenant.values[0] ? { tenant: tenant.values[0] } : {};
};
export function ledgerHref(state: FilterState, format: 'csv' | 'focus-csv' | 'json', grain: 'hour' | 'day' | 'receipt'): string {
  const query = { format, grain, from: state.range.from.toISOString(), to: state.range.to.toISOString(), ...oneTenant(state.filters) };
  return `/api/v1/ledger?${new URLSearchParams(query).toString()}`;
}
export const Exports = ({ state }: { state: FilterState }) => (
  <ExportMenu label="Export ledger" items={[
    { label: 'FOCUS 1.4, by day', note: 'CSV for FinOps tools', href: ledgerHref(state, 'focus-csv', 'day'), name: 'ledger-focus-day.csv' },
    { label: 'FOCUS 1.4, by receipt', note: 'with each receipt’s id and tags', href: ledgerHref(state, 'focus-csv', 'receipt'), name: 'ledger-focus-receipt.csv' },
    { label: 'Postings by hour', note: 'CSV, exact decimals', href: ledgerHref(state, 'csv', 'hour'), name: 'ledger-hour.csv' },
    { label: 'Postings by day', note: 'CSV, exact decimals', href: ledgerHref(state, 'csv', 'day'), name: 'ledger-day.csv' },
    { label: 'Postings as JSON', note: 'one object a line', href: ledgerHref(state, 'json', 'hour'), name: 'ledger-hour.ndjson' },
    { label: 'Spend by tenant', note: 'CSV under all filters', href: panelHref(state, 'spend', 'by_tenant'), name: 'spend-by-tenant.csv' },
    { label: 'Spend by model', note: 'CSV under all filters', href: panelHref(state, 'spend', 'by_model'), name: 'spend-by-model.csv' },
  ]} />
);
