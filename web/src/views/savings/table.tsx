// Who saved and who did not: a row each, losses as plain as gains.
import { Link } from 'wouter-preact';
import { sortBy, sorting } from '@/lib/choice';
import { drillHref } from '@/lib/drill';
import { labelOf } from '@/lib/series';
import { type FilterState, viewHref } from '@/lib/state';
import { presentRows, type Row, rowsOf, totalsOf } from '@/lib/table';
import { Card, EmptyState, Loaded } from '@/ui/card';
import { Segment } from '@/ui/controls';
import { Count, Delta, ModelName, Money, Name, Pct } from '@/ui/figures';
import { type Col, Table } from '@/ui/table';
import { choicesOf, type Savings, savedOf, type SavingsTable } from '@/views/savings/data';

const titles: Record<SavingsTable, string> = { tenant: 'Tenants', category: 'Categories', workflow: 'Workflows', model: 'Models' };
const heads: Record<SavingsTable, string> = { tenant: 'Tenant', category: 'Category', workflow: 'Workflow', model: 'Model' };

export const nameCell = (group: string, key: string) => (group === 'model' && key && !key.startsWith('(') ? <ModelName id={key} /> : <b class="strong"><Name text={labelOf(group, key)} /></b>);
/** Saved money, a loss in words too. */
export const SavedCell = ({ value }: { value: bigint | null }) => <b class={`strong ${value !== null && value < 0n ? 'bad' : ''}`}><Money value={value} as="cents" /></b>;

const value = (row: Row, key: string): number | bigint | string | null => {
  const saved = savedOf(row);
  if (key === 'saved') return saved.saved;
  if (key === 'share') return saved.share;
  if (key === 'actual') return saved.actual;
  if (key === 'baseline') return saved.baseline;
  return row.number(key);
};

function Rows({ state, rows: all, group }: { state: FilterState; rows: readonly Row[]; group: SavingsTable }) {
  const [sort, setSort] = sorting(state, { key: 'saved', desc: true });
  const keys = all.map((row) => row.text(group));
  const href = (row: Row) => drillHref(state.filters, { now: state.now }, [[group, row.text(group), keys]]);
  const linked = (of: (row: Row) => preact.ComponentChildren) => (row: Row) => <Link class="cell-link" href={href(row)} tabIndex={-1}>{of(row)}</Link>;
  const cols: Col<Row>[] = [
    { key: 'name', head: heads[group], cell: (row) => nameCell(group, row.text(group)) },
    { key: 'requests', head: 'Requests', right: true, sortable: true, cell: linked((row) => <Count value={row.number('requests')} />) },
    { key: 'receipts', head: 'Receipts', right: true, sortable: true, cell: linked((row) => <Count value={row.number('receipts')} />) },
    { key: 'baseline', head: 'Baseline', right: true, sortable: true, cell: linked((row) => <Money value={savedOf(row).baseline} as="cents" />) },
    { key: 'actual', head: 'Actual', right: true, sortable: true, cell: linked((row) => <Money value={savedOf(row).actual} as="cents" />) },
    { key: 'saved', head: 'Saved', right: true, sortable: true, cell: linked((row) => <SavedCell value={savedOf(row).saved} />) },
    { key: 'share', head: 'Share', right: true, sortable: true, cell: (row) => <Pct value={savedOf(row).share} /> },
    ...(state.filters.compare ? [{ key: 'change', head: 'Change', right: true, cell: (row: Row) => <Delta now={savedOf(row).saved} before={savedOf(row, true).saved} good="up" /> }] : []),
    { key: 'avoided', head: 'By the cache', right: true, cell: (row) => <Money value={row.money('avoided')} as="cents" /> },
  ];
  return <Table label={`Savings by ${heads[group].toLowerCase()}`} cols={cols} rows={sortBy(all, (row) => value(row, sort.key), sort.desc)} rowKey={(row) => row.text(group)} sort={sort} onSort={setSort} href={href} empty={<EmptyState title="Nothing to compare in this range" />} />;
}

export function SavingsRows({ state, savings }: { state: FilterState; savings: Savings }) {
  const { rows: [group, setGroup] } = choicesOf(state);
  return (
    <Card class="c12" title={titles[group]} tools={<>
      <Segment label="Rows" value={group} options={(Object.keys(heads) as SavingsTable[]).map((key) => ({ key, label: heads[key] }))} onChange={setGroup} />
      {group === 'tenant' && <Link class="btn sm gh" href={viewHref('/tenants', state.filters)}>All of tenants</Link>}
    </>}>
      <Loaded of={savings.table} height={260}>
        {(data) => (data.columns.some((column) => column.name === group) ? <Rows state={state} rows={presentRows(data)} group={group} /> : null)}
      </Loaded>
    </Card>
  );
}

/** The groups that cost more than their baseline, the worst first: each is one tenant's workflow, category and model. */
export function Losses({ state, savings }: { state: FilterState; savings: Savings }) {
  const href = (row: Row) => drillHref(state.filters, { now: state.now }, (['tenant', 'workflow', 'category', 'model'] as const).map((key) => [key, row.text(key), []] as const));
  const cols: Col<Row>[] = [
    ...(['tenant', 'workflow', 'category', 'model'] as const).map((key): Col<Row> => ({ key, head: { tenant: 'Tenant', workflow: 'Workflow', category: 'Category', model: 'Model' }[key], cell: (row) => (key === 'tenant' || key === 'model' ? nameCell(key, row.text(key)) : <Name text={labelOf(key, row.text(key))} />) })),
    { key: 'receipts', head: 'Receipts', right: true, cell: (row) => <Link class="cell-link" href={href(row)} tabIndex={-1}><Count value={row.number('receipts')} /></Link> },
    { key: 'baseline', head: 'Baseline', right: true, cell: (row) => <Money value={savedOf(row).baseline} /> },
    { key: 'actual', head: 'Actual', right: true, cell: (row) => <Money value={savedOf(row).actual} /> },
    { key: 'saved', head: 'Saved', right: true, cell: (row) => <b class="strong bad"><Money value={savedOf(row).saved} /></b> },
  ];
  return (
    <Card class="c12" title="Where it cost more" sub="than the baseline, worst first">
      <Loaded of={savings.losses} height={120}>
        {(data) => {
          const rows = rowsOf(data).filter((row) => (row.money('savings') ?? 0n) < 0n);
          if (rows.length === 0) return <p class="pad mut">{totalsOf(savings.table.data)?.money('savings') == null ? 'No baseline to compare with.' : 'No tenant’s workflow cost more than its baseline, by category and model.'}</p>;
          return <Table label="Where it cost more than the baseline" cols={cols} rows={rows} rowKey={(row) => ['tenant', 'workflow', 'category', 'model'].map(row.text).join('\n')} href={href} />;
        }}
      </Loaded>
    </Card>
  );
}
