// Who and what costs: a row for each, with its trend, unit cost and tightest cap.
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { Spark } from '@/charts/small';
import { perThousand } from '@/lib/amounts';
import { type Budget, budgetsOf } from '@/lib/budgets';
import { drillHref } from '@/lib/drill';
import { withExtra } from '@/lib/filters';
import { toNumber } from '@/lib/money';
import { Grid } from '@/lib/series';
import { type FilterState, viewHref } from '@/lib/state';
import { previous, type Row, rowsOf } from '@/lib/table';
import { Card, EmptyState, Loaded } from '@/ui/card';
import { Segment } from '@/ui/controls';
import { Count, Delta, ModelName, Money, Name } from '@/ui/figures';
import { type Col, type Sort, Table } from '@/ui/table';
import { Caps } from '@/views/spend/caps';
import { CapReach, CapState, CapUse } from '@/views/spend/captag';
import { axisOf, labelOf, type Spend, type SpendTable, tableOf } from '@/views/spend/data';

const titles: Record<SpendTable, string> = { tenant: 'Tenants and caps', workflow: 'Workflows', model: 'Models', caps: 'Caps' };

function columns(state: FilterState, group: 'tenant' | 'workflow' | 'model', rows: readonly Row[], trends: Grid, budgets: readonly Budget[]): Col<Row>[] {
  const { filters, now } = state;
  const keys = rows.map((row) => row.text(group));
  const buckets = axisOf(state);
  const href = (row: Row) => drillHref(filters, { now }, [[group, row.text(group), keys]]);
  const cap = (row: Row) => budgetsOf(budgets, group, row.text(group))[0];
  const linked = (of: (row: Row) => preact.ComponentChildren) => (row: Row) => <Link class="cell-link" href={href(row)} tabIndex={-1}>{of(row)}</Link>;
  return [
    { key: group, head: titles[group].split(' ')[0]?.replace(/s$/, '') ?? '', cell: (row) => (group === 'model' && row.text(group) && !row.text(group).startsWith('(') ? <ModelName id={row.text(group)} /> : <b class="strong"><Name text={labelOf(group, row.text(group))} /></b>) },
    { key: 'cost', head: 'Spend', right: true, sortable: true, cell: linked((row) => <b class="strong"><Money value={row.money('cost')} as="cents" /></b>) },
    ...(filters.compare ? [{ key: 'change', head: 'Change', right: true, cell: (row: Row) => <Delta now={row.money('cost')} before={row.money(previous('cost'))} good="down" /> }] : []),
    { key: 'trend', head: 'Trend', cell: (row) => <Spark label={`Cost of ${labelOf(group, row.text(group))} over time`} values={buckets.map((bucket) => toNumber(trends.money([row.text(group)], [bucket], 'cost') ?? 0n))} /> },
    { key: 'requests', head: 'Requests', right: true, sortable: true, cell: linked((row) => <Count value={row.number('requests')} />) },
    { key: 'unit', head: 'Per 1k', right: true, sortable: true, cell: (row) => <Money value={perThousand(row.money('cost'), row.number('requests'))} /> },
    { key: 'cap', head: 'Tightest cap', cell: (row) => { const found = cap(row); return found ? <CapUse budget={found} /> : <span class="mut">No cap</span>; } },
    { key: 'reach', head: 'Reaches cap', cell: (row) => { const found = cap(row); return found ? <CapReach budget={found} now={now} zone={filters.tz} /> : <span class="mut">—</span>; } },
    { key: 'state', head: 'Enforcement', right: true, cell: (row) => { const found = cap(row); return found ? <CapState budget={found} /> : <span class="mut">—</span>; } },
  ];
}

const sorted = (rows: readonly Row[], { key, desc }: Sort): Row[] => {
  const value = (row: Row): number => (key === 'cost' ? toNumber(row.money('cost')) : key === 'unit' ? toNumber(perThousand(row.money('cost'), row.number('requests'))) : (row.number(key) ?? Number.NaN));
  const known = (row: Row) => (Number.isNaN(value(row)) ? Number.NEGATIVE_INFINITY : value(row));
  return [...rows].sort((a, b) => (known(b) - known(a)) * (desc ? 1 : -1));
};

function Rows({ state, spend, budgets, group }: { state: FilterState; spend: Spend; budgets: readonly Budget[]; group: 'tenant' | 'workflow' | 'model' }) {
  const [sort, setSort] = useState<Sort>({ key: 'cost', desc: true });
  return (
    <Loaded of={spend.table} height={260}>
      {(data) => {
        const rows = rowsOf(data);
        if (rows.length > 0 && !data.columns.some((column) => column.name === group)) return null; // the rows of the table before
        const keys = rows.map((row) => row.text(group));
        const trends = new Grid(rowsOf(spend.trends.data), group, () => 0);
        return (
          <Table label={titles[group]} cols={columns(state, group, rows, trends, budgets)} rows={sorted(rows, sort)} rowKey={(row) => row.text(group)} sort={sort} onSort={setSort}
            href={(row) => drillHref(state.filters, { now: state.now }, [[group, row.text(group), keys]])} empty={<EmptyState title="No cost in this range"><p>No receipt passes all filters.</p></EmptyState>} />
        );
      }}
    </Loaded>
  );
}

export function SpendRows({ state, spend, budgets, error }: { state: FilterState; spend: Spend; budgets: readonly Budget[] | undefined; error: unknown }) {
  const rows = tableOf(state);
  const enforcing = (budgets ?? []).filter((budget) => budget.state.level !== 'blocked').length;
  const blocked = (budgets ?? []).length - enforcing;
  return (
    <Card class="c12" title={titles[rows]} sub={budgets && `${budgets.length} ${budgets.length === 1 ? 'cap' : 'caps'}, ${enforcing} enforcing${blocked > 0 ? `, ${blocked} blocked now` : ''}`}
      tools={<>
        <Segment label="Rows" value={rows} options={[{ key: 'tenant', label: 'Tenant' }, { key: 'workflow', label: 'Workflow' }, { key: 'model', label: 'Model' }, { key: 'caps', label: 'Caps' }]}
          onChange={(next) => state.set(withExtra(state.filters, 'rows', next === 'tenant' ? '' : next), { replace: true })} />
        {rows === 'tenant' && <Link class="btn sm gh" href={viewHref('/tenants', state.filters)}>All of tenants</Link>}
      </>}>
      {rows === 'caps' ? <Caps state={state} budgets={budgets} error={error} /> : <Rows state={state} spend={spend} budgets={budgets ?? []} group={rows} />}
    </Card>
  );
}
