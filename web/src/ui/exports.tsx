// Downloads that the server streams: complete, however long; the browser shows how far they are and can stop them.
import { ChevronDown, Download } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { apiParams } from '@/lib/filters';
import { useShortcuts } from '@/lib/keys';
import type { FilterState } from '@/lib/state';
import { intervalOf } from '@/lib/range';
import { moveFocus, Popover } from '@/ui/popover';

/** A panel of a view under all filters, as CSV. */
export function panelHref(state: FilterState, view: string, panel: string): string {
  const query = { view, panel, ...apiParams(state.filters, state.now), time_zone: state.filters.tz, interval: intervalOf(state.range) };
  return `/api/v1/export?${new URLSearchParams(query).toString()}`;
}

export interface ExportItem {
  label: string;
  note: string;
  href: string;
  name: string;
}
/** A menu of downloads. */
export function ExportMenu({ label, items }: { label: string; items: readonly ExportItem[] }) {
  const [trigger, setTrigger] = useState(0);
  useShortcuts([{ keys: 'e', label: 'Export', run: () => setTrigger(trigger + 1) }]);
  return (
    <Popover right class="btn" trigger={trigger} button={<><Download size={15} aria-hidden="true" />{label}<ChevronDown size={13} aria-hidden="true" /></>}>
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

/** The panels of a view, by the names that the API has for them. */
export const PanelExports = ({ state, view, panels }: { state: FilterState; view: string; panels: readonly (readonly [panel: string, label: string])[] }) => (
  <ExportMenu label="Export" items={[
    ...panels.map(([panel, label]) => ({ label, note: 'CSV under all filters, exact decimals', href: panelHref(state, view, panel), name: `${view}-${panel}.csv` })),
    { label: 'The receipts behind it', note: 'CSV, one line a receipt', href: `/api/v1/export?${new URLSearchParams({ view: 'receipts', ...apiParams(state.filters, state.now) }).toString()}`, name: 'receipts.csv' },
  ]} />
);
