// The whole ledger of the range, as a list.
import { Link } from 'wouter-preact';
import { drillHref } from '@/lib/drill';
import { count } from '@/lib/format';
import { type FilterState, useFilters, viewHref } from '@/lib/state';
import { rowsOf } from '@/lib/table';
import { Card, EmptyState, Loaded, Notice } from '@/ui/card';
import { Page } from '@/ui/page';
import { VTable, type VCol } from '@/ui/vtable';
import { Exports } from '@/views/spend/exports';
import { columns, evidenceMap, Reconciled, useEvidence, usePostings } from '@/views/spend/ledger';
import { entriesOf, type Entry, hasOthers, ledgerFilters, passes, touchedHours } from '@/views/spend/postings';

const DAYS = 8; // of hourly postings at once; a longer range is exported
const widths: Record<string, string> = { at: '130px', kind: '110px', tenant: 'minmax(120px, 1fr)', workflow: 'minmax(120px, 1fr)', model: 'minmax(170px, 1.3fr)', input: '92px', output: '92px', evidence: '120px', amount: '120px' };

function shownRange(state: FilterState) {
  const from = Math.max(state.range.from.getTime(), state.range.to.getTime() - DAYS * 86_400_000);
  return { range: touchedHours(from, state.range.to.getTime()), cut: from > state.range.from.getTime() };
}

export function FullLedger() {
  const state = useFilters();
  const { range, cut } = shownRange(state);
  const postings = usePostings(state.filters, range, 'hour');
  const proof = useEvidence(state.filters, range, true);
  const found = evidenceMap(rowsOf(proof.data));
  const cols: VCol<Entry>[] = columns(state, found).map((col) => ({ ...col, width: widths[col.key] ?? '110px' }));
  const href = (entry: Entry) => {
    const start = Date.parse(entry.at);
    return drillHref(ledgerFilters(state.filters), { now: state.now, range: { from: new Date(start), to: new Date(start + 3_600_000) } }, [['tenant', entry.tenant, []], ['workflow', entry.workflow, []], ['model', entry.model, []]]);
  };
  return (
    <Page title="Ledger" busy={postings.isFetching} full filters={{ compare: false }} actions={<Exports state={state} />}
      above={<nav class="crumbs row" aria-label="Where this is"><Link href={viewHref('/spend', state.filters)}>Spend</Link><span class="sl">/</span><span>Ledger</span></nav>}>
      {cut && <Notice>The last {DAYS} days of the range are listed. The export has all of it.</Notice>}
      {hasOthers(state.filters) && <Notice>Postings are narrowed by tenant, workflow, model, provider and category only.</Notice>}
      <Card title="Postings" class="above-gap" sub="by whole hour, tenant, workflow and model; the running hour so far" foot={<Reconciled state={state} enabled={!!postings.data} />}>
        <Loaded of={postings} height={480}>
          {(data) => {
            const entries = entriesOf(data.filter(passes(state.filters)));
            if (entries.length === 0) return <EmptyState title="No posting in this range"><p>Postings are made as requests close.</p></EmptyState>;
            return <><VTable label="Postings" cols={cols} rows={entries} rowKey={(entry) => entry.key} href={href} minWidth={1100} total={entries.length} /><p class="pad mut">{count(entries.length)} postings</p></>;
          }}
        </Loaded>
      </Card>
    </Page>
  );
}
