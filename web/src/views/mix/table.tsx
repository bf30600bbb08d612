// Each model: its shares, unit cost, expected quality, speed; and how requests came to it.
import { Link } from 'wouter-preact';
import { Matrix, type MatrixCell } from '@/charts/matrix';
import { sortBy, sorting } from '@/lib/choice';
import { drillHref } from '@/lib/drill';
import { count, decimal, money, percent } from '@/lib/format';
import { meanQuality } from '@/lib/models';
import { countOf, moneyOf, reasons } from '@/lib/reasons';
import { labelOf, OTHER } from '@/lib/series';
import type { FilterState } from '@/lib/state';
import { presentRows, previous, type Row, rowsOf, totalsOf } from '@/lib/table';
import { Card, EmptyState, ErrorCard, Loaded } from '@/ui/card';
import { Count, Delta, Money, ModelName, Ms, Name, Pct } from '@/ui/figures';
import { type Col, Table } from '@/ui/table';
import { costShare, type Mix, requestShare, unitCost } from '@/views/mix/data';

const modelCell = (id: string) => (id && !id.startsWith('(') ? <ModelName id={id} /> : <b class="strong"><Name text={labelOf('model', id)} /></b>);

function qualities(mix: Mix): (model: string) => number | null {
  const weights = new Map<string, Map<string, number>>();
  for (const row of rowsOf(mix.matrix.data)) {
    const own = weights.get(row.text('model')) ?? new Map<string, number>();
    own.set(row.text('category'), row.number('requests') ?? 0);
    weights.set(row.text('model'), own);
  }
  return (model) => {
    const own = weights.get(model);
    return own && model !== OTHER ? meanQuality(mix.models.data ?? [], model, own) : null;
  };
}

export function MixRows({ state, mix }: { state: FilterState; mix: Mix }) {
  const [sort, setSort] = sorting(state, { key: 'cost', desc: true });
  const quality = qualities(mix);
  return (
    <Card class="c12" title="Models" sub="expected quality by the category mix that each model had">
      <Loaded of={mix.table} height={260}>
        {(data) => {
          const all = presentRows(data);
          const total = totalsOf(data);
          const p95 = new Map(rowsOf(mix.latency.data).map((row) => [row.text('model'), row.number('latency_p95')]));
          const keys = all.map((row) => row.text('model'));
          const href = (row: Row) => drillHref(state.filters, { now: state.now }, [['model', row.text('model'), keys]]);
          const linked = (of: (row: Row) => preact.ComponentChildren) => (row: Row) => <Link class="cell-link" href={href(row)} tabIndex={-1}>{of(row)}</Link>;
          const value = (row: Row): number | bigint | null => ({ cost: () => row.money('cost'), unit: () => unitCost(row), quality: () => quality(row.text('model')), latency_p95: () => p95.get(row.text('model')) ?? null }[sort.key] ?? (() => row.number(sort.key)))();
          const cols: Col<Row>[] = [
            { key: 'model', head: 'Model', cell: (row) => modelCell(row.text('model')) },
            { key: 'requests', head: 'Requests', right: true, sortable: true, cell: linked((row) => <Count value={row.number('requests')} />) },
            { key: 'receipts', head: 'Receipts', right: true, cell: linked((row) => <Count value={row.number('receipts')} />) },
            { key: 'requests_share', head: 'Share', right: true, cell: (row) => <Pct value={requestShare(row, total)} /> },
            { key: 'cost', head: 'Spend', right: true, sortable: true, cell: linked((row) => <b class="strong"><Money value={row.money('cost')} as="cents" /></b>) },
            { key: 'cost_share', head: 'Share', right: true, cell: (row) => <Pct value={costShare(row, total)} /> },
            ...(state.filters.compare ? [{ key: 'change', head: 'Change', right: true, cell: (row: Row) => <Delta now={row.money('cost')} before={row.money(previous('cost'))} good="down" /> }] : []),
            { key: 'unit', head: 'Per 1k', right: true, sortable: true, cell: (row) => <Money value={unitCost(row)} /> },
            { key: 'quality', head: 'Quality', right: true, sortable: true, cell: (row) => <span class="n" title="expected by the catalog, weighed by the categories of its requests">{decimal(quality(row.text('model')))}</span> },
            { key: 'latency_p95', head: 'p95', right: true, sortable: true, cell: (row) => <Ms value={p95.get(row.text('model'))} /> },
            { key: 'fallback_rate', head: 'After fallback', right: true, sortable: true, cell: (row) => <Pct value={row.number('fallback_rate')} /> },
          ];
          return <Table label="Models" cols={cols} rows={sortBy(all, value, sort.desc)} rowKey={(row) => row.text('model')} sort={sort} onSort={setSort} href={href} empty={<EmptyState title="No request in this range" />} />;
        }}
      </Loaded>
    </Card>
  );
}

/** Rows are models, columns the ways to them; each cell is a set of receipts. */
export function MixReasons({ mix }: { mix: Mix }) {
  const { parts, loaded, error, href } = mix.reasons;
  const of = (reason: string, model?: string) => (parts.find((part) => part.reason === reason)?.rows ?? []).filter((row) => model === undefined || row.text('model') === model);
  const weight = new Map<string, number>();
  for (const part of parts) for (const row of part.rows) weight.set(row.text('model'), (weight.get(row.text('model')) ?? 0) + (row.number('receipts') ?? 0));
  const models = [...weight.keys()].sort((a, b) => (weight.get(b) ?? 0) - (weight.get(a) ?? 0));
  const shown = reasons.filter((reason) => of(reason.key).length > 0);
  const cell = (model: string, reason: string): MatrixCell | null => {
    const [rows, found] = [of(reason, model), reasons.find((one) => one.key === reason)];
    const receipts = countOf(rows, 'receipts');
    if (receipts === 0 || !found) return null;
    const share = receipts / (weight.get(model) ?? 1);
    return { text: `${percent(share)} · ${count(receipts)}`, heat: share, title: `${labelOf('model', model)}, ${found.label.toLowerCase()}: ${count(receipts)} receipts, ${money(moneyOf(rows, 'cost'))}`, href: href(found.key, [['model', model, []]]) };
  };
  return (
    <Card class="c12" title="Why that model" sub="share of each model’s receipts · receipts" foot={<span>Routed: the router chose by score. Pinned: the client named the model. Fallback: another model had failed before. Cache: answered without a provider. Each receipt is in one of them.</span>}>
      {error ? <ErrorCard error={error} /> : !loaded ? <div class="pad" style={{ height: 240 }} aria-busy="true" /> : models.length === 0 ? <EmptyState title="No request in this range" /> : (
        <Matrix label="How requests got their model" corner="Model" rows={models.map((key) => ({ key, head: modelCell(key) }))}
          cols={shown.map((reason) => ({ key: reason.key, head: <Link class="cell-link" href={href(reason.key)} title={reason.note}>{reason.label} · {count(countOf(of(reason.key), 'receipts'))}</Link> }))} cell={cell} />
      )}
    </Card>
  );
}
