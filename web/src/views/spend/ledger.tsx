// The ledger: postings of the last hours with the receipts they stand for, and whether both say the same.
import { useQuery } from '@tanstack/preact-query';
import { ArrowRight, CircleCheck, TriangleAlert } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { drillHref } from '@/lib/drill';
import { type Filters, queryFilters } from '@/lib/filters';
import { count, money, moneyTitle, time } from '@/lib/format';
import { sum } from '@/lib/money';
import { evidence, spendByStatus } from '@/lib/queries';
import { useTable } from '@/lib/query';
import type { Range } from '@/lib/range';
import { type FilterState, viewHref } from '@/lib/state';
import { type Row, rowsOf, totalsOf } from '@/lib/table';
import { Card, EmptyState, Loaded } from '@/ui/card';
import { ModelName, Money, Name, Tag, Time, Tok } from '@/ui/figures';
import { type Col, Table } from '@/ui/table';
import { entriesOf, type Entry, hasOthers, ledgerFilters, passes, readPostings, touchedHours, wholeHours } from '@/views/spend/postings';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SHOWN = 8;

/** The API narrows by one tenant; the rest is narrowed here. */
const oneTenant = (filters: Filters): Record<string, string> => {
  const tenant = filters.by.tenant;
  return tenant && !tenant.exclude && tenant.values.length === 1 && tenant.values[0] ? { tenant: tenant.values[0] } : {};
};
export const usePostings = (filters: Filters, range: Range, grain: 'hour' | 'day', enabled = true) => {
  const query = { grain, from: range.from.toISOString(), to: range.to.toISOString(), ...oneTenant(filters) };
  return useQuery({ queryKey: ['ledger', query], queryFn: ({ signal }) => readPostings(query, signal), enabled, staleTime: 30_000 });
};

const tones: Record<Entry['kind'], string> = { Usage: '', Reserved: 'warn', Correction: 'info' };
const hourOf = (entry: Entry): Range => {
  const start = Date.parse(entry.at);
  return { from: new Date(start), to: new Date(start + HOUR) };
};

export function columns(state: FilterState, found: Map<string, Row>): Col<Entry>[] {
  const filters = ledgerFilters(state.filters);
  const row = (entry: Entry) => found.get([`${entry.at.slice(0, 19)}Z`, entry.tenant, entry.workflow, entry.model].join('\n'));
  const href = (entry: Entry) => drillHref(filters, { now: state.now, range: hourOf(entry) }, [['tenant', entry.tenant, []], ['workflow', entry.workflow, []], ['model', entry.model, []]]);
  return [
    { key: 'at', head: 'Charge hour', cell: (entry) => <span class="mut2"><Time value={entry.at} as="minute" /></span> },
    { key: 'kind', head: 'Entry', cell: (entry) => <Tag tone={tones[entry.kind]}>{entry.kind}</Tag> },
    { key: 'tenant', head: 'Tenant', cell: (entry) => <Name text={entry.tenant} /> },
    { key: 'workflow', head: 'Workflow', cell: (entry) => <Name text={entry.workflow} empty="No workflow" /> },
    { key: 'model', head: 'Model', cell: (entry) => <ModelName id={entry.model} /> },
    { key: 'input', head: 'Input tok', right: true, cell: (entry) => <Tok value={entry.input} /> },
    { key: 'output', head: 'Output tok', right: true, cell: (entry) => <Tok value={entry.output} /> },
    { key: 'evidence', head: 'Evidence', right: true, cell: (entry) => {
      const receipts = row(entry)?.number('receipts');
      if (receipts === undefined || receipts === null) return <span class="mut" title="attempts of requests that another model answered">attempts only</span>;
      return <Link class="link" href={href(entry)}>{count(receipts)} {receipts === 1 ? 'receipt' : 'receipts'}</Link>;
    } },
    { key: 'amount', head: 'Amount', right: true, cell: (entry) => <b class="strong"><Money value={entry.amount} as="unit" /></b> },
  ];
}

