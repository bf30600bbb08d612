// The columns of a list of receipts. A dimension's value filters the list: click adds it, Alt-click excludes it.
import type { ReceiptRow } from '@/lib/receipt';
import { type Dimension, withValues } from '@/lib/filters';
import type { FilterState } from '@/lib/state';
import { Count, ModelName, Money, Ms, Name, StatusTag, Time } from '@/ui/figures';
import type { VCol } from '@/ui/vtable';
import { middle } from '@/lib/format';
import { Link } from 'wouter-preact';

export interface ReceiptCol extends VCol<ReceiptRow> {
  order?: 'time' | 'cost' | 'latency'; // what the server sorts by
  csv: (row: ReceiptRow) => string | number | null;
}

function Value({ state, dimension, text, mono = false }: { state: FilterState; dimension: Dimension; text: string; mono?: boolean }) {
  if (text === '') return <span class="mut">—</span>;
  return (
    <button type="button" tabIndex={-1} class="cell-link" title={`Click filters by it, Alt-click excludes it: ${text.slice(0, 300)}`}
      onClick={(event) => state.set(withValues(state.filters, dimension, [text], event.altKey))}>
      {mono ? <ModelName id={text} /> : <Name text={text} />}
    </button>
  );
}

const dimension = (key: string, head: string, width: string, by: Dimension, of: (row: ReceiptRow) => string, state: FilterState, mono = false): ReceiptCol => ({
  key, head, width, csv: of, cell: (row) => <Value state={state} dimension={by} text={of(row)} mono={mono} />,
});

export const defaultColumns = ['time', 'status', 'tenant', 'workflow', 'category', 'model', 'cost', 'latency', 'attempts'];

export function allColumns(state: FilterState, href: (row: ReceiptRow) => string): ReceiptCol[] {
  return [
    { key: 'time', head: 'Time', width: 'minmax(134px, 1.1fr)', order: 'time', csv: (row) => row.created_at, cell: (row) => <Link class="cell-link" href={href(row)} tabIndex={-1}><Time value={row.created_at} /></Link> },
    { key: 'status', head: 'Status', width: '112px', csv: (row) => row.status, cell: (row) => <StatusTag status={row.status} /> },
    dimension('tenant', 'Tenant', 'minmax(96px, 1fr)', 'tenant', (row) => row.tenant, state),
    dimension('workflow', 'Workflow', 'minmax(110px, 1fr)', 'workflow', (row) => row.workflow, state),
    dimension('category', 'Category', 'minmax(112px, 0.8fr)', 'category', (row) => row.category, state),
    dimension('model', 'Model', 'minmax(136px, 1.3fr)', 'model', (row) => row.model_id, state, true),
    dimension('provider', 'Provider', 'minmax(100px, 0.8fr)', 'provider', (row) => row.provider, state),
    dimension('region', 'Region', 'minmax(90px, 0.7fr)', 'region', (row) => row.region, state),
    dimension('requested', 'Requested', 'minmax(120px, 1fr)', 'requested_model', (row) => row.requested_model, state, true),
    dimension('key', 'API key', 'minmax(110px, 1fr)', 'key', (row) => row.api_key_id, state),
    dimension('end_user', 'End user', 'minmax(110px, 1fr)', 'end_user', (row) => row.end_user, state),
    dimension('error', 'Error', 'minmax(120px, 1fr)', 'error_code', (row) => row.error_code, state),
    { key: 'cost', head: 'Cost', width: '104px', right: true, order: 'cost', csv: (row) => row.cost_usd, cell: (row) => <><Money value={row.cost_usd} as="unit" />{row.cost_basis === 'reservation' && <span class="mut" title="what was reserved: the request was interrupted"> r</span>}</> },
    { key: 'charged', head: 'Charged', width: '112px', right: true, csv: (row) => row.charged_usd, cell: (row) => <Money value={row.charged_usd} as="unit" /> },
    { key: 'savings', head: 'Saved', width: '112px', right: true, csv: (row) => row.savings_usd, cell: (row) => <Money value={row.savings_usd} as="unit" /> },
    { key: 'latency', head: 'Latency', width: '92px', right: true, order: 'latency', csv: (row) => row.latency_ms, cell: (row) => <Ms value={row.latency_ms} /> },
    { key: 'ttft', head: 'First token', width: '104px', right: true, csv: (row) => row.ttft_ms, cell: (row) => <Ms value={row.ttft_ms} /> },
    { key: 'attempts', head: 'Attempts', width: '84px', right: true, csv: (row) => row.attempts, cell: (row) => <Count value={row.attempts} /> },
    { key: 'count', head: 'Requests', width: '90px', right: true, csv: (row) => row.count, cell: (row) => <Count value={row.count} /> },
    { key: 'http', head: 'HTTP', width: '70px', right: true, csv: (row) => row.http_status, cell: (row) => <span class="n">{row.http_status || '—'}</span> },
    { key: 'id', head: 'Receipt', width: '150px', csv: (row) => row.receipt_id, cell: (row) => <Link class="cell-link mono" href={href(row)} tabIndex={-1} title={row.receipt_id}>{middle(row.receipt_id, 9, 5)}</Link> },
  ];
}
