// Attempts, not requests: what the first ones took and what came after them, so that a fast second model hides no slow first one.
import { Link } from 'wouter-preact';
import { drillHref } from '@/lib/drill';
import { count } from '@/lib/format';
import type { FilterState } from '@/lib/state';
import { type Row, rowsOf } from '@/lib/table';
import { Card, EmptyState, Loaded } from '@/ui/card';
import { Ms, Pct } from '@/ui/figures';
import { attemptReasons, type Latency } from '@/views/latency/data';

const labels: Record<string, { label: string; note: string }> = {
  first: { label: 'First attempts', note: 'the model that was chosen' }, retry: { label: 'Retries', note: 'the same model again' },
  fallback: { label: 'Fallback hops', note: 'another model' }, hedge: { label: 'Hedges', note: 'beside a slow first one' },
};

const Figure = ({ label, children }: { label: string; children: preact.ComponentChildren }) => <div><dt>{label}</dt><dd>{children}</dd></div>;

function AttemptRow({ state, row, receipts }: { state: FilterState; row: Row; receipts: number | null }) {
  const reason = row.text('attempt_reason');
  const href = drillHref(state.filters, { now: state.now }, [['attempt_reason', reason, []]]);
  return (
    <li>
      <Link href={href} class="hop">
        <span class="hop-h"><b class="strong">{labels[reason]?.label ?? reason}</b><span class="mut">{labels[reason]?.note}</span><span class="sp" /><span class="n">{receipts === null ? count(row.number('attempts')) : `${count(receipts)} receipts`}</span></span>
        <dl class="hop-f">
          <Figure label="p50"><Ms value={row.number('latency_p50')} /></Figure>
          <Figure label="p95"><Ms value={row.number('latency_p95')} /></Figure>
          <Figure label="p99"><Ms value={row.number('latency_p99')} /></Figure>
          <Figure label="failed"><Pct value={row.number('error_rate')} /></Figure>
          <Figure label="attempts"><span class="n">{count(row.number('attempts'))}</span></Figure>
        </dl>
      </Link>
    </li>
  );
}

export function Attempts({ state, latency }: { state: FilterState; latency: Latency }) {
  return (
    <Card class="c4" title="Attempts by reason" tools={<span class="sub">receipts that had one</span>}>
      <Loaded of={latency.attempts} height={330}>
        {(data) => {
          const rows = rowsOf(data).sort((a, b) => attemptReasons.indexOf(a.text('attempt_reason') as 'first') - attemptReasons.indexOf(b.text('attempt_reason') as 'first'));
          if (rows.length === 0) return <EmptyState title="No attempt in this range"><p>Refused requests and answers from the cache have none.</p></EmptyState>;
          return <ul class="hop-list" aria-label="Attempts by reason">{rows.map((row) => <AttemptRow key={row.text('attempt_reason')} state={state} row={row} receipts={latency.attemptReceipts.get(row.text('attempt_reason')) ?? null} />)}</ul>;
        }}
      </Loaded>
    </Card>
  );
}