export const evidenceMap = (rows: readonly Row[]): Map<string, Row> => new Map(rows.map((row) => [[row.text('time'), row.text('tenant'), row.text('workflow'), row.text('model')].join('\n'), row]));
export const useEvidence = (filters: Filters, range: Range, enabled: boolean) =>
  useTable({ ...evidence(), filters: queryFilters(ledgerFilters(filters)), from: range.from.toISOString(), to: range.to.toISOString(), time_zone: 'UTC' }, enabled);

const AUTO = 35 * DAY; // longer ranges are compared when asked for
/** Whether receipts and ledger say the same, over the whole hours of the range. */
export function Reconciled({ state, enabled }: { state: FilterState; enabled: boolean }) {
  const [asked, setAsked] = useState(false);
  const filters = ledgerFilters(state.filters);
  const hours = wholeHours(state.range.from.getTime(), state.range.to.getTime());
  const long = hours !== null && hours.to.getTime() - hours.from.getTime() > AUTO;
  const on = enabled && hours !== null && (!long || asked);
  const range = hours ?? state.range;
  const only = { ...filters, by: filters.by.tenant ? { tenant: filters.by.tenant } : {} };
  const postings = usePostings(only, range, 'day', on);
  const receipts = useTable({ ...spendByStatus(false), filters: queryFilters(only), from: range.from.toISOString(), to: range.to.toISOString() }, on);
  if (!hours) return <span>Nothing to reconcile yet: the first whole hour is not over.</span>;
  if (!on) return long ? <button type="button" class="btn sm" onClick={() => setAsked(true)}>Reconcile this range</button> : null;
  if (postings.error || receipts.error) return <span>Reconciling did not work: {(postings.error ?? receipts.error)?.message}</span>;
  const totals = totalsOf(receipts.data);
  if (!postings.data || !totals) return <span class="mut">Reconciling…</span>;
  const ledger = sum(postings.data.filter(passes(only)).map((one) => entriesOf([one])[0]?.amount ?? 0n));
  const cost = totals.money('cost') ?? 0n;
  const until = <span>closed through {time(hours.to, 'minute', state.filters.tz)}</span>;
  if (ledger === cost) {
    return <><CircleCheck class="good" size={15} aria-hidden="true" /><span title={moneyTitle(cost)}>Reconciled: {count(totals.number('receipts'))} receipts sum to <b>{money(cost, 'unit')}</b>, equal to the ledger to the picodollar.</span><span class="sp" />{until}</>;
  }
  return <><TriangleAlert class="bad" size={15} aria-hidden="true" /><span>Receipts sum to <b>{money(cost, 'unit')}</b>, the ledger to <b>{money(ledger, 'unit')}</b>: {money(ledger - cost, 'line')} apart. <span class="mut">A store that is behind the journal shows this for a while.</span></span><span class="sp" />{until}</>;
}

/** The newest hours, on the page. `enabled`: after what is above it. */
export function LedgerCard({ state, enabled }: { state: FilterState; enabled: boolean }) {
  const to = state.range.to.getTime();
  const range = touchedHours(Math.max(state.range.from.getTime(), to - 5 * HOUR), to);
  const postings = usePostings(state.filters, range, 'hour', enabled);
  const proof = useEvidence(state.filters, range, enabled);
  const found = evidenceMap(rowsOf(proof.data));
  return (
    <Card class="c12" title="Ledger" sub={hasOthers(state.filters) ? 'hourly postings; only tenant, workflow, model, provider and category narrow them' : 'whole hours, newest first; the running one so far'}
      tools={<Link class="btn sm gh" href={viewHref('/spend/ledger', state.filters)}>Open full ledger<ArrowRight size={14} aria-hidden="true" /></Link>}
      foot={<Reconciled state={state} enabled={enabled && !!postings.data} />}>
      <Loaded of={postings} height={300}>
        {(data) => <Table label="Ledger" cols={columns(state, found)} rows={entriesOf(data.filter(passes(state.filters))).slice(0, SHOWN)} rowKey={(entry) => entry.key} empty={<EmptyState title="No posting in the last hours of this range"><p>An hour is posted while it runs, as requests close.</p></EmptyState>} />}
      </Loaded>
    </Card>
  );
}
