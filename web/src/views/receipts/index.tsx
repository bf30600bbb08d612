// Receipt search: every number of every view ends here.
import { ArrowDown, ArrowUp, SearchX } from 'lucide-preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { useSearch } from 'wouter-preact';
import { cleared, hasFilters, withExtra, withRange } from '@/lib/filters';
import { count, money, ms, tokens } from '@/lib/format';
import type { ReceiptRow } from '@/lib/receipt';
import { chargedOnly } from '@/lib/session';
import { type FilterState, useFilters } from '@/lib/state';
import { rowsOf, totalsOf } from '@/lib/table';
import { Card, EmptyState, ErrorCard, Loaded, Notice, Skeleton } from '@/ui/card';
import { Page } from '@/ui/page';
import { VTable } from '@/ui/vtable';
import { allColumns, type ReceiptCol } from '@/views/receipts/columns';
import { offered, orderOf, receiptHref, results, useReceiptPages, useVolume } from '@/views/receipts/data';
import { Facets } from '@/views/receipts/facets';
import { Histogram } from '@/views/receipts/histogram';
import { chosenColumns, ColumnPicker, ExportCsv, SaveView } from '@/views/receipts/tools';
import { Peek } from '@/views/receipt/peek';

function SortHead({ col, state }: { col: ReceiptCol; state: FilterState }) {
  const { order, desc } = orderOf(state.filters);
  if (!col.order || !offered(col.order, chargedOnly())) return <>{col.head}</>;
  const on = col.order === order;
  const next = () => {
    const ordered = withExtra(state.filters, 'order', col.order === 'time' ? '' : (col.order ?? ''));
    state.set(withExtra(ordered, 'dir', on && desc ? 'asc' : ''));
  };
  return <button type="button" class="sort" aria-label={`Sort by ${col.head}${on ? (desc ? ', now descending' : ', now ascending') : ''}`} onClick={next}>{col.head}{on && (desc ? <ArrowDown size={12} aria-hidden="true" /> : <ArrowUp size={12} aria-hidden="true" />)}</button>;
}

function NoMatch({ state }: { state: FilterState }) {
  return (
    <EmptyState title="No receipt matches" icon={<SearchX size={24} aria-hidden="true" />} actions={<>
      {hasFilters(state.filters) && <button type="button" class="btn sm" onClick={() => state.set(cleared(state.filters))}>Clear the filters</button>}
      {state.filters.from !== '-90d' && <button type="button" class="btn sm" onClick={() => state.set(withRange(state.filters, '-90d'))}>Widen to 90 days</button>}
    </>}>
      <p>Nothing in this time range passes all filters.</p>
    </EmptyState>
  );
}

function Sums({ volume }: { volume: ReturnType<typeof useVolume> }) {
  const totals = totalsOf(volume.data);
  if (!totals) return volume.error ? <span class="mut">sums did not load</span> : <Skeleton width="300px" />;
  const unknown = totals.number('unknown_cost') ?? 0;
  return (
    <>
      <b class="n">{count(totals.number('receipts'))} receipts</b>
      {totals.number('requests') !== totals.number('receipts') && <span>{count(totals.number('requests'))} requests</span>}
      <span>{money(totals.money('cost'))} cost{unknown > 0 && ` and ${count(unknown)} of unknown cost`}</span>
      <span>{tokens(totals.number('tokens_input'))} in, {tokens(totals.number('tokens_output'))} out</span>
      <span>{ms(totals.number('latency_p50'))} median</span>
    </>
  );
}

export default function Search() {
  const state = useFilters();
  const search = useSearch();
  const pages = useReceiptPages(state);
  const volume = useVolume(state);
  const [peek, setPeek] = useState<string | null>(null);
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.receipts) ?? [], [pages.data]);
  const total = totalsOf(volume.data)?.number('receipts') ?? null;
  const href = (row: ReceiptRow) => receiptHref(row.receipt_id, state.filters, search);
  const every = allColumns(state, href);
  const chosen = chosenColumns(state);
  const cols = every.filter((col) => chosen.includes(col.key));
  useEffect(() => {
    results.value = { search, ids: rows.map((row) => row.receipt_id), total };
  }, [rows, search, total]);
  const minWidth = cols.reduce((sum, col) => sum + Number(/(\d+)px/.exec(col.width)?.[1] ?? 100), 0);
  const more = () => {
    if (pages.hasNextPage && !pages.isFetching) void pages.fetchNextPage();
  };
  return (
    <Page title="Search" full busy={pages.isFetching || volume.isFetching} filters={{ compare: false }} actions={<ExportCsv state={state} cols={cols} total={total} />}>
      <div class="search-grid">
        <Facets state={state} />
        <Card title="Receipts" tools={<><SaveView /><ColumnPicker state={state} cols={every} /></>} foot={<Sums volume={volume} />}>
          <div class="histo-box"><Loaded of={volume} height={56}>{(data) => <Histogram rows={rowsOf(data)} state={state} />}</Loaded></div>
          {pages.isError && rows.length > 0 && <Notice tone="warn">More did not load: {pages.error.message} <button type="button" class="link" onClick={() => void pages.fetchNextPage()}>Retry</button></Notice>}
          {pages.isPending && <div class="pad"><Skeleton height={400} /></div>}
          {pages.isError && rows.length === 0 && <ErrorCard error={pages.error} retry={() => void pages.refetch()} />}
          {pages.isSuccess && rows.length === 0 && <NoMatch state={state} />}
          {rows.length > 0 && (
            <VTable label="Receipts" cols={cols} rows={rows} rowKey={(row) => row.receipt_id} href={href} minWidth={minWidth} total={total ?? -1}
              onNearEnd={more} onPeek={(row) => setPeek(row.receipt_id)} head={(col) => <SortHead col={col as ReceiptCol} state={state} />} />
          )}
        </Card>
      </div>
      {peek !== null && <Peek id={peek} href={receiptHref(peek, state.filters, search)} onClose={() => setPeek(null)} />}
    </Page>
  );
}
