// One receipt: why, what it cost, what happened, and the proof.
import { Braces, ChevronDown, ChevronUp, RotateCcw } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import { ApiError } from '@/lib/api';
import { parseFilters } from '@/lib/filters';
import { ago, count } from '@/lib/format';
import { useShortcuts } from '@/lib/keys';
import type { Receipt } from '@/lib/receipt';
import { clock, useFilters } from '@/lib/state';
import { Dropped, EmptyState, ErrorCard, Skeleton } from '@/ui/card';
import { CopyButton } from '@/ui/controls';
import { StatusTag, Tag, Time } from '@/ui/figures';
import { Page } from '@/ui/page';
import { Candidates } from '@/views/receipt/candidates';
import { ContentCard } from '@/views/receipt/content';
import { Costs } from '@/views/receipt/cost';
import { useNeighbours, useReceipt } from '@/views/receipt/data';
import { RawJson } from '@/views/receipt/json';
import { Integrity, Properties, TraceButton } from '@/views/receipt/rail';
import { Summary } from '@/views/receipt/summary';
import { Timeline } from '@/views/receipt/timeline';
import { receiptHref, results } from '@/views/receipts/data';

/** "nova-labs-prod · reasoning": the search the receipt was found by, in words. */
export function describe(search: string): string {
  const filters = parseFilters(search);
  const words = Object.values(filters.by).flatMap((filter) => (filter ? [`${filter.exclude ? 'not ' : ''}${filter.values.join(', ') || '(none)'}`] : []));
  return [...words, filters.q].filter(Boolean).join(' · ').slice(0, 120) || 'all receipts';
}

function useWalk(id: string, search: string) {
  const { filters } = useFilters();
  const list = results.value;
  const inList = list !== null && list.search === search ? list.ids.indexOf(id) : -1;
  const neighbours = useNeighbours(id, inList < 0);
  const newer = inList >= 0 ? (list?.ids[inList - 1] ?? null) : (neighbours.data?.newer ?? null);
  const older = inList >= 0 ? (list?.ids[inList + 1] ?? null) : (neighbours.data?.older ?? null);
  const href = (to: string | null) => (to === null ? null : receiptHref(to, filters, search));
  return { up: href(newer), down: href(older), place: inList >= 0 ? `${count(inList + 1)} of ${count(list?.total ?? list?.ids.length)}` : 'in time' };
}

function Crumbs({ id, search }: { id: string; search: string }) {
  const [, navigate] = useLocation();
  const { up, down, place } = useWalk(id, search);
  const back = `/receipts${search && `?${search}`}`;
  useShortcuts([
    { keys: 'k', label: 'Receipt above', run: () => { if (up) navigate(up); } },
    { keys: 'j', label: 'Receipt below', run: () => { if (down) navigate(down); } },
    { keys: 'b', label: 'Back to the list', run: () => navigate(back) },
  ]);
  return (
    <nav class="top crumbs" aria-label="Breadcrumb">
      <Link href={back} class="mut">Search</Link><span class="sl" aria-hidden="true">/</span><Link href={back} class="mut clip"><bdi>{describe(search)}</bdi></Link>
      <span class="sp" />
      <span class="n mut">{place}</span>
      <Step href={up} label="Receipt above"><ChevronUp size={15} aria-hidden="true" /></Step>
      <Step href={down} label="Receipt below"><ChevronDown size={15} aria-hidden="true" /></Step>
      <span class="hint" aria-hidden="true"><kbd>K</kbd><kbd>J</kbd></span>
    </nav>
  );
}
const Step = ({ href, label, children }: { href: string | null; label: string; children: preact.ComponentChildren }) =>
  href ? <Link class="btn sm ico" aria-label={label} href={href}>{children}</Link> : <button type="button" class="btn sm ico" aria-label={label} disabled>{children}</button>;

function Tags({ receipt }: { receipt: Receipt }) {
  const retries = receipt.attempts.filter((attempt) => attempt.reason === 'retry').length;
  const fallbacks = receipt.attempts.filter((attempt) => attempt.reason === 'fallback').length;
  return (
    <p class="meta">
      <StatusTag status={receipt.execution.status} />
      {retries > 0 && <Tag tone="warn">{retries} {retries === 1 ? 'retry' : 'retries'}</Tag>}
      {fallbacks > 0 && <Tag tone="warn">fell back</Tag>}
      {receipt.decision.prompt_rewritten && <Tag>Prompt rewritten</Tag>}
      {receipt.cache?.hit && <Tag tone="info">cache hit</Tag>}
      {receipt.replay && <Link href={`/receipts/${receipt.replay.of}`}><Tag tone="info">replay of {receipt.replay.of}</Tag></Link>}
      {(receipt.count ?? 1) > 1 && <Tag tone="warn">{count(receipt.count)} equal refusals</Tag>}
      <span class="mut"><Time value={receipt.created_at} as="full" /> · {ago(receipt.created_at, clock.value)}</span>
    </p>
  );
}

function Body({ receipt }: { receipt: Receipt }) {
  return (
    <>
      <Tags receipt={receipt} />
      <Summary receipt={receipt} />
      <div class="rg">
        <div class="col"><Candidates receipt={receipt} /><Timeline receipt={receipt} /><ContentCard receipt={receipt} /></div>
        <div class="col"><Costs receipt={receipt} /><Properties receipt={receipt} /><Integrity receipt={receipt} /></div>
      </div>
    </>
  );
}

const Missing = ({ id }: { id: string }) => (
  <section class="card"><EmptyState title="No receipt with this id"><p class="mono">{id.slice(0, 80)}</p><p>It is not one of yours, it was erased, or it is older than what is kept.</p></EmptyState></section>
);

export default function ReceiptView({ id }: { id: string }) {
  const { filters } = useFilters();
  const search = (filters.extra.in ?? '').replace(/^\?/, '');
  const receipt = useReceipt(id);
  const [json, setJson] = useState(false);
  useShortcuts([{ keys: 'v', label: 'Receipt as JSON', run: () => setJson(true) }]);
  const missing = receipt.error instanceof ApiError && receipt.error.status === 404;
  const dropped = receipt.error instanceof ApiError && receipt.error.status === 410;
  return (
    <Page title={id} filters={false} above={<Crumbs id={id} search={search} />} heading={<span class="rid"><span class="mono">{id.slice(0, 60)}</span><CopyButton text={id} what="receipt id" /></span>}
      actions={receipt.data && <>
        <button type="button" class="btn" onClick={() => setJson(true)}><Braces size={15} aria-hidden="true" />JSON</button>
        <TraceButton receipt={receipt.data} />
        <Link class="btn pri" href={`/replay?of=${encodeURIComponent(id)}`}><RotateCcw size={15} aria-hidden="true" />Replay</Link>
      </>}>
      {receipt.isPending && <><section class="card"><div class="pad"><Skeleton height={120} /></div></section><div class="rg"><div class="card pad"><Skeleton height={320} /></div><div class="card pad"><Skeleton height={320} /></div></div></>}
      {missing && <Missing id={id} />}
      {dropped && <Dropped error={receipt.error} />}
      {receipt.isError && !missing && !dropped && <section class="card"><ErrorCard error={receipt.error} retry={() => void receipt.refetch()} /></section>}
      {receipt.data && <Body receipt={receipt.data} />}
      {json && <RawJson id={id} onClose={() => setJson(false)} />}
    </Page>
  );
}
