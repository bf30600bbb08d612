// A row for each value: percentiles, first choice and after fallback apart, the router's own time.
import { Link } from 'wouter-preact';
import { enough } from '@/lib/amounts';
import { sortBy, sorting } from '@/lib/choice';
import { drillHref } from '@/lib/drill';
import { count, decimal } from '@/lib/format';
import { labelOf } from '@/lib/series';
import type { FilterState } from '@/lib/state';
import { presentRows, previous, type Row, rowsOf } from '@/lib/table';
import { Card, EmptyState, Loaded } from '@/ui/card';
import { Count, Delta, Micros, ModelName, Ms, Name, Pct } from '@/ui/figures';
import { Exactness } from '@/ui/notices';
import { type Col, Table } from '@/ui/table';
import { choicesOf, type Latency } from '@/views/latency/data';
import { groupNames } from '@/views/latency/map';
import { tailHref } from '@/views/latency/kpis';
import { withValues } from '@/lib/filters';

const byKey = (rows: readonly Row[], group: string, fell: boolean) => new Map(rows.filter((row) => row.text('fallback') === String(fell)).map((row) => [row.text(group), row]));

export function LatencyRows({ state, latency }: { state: FilterState; latency: Latency }) {
  const { group: [group] } = choicesOf(state);
  const [sort, setSort] = sorting(state, { key: 'latency_p95', desc: true });
  const { filters, now } = state;
  return (
    <Card class="c12 dense" title={`By ${groupNames[group].toLowerCase()}`} sub="direct: kept the first model; fallback: needed another" foot={<Exactness tables={[latency.table.data]} />}>
      <Loaded of={latency.table} height={260}>
        {(data) => {
          if (!data.columns.some((column) => column.name === group)) return null;
          const all = presentRows(data);
          const keys = all.map((row) => row.text(group));
          const parts = rowsOf(latency.split.data);
          const [direct, fallback] = [byKey(parts, group, false), byKey(parts, group, true)];
          const href = (row: Row, fell?: boolean) => drillHref(filters, { now, ...(fell === undefined ? {} : { fallback: fell }) }, [[group, row.text(group), keys]]);
          const linked = (of: (row: Row) => preact.ComponentChildren) => (row: Row) => <Link class="cell-link" href={href(row)} tabIndex={-1}>{of(row)}</Link>;
          const split = (rows: ReadonlyMap<string, Row>, fell: boolean) => (row: Row) => {
            const found = rows.get(row.text(group));
            return <Link class="cell-link" href={href(row, fell)} title={`${count(found?.number('receipts') ?? 0)} receipts`}><Ms value={found?.number('latency_p95')} /></Link>;
          };
          const tail = (row: Row) => {
            const p99 = row.number('latency_p99');
            const own = row.text(group).startsWith('(') ? state : { ...state, filters: withValues(filters, group, [row.text(group)]) };
            return <Link class="cell-link" href={tailHref(own, p99)} title="the slowest: this and above" tabIndex={-1}><Ms value={p99} /></Link>;
          };
          const value = (row: Row) => (sort.key === 'direct' ? (direct.get(row.text(group))?.number('latency_p95') ?? null) : sort.key === 'fallback' ? (fallback.get(row.text(group))?.number('latency_p95') ?? null) : row.number(sort.key));
          const cols: Col<Row>[] = [
            { key: 'name', head: groupNames[group], cell: (row) => (group === 'model' && row.text(group) && !row.text(group).startsWith('(') ? <ModelName id={row.text(group)} /> : <b class="strong"><Name text={labelOf(group, row.text(group))} /></b>) },
            { key: 'receipts', head: 'Receipts', right: true, sortable: true, cell: linked((row) => <Count value={row.number('receipts')} />) },
            { key: 'latency_p50', head: 'p50', right: true, sortable: true, cell: linked((row) => <Ms value={row.number('latency_p50')} />) },
            { key: 'latency_p95', head: 'p95', right: true, sortable: true, cell: linked((row) => <b class="strong"><Ms value={row.number('latency_p95')} /></b>) },
            ...(filters.compare ? [{ key: 'change', head: 'Change', right: true, cell: (row: Row) => enough(row.number('receipts'), row.number(previous('receipts'))) && <Delta now={row.number('latency_p95')} before={row.number(previous('latency_p95'))} good="down" /> }] : []),
            { key: 'latency_p99', head: 'p99', right: true, sortable: true, cell: tail },
            { key: 'direct', head: 'p95 direct', right: true, sortable: true, cell: split(direct, false) },
            { key: 'fallback', head: 'p95 fallback', right: true, sortable: true, cell: split(fallback, true) },
            { key: 'ttft_p95', head: 'TTFT p95', right: true, sortable: true, cell: (row) => <Ms value={row.number('ttft_p95')} /> },
            { key: 'throughput', head: 'Tokens/s', right: true, sortable: true, cell: (row) => <span class="n">{decimal(row.number('throughput'), 1)}</span> },
            { key: 'overhead_p95', head: 'Router p95', right: true, sortable: true, cell: (row) => <Micros value={row.number('overhead_p95')} /> },
            { key: 'fallback_rate', head: 'Fell back', right: true, sortable: true, cell: (row) => <Link class="cell-link" href={href(row, true)} tabIndex={-1}><Pct value={row.number('fallback_rate')} /></Link> },
            { key: 'error_rate', head: 'Errors', right: true, sortable: true, cell: (row) => <Pct value={row.number('error_rate')} /> },
          ];
          return <Table label={`Latency by ${groupNames[group].toLowerCase()}`} cols={cols} rows={sortBy(all, value, sort.desc)} rowKey={(row) => row.text(group)} sort={sort} onSort={setSort} href={(row) => href(row)} empty={<EmptyState title="No request in this range" />} />;
        }}
      </Loaded>
    </Card>
  );
}
