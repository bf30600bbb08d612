// A row for each tenant: money, rates, speed, the tightest cap, keys. The name opens the tenant's page, figures their receipts.
import { Link } from 'wouter-preact';
import { Spark } from '@/charts/small';
import { bucketsOf } from '@/lib/buckets';
import { budgetsOf, usageOf } from '@/lib/budgets';
import { sortBy, sorting } from '@/lib/choice';
import { receiptsHref } from '@/lib/filters';
import { count } from '@/lib/format';
import { toNumber } from '@/lib/money';
import { Grid, labelOf } from '@/lib/series';
import { chargedOnly } from '@/lib/session';
import { type FilterState, viewHref } from '@/lib/state';
import { presentRows, previous, type Row, rowsOf } from '@/lib/table';
import { Card, EmptyState, Loaded } from '@/ui/card';
import { Count, Delta, Money, Ms, Name } from '@/ui/figures';
import { type Col, Table } from '@/ui/table';
import { CapUse } from '@/views/spend/captag';
import type { Tenants } from '@/views/tenants/data';
import { RateCell, rates } from '@/views/tenants/rates';

export const tenantHref = (state: FilterState, id: string): string => viewHref(`/tenants/${encodeURIComponent(id)}`, state.filters);

function columns(state: FilterState, all: Tenants): Col<Row>[] {
  const buckets = bucketsOf(state.range, all.interval, state.filters.tz);
  const trends = new Grid(rowsOf(all.trends.data), 'tenant', () => 0);
  const href = (row: Row) => receiptsHref(state.filters, state.now, { tenant: row.text('tenant') });
  const linked = (of: (row: Row) => preact.ComponentChildren) => (row: Row) => <Link class="cell-link" href={href(row)} tabIndex={-1}>{of(row)}</Link>;
  const name = (row: Row) => all.objects.data?.find((one) => one.id === row.text('tenant'))?.name;
  const cap = (row: Row) => budgetsOf(all.budgets.data ?? [], 'tenant', row.text('tenant'))[0];
  const keys = (row: Row) => all.keys.data?.filter((key) => key.tenant === row.text('tenant')).length ?? null;
  return [
    { key: 'tenant', head: 'Tenant', sortable: true, cell: (row) => <span class="two"><b class="strong"><Name text={labelOf('tenant', row.text('tenant'))} /></b>{name(row) && name(row) !== row.text('tenant') && <small class="mut"><Name text={name(row) ?? ''} /></small>}</span> },
    { key: 'cost', head: chargedOnly() ? 'Charged' : 'Spend', right: true, sortable: true, cell: linked((row) => <b class="strong"><Money value={row.money('cost')} as="cents" /></b>) },
    ...(state.filters.compare ? [{ key: 'change', head: 'Change', right: true, cell: (row: Row) => <Delta now={row.money('cost')} before={row.money(previous('cost'))} good="down" /> }] : []),
    { key: 'trend', head: 'Trend', cell: (row) => <Spark label={`Cost of ${labelOf('tenant', row.text('tenant'))} over time`} values={buckets.map((bucket) => toNumber(trends.money([row.text('tenant')], [bucket], 'cost') ?? 0n))} /> },
    { key: 'requests', head: 'Requests', right: true, sortable: true, cell: linked((row) => <Count value={row.number('requests')} />) },
    { key: 'receipts', head: 'Receipts', right: true, sortable: true, cell: linked((row) => <Count value={row.number('receipts')} />) },
    ...(chargedOnly() ? [] : [
      { key: 'savings', head: 'Saved', right: true, sortable: true, cell: linked((row) => <Money value={row.money('savings')} as="cents" />) },
    ]),
    ...rates.map(({ key, head }): Col<Row> => ({ key, head, right: true, sortable: true, cell: (row) => <RateCell state={state} row={row} rate={key} /> })),
    { key: 'latency_p95', head: 'p95', right: true, sortable: true, cell: linked((row) => <Ms value={row.number('latency_p95')} />) },
    { key: 'cap', head: 'Tightest cap', sortable: true, cell: (row) => { const found = cap(row); return found ? <CapUse budget={found} wide /> : <span class="mut">{all.budgets.data ? 'No cap' : '—'}</span>; } },
    { key: 'keys', head: 'Keys', right: true, sortable: true, cell: (row) => <span class="n">{count(keys(row))}</span> },
  ];
}

export function TenantRows({ state, all }: { state: FilterState; all: Tenants }) {
  const [sort, setSort] = sorting(state, { key: 'cost', desc: true });
  const value = (row: Row): number | bigint | string | null => {
    const cap = budgetsOf(all.budgets.data ?? [], 'tenant', row.text('tenant'))[0];
    if (sort.key === 'tenant') return row.text('tenant');
    if (sort.key === 'cost' || sort.key === 'savings') return row.money(sort.key);
    if (sort.key === 'cap') return cap ? usageOf(cap).share : null;
    if (sort.key === 'keys') return all.keys.data?.filter((key) => key.tenant === row.text('tenant')).length ?? null;
    return row.number(sort.key);
  };
  return (
    <Card class="c12 dense" title="Tenants" sub="the name opens a tenant’s page, figures open their receipts">
      <Loaded of={all.table} height={260}>
        {(data) => <Table label="Tenants" cols={columns(state, all)} rows={sortBy(presentRows(data), value, sort.desc)} rowKey={(row) => row.text('tenant')} sort={sort} onSort={setSort} href={(row) => tenantHref(state, row.text('tenant'))} empty={<EmptyState title="No receipt in this range" />} />}
      </Loaded>
    </Card>
  );
}
