// One receipt asked again.
import { Play, Square } from 'lucide-preact';
import { useRef, useState } from 'preact/hooks';
import { useQuery } from '@tanstack/preact-query';
import { Link } from 'wouter-preact';
import { ApiError, getReceipt } from '@/lib/api';
import { modelNames, useModels } from '@/lib/models';
import type { Receipt } from '@/lib/receipt';
import { sentence } from '@/lib/problem';
import { client } from '@/lib/query';
import { emptyAsk, overridesOf, replay, type ReplayAsk, type ReplayResult, useContent } from '@/lib/replay';
import { Card, Dropped, EmptyState, Loaded, Notice } from '@/ui/card';
import { ModelName, Money, Ms, Name, StatusTag, Time } from '@/ui/figures';
import { CheckField, LinesField, TextField } from '@/ui/form';
import { Page } from '@/ui/page';
import { Result } from '@/views/replay/result';

function Source({ receipt }: { receipt: Receipt }) {
  const { execution, request } = receipt;
  return (
    <dl class="dl tight">
      <dt>Receipt</dt><dd><Link class="link mono" href={`/receipts/${receipt.receipt_id}`}>{receipt.receipt_id}</Link></dd>
      <dt>When</dt><dd><Time value={receipt.created_at} as="full" /></dd>
      <dt>Tenant</dt><dd><Name text={receipt.tenant} /></dd>
      <dt>Asked for</dt><dd><ModelName id={request.model} /></dd>
      <dt>Answered by</dt><dd><ModelName id={execution.model_id} /> <StatusTag status={execution.status} /></dd>
      <dt>Cost, latency</dt><dd><Money value={execution.actual_cost_usd} as="unit" />, <Ms value={execution.actual_latency_ms} /></dd>
    </dl>
  );
}

/** Whether the request can be asked again from what is kept. */
function Kept({ id }: { id: string }) {
  const content = useContent(id);
  if (content.isPending) return <p class="hint">Looking whether the request is kept…</p>;
  if (content.error) return <p class="hint">{content.error instanceof ApiError && content.error.status === 403 ? 'This key may not read the prompt; the server decides whether it may be asked again.' : content.error.message}</p>;
  if (content.data?.kept) return <p class="hint">The request is kept{content.data.redacted && ', redacted'} and can be asked again as it was.</p>;
  return <p class="hint">{sentence(content.data?.why_not?.message ?? 'the request is not kept')}: supply its body below. It has to be the very bytes that were sent; their fingerprint is in the receipt.</p>;
}

function refusalText(error: unknown): string {
  if (error instanceof ApiError && error.status === 402) return `A cap stops it: ${error.message}`;
  return error instanceof Error ? sentence(error.message) : String(error);
}

function useReplay(of: string) {
  const [result, setResult] = useState<ReplayResult | null>(null);
  const [refused, setRefused] = useState('');
  const [busy, setBusy] = useState(false);
  const abort = useRef<AbortController | null>(null);
  const run = async (asked: ReplayAsk) => {
    const stop = new AbortController();
    abort.current = stop;
    setBusy(true);
    setRefused('');
    try {
      setResult(await replay(of, asked, stop.signal));
      void client.invalidateQueries({ queryKey: ['newest'] });
    } catch (error) {
      setRefused(stop.signal.aborted ? 'Stopped. If it was already sent, its receipt says what it cost.' : refusalText(error));
    }
    setBusy(false);
  };
  return { result, refused, busy, run, stop: () => abort.current?.abort() };
}

export function Single({ of }: { of: string }) {
  const receipt = useQuery({ queryKey: ['receipt', of], queryFn: ({ signal }) => getReceipt(of, signal), placeholderData: () => undefined, retry: false });
  const models = modelNames(useModels().data);
  const [asked, setAsked] = useState<ReplayAsk>(emptyAsk);
  const { result, refused, busy, run, stop } = useReplay(of);
  const put = (patch: Partial<ReplayAsk>) => setAsked((before) => ({ ...before, ...patch }));
  const bad = overridesOf(asked.overrides) === null;
  const missing = receipt.error instanceof ApiError && receipt.error.status === 404;
  const dropped = receipt.error instanceof ApiError && receipt.error.status === 410;
  const crumbs = <nav class="top crumbs" aria-label="Breadcrumb"><Link href="/replay" class="mut">Replay</Link><span class="sl" aria-hidden="true">/</span><span class="mono clip">{of.slice(0, 60)}</span></nav>;
  return (
    <Page title="Replay a receipt" filters={false} above={crumbs}>
      {dropped ? <Dropped error={receipt.error} /> : missing ? <section class="card"><EmptyState title="No receipt with this id"><p>It is not one of yours, it was erased, or it is older than what is kept.</p></EmptyState></section> : (
        <div class="grid flat">
          <Card title="Source" class="c4"><Loaded of={receipt} height={180}>{(data) => <Source receipt={data} />}</Loaded></Card>
          <Card title="Ask again" class="c8" sub="a new receipt, of your key and under your caps">
            <form class="form pad" onSubmit={(event) => { event.preventDefault(); if (!bad) void run(asked); }}>
              <Kept id={of} />
              <div class="fields">
                <TextField label="Model" value={asked.model} set={(model) => put({ model })} options={['auto', ...models]} placeholder="the one that was asked for" mono hint="auto lets the router choose" />
                <LinesField label="Changes to the body, JSON" value={asked.overrides} set={(overrides) => put({ overrides })} placeholder={'{"temperature": 0}'} hint="Members that are set; null leaves one out." error={bad ? 'A JSON object, such as {"temperature": 0}.' : undefined} />
              </div>
              <details class="more"><summary>Supply the request’s body</summary><LinesField label="The exact bytes that were sent" value={asked.body} set={(body) => put({ body })} rows={6} hint="Only needed where the request is not kept. It is not kept by this either, unless the tenant’s policy says so." /></details>
              <CheckField label="It may offer tools" checked={asked.tools} set={(tools) => put({ tools })} hint="The model can only propose calls: nothing is run." />
              {refused && <Notice tone="neg">{refused}</Notice>}
              <div class="row">
                <button type="submit" class="btn pri" disabled={busy || bad}><Play size={14} aria-hidden="true" />{busy ? 'Asking…' : result ? 'Ask once more' : 'Replay'}</button>
                {busy && <button type="button" class="btn" onClick={stop}><Square size={13} aria-hidden="true" />Stop</button>}
                <span class="vh" role="status">{busy ? 'Asking the model' : ''}</span>
              </div>
            </form>
          </Card>
          {result && <Result key={result.replay.receipt_id ?? ''} result={result} />}
        </div>
      )}
    </Page>
  );
}
