// Downloads that the server streams: complete, however long; the browser shows how far they are and can stop them.
import { ChevronDown, Download } from 'lucide-preact';
import { apiParams, type Filters } from '@/lib/filters';
import type { FilterState } from '@/lib/state';
import { intervalOf } from '@/lib/range';
import { moveFocus, Popover } from '@/ui/popover';

const oneTenant = (filters: Filters): Record<string, string> => {
  const tenant = filters.by.tenant;
  return tenant && !tenant.exclude && tenant.values.length === 1 && tenant.values[0] ? { tenant: tenant.values[0] } : {};
};
export function ledgerHref(state: FilterState, format: 'csv' | 'focus-csv' | 'json', grain: 'hour' | 'day' | 'receipt'): string {
  const query = { format, grain, from: state.range.from.toISOString(), to: state.range.to.toISOString(), ...oneTenant(state.filters) };
  return `/api/v1/ledger?${new URLSearchParams(query).toString()}`;
}
export function panelHref(state: FilterState, view: string, panel: string): string {
  const query = { view, panel, ...apiParams(state.filters, state.now), time_zone: state.filters.tz, interval: intervalOf(state.range) };
  return `/api/v1/export?${new URLSearchParams(query).toString()}`;
}

/** A menu of downloads. */
export function ExportMenu({ label, items }: { label: string; items: readonly { label: string; note: string; href: string; name: string }[] }) {
  return (
    <Popover right class="btn" button={<><Download size={15} aria-hidden="true" />{label}<ChevronDown size={13} aria-hidden="true" /></>}>
      {(close) => (
        // The menu's own links are the interactive elements.
        // eslint-disable-next-line jsx-a11y/no-static-element-interactions
        <div onKeyDown={moveFocus}>
          {items.map((item) => <a key={item.label} class="menu-i two-lines" href={item.href} download={item.name} onClick={close}><span>{item.label}<small>{item.note}</small></span></a>)}
        </div>
      )}
    </Popover>
  );
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
