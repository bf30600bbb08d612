// One run: how far it is, what it has cost, and what came of each replay.
import { Square } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { failed, toast } from '@/lib/actions';
import { ApiError } from '@/lib/api';
import { count, percent } from '@/lib/format';
import { parseUsd, toNumber } from '@/lib/money';
import { sentence } from '@/lib/problem';
import { cancelRun, type ReplayRun, type RunRow, useRun } from '@/lib/replay';
import { Card, EmptyState, Kpi, KpiStrip, Loaded, Notice } from '@/ui/card';
import { Segment } from '@/ui/controls';
import { Count, Delta, ModelName, Money, Ms, Tag } from '@/ui/figures';
import { Page } from '@/ui/page';
import { type Col, Table } from '@/ui/table';
import { RunTag } from '@/views/replay/runs';

const STEP = 200;
type Show = 'all' | 'different' | 'same' | 'skipped' | 'failed';
const shows: readonly { key: Show; label: string }[] = [{ key: 'all', label: 'All' }, { key: 'different', label: 'Different' }, { key: 'same', label: 'Same' }, { key: 'skipped', label: 'Skipped' }, { key: 'failed', label: 'Failed' }];
const passes = (row: RunRow, show: Show) => show === 'all' || (show === 'different' ? row.equal === false : show === 'same' ? row.equal === true : row.outcome === show);

function Outcome({ row }: { row: RunRow }) {
  if (row.outcome === 'skipped') return <span title={row.why ?? ''}><Tag>Skipped</Tag> <span class="mut clip">{row.why}</span></span>;
  if (row.outcome === 'failed') return <span title={row.why ?? ''}><Tag tone="neg">Failed</Tag> <span class="mut clip">{row.why}</span></span>;
  return row.equal === null ? <Tag>Not compared</Tag> : row.equal ? <Tag tone="pos">Same output</Tag> : <Tag tone="warn">Different</Tag>;
}
const rowCols: Col<RunRow>[] = [
  { key: 'of', head: 'Receipt', cell: (row) => <Link class="link mono" href={`/receipts/${encodeURIComponent(row.receipt_id)}`}>{row.receipt_id}</Link> },
  { key: 'model', head: 'Model', cell: (row) => <ModelName id={row.model_id} /> },
  { key: 'outcome', head: 'Output', cell: (row) => <Outcome row={row} /> },
  { key: 'cost', head: 'Cost', right: true, cell: (row) => <><Money value={row.cost_usd} as="unit" /> <Delta now={parseUsd(row.cost_usd)} before={parseUsd(row.original_cost_usd)} good="down" /></> },
  { key: 'latency', head: 'Latency', right: true, cell: (row) => <><Ms value={row.latency_ms} /> <Delta now={row.latency_ms} before={row.original_latency_ms} good="down" /></> },
  { key: 'replay', head: 'Replay', right: true, cell: (row) => (row.replay_receipt_id ? <Link class="link" href={`/receipts/${encodeURIComponent(row.replay_receipt_id)}`} aria-label={`Receipt of the replay of ${row.receipt_id} by ${row.model_id}`}>Receipt</Link> : <span class="mut">—</span>) },
];
type PerModel = ReplayRun['per_model'][number];
const modelCols: Col<PerModel>[] = [
  { key: 'model', head: 'Model', cell: (one) => <ModelName id={one.model_id} /> },
  { key: 'replayed', head: 'Replayed', right: true, cell: (one) => <Count value={one.replayed} /> },
  { key: 'same', head: 'Same output', right: true, cell: (one) => <span class="n">{one.replayed === 0 ? '—' : `${count(one.equal)} (${percent(one.equal / one.replayed)})`}</span> },
  { key: 'cost', head: 'Cost', right: true, cell: (one) => <Money value={one.cost_usd} as="unit" /> },
  { key: 'was', head: 'Originals cost', right: true, cell: (one) => <Money value={one.original_cost_usd} as="unit" /> },
  { key: 'change', head: 'Change', right: true, cell: (one) => <Delta now={parseUsd(one.cost_usd)} before={parseUsd(one.original_cost_usd)} good="down" /> },
  { key: 'skipped', head: 'Skipped', right: true, cell: (one) => <Count value={one.skipped} /> },
  { key: 'failed', head: 'Failed', right: true, cell: (one) => <Count value={one.failed} /> },
];

function Body({ run }: { run: ReplayRun }) {
  const [show, setShow] = useState<Show>('all');
  const [shown, setShown] = useState(STEP);
  const rows = run.results.filter((row) => passes(row, show));
  const share = run.total === 0 ? 1 : run.done / run.total;
  const spent = toNumber(parseUsd(run.spent_usd)) / toNumber(parseUsd(run.max_cost_usd));
  const sum = (of: (one: PerModel) => number) => run.per_model.reduce((total, one) => total + of(one), 0);
  const replayed = sum((one) => one.replayed);
  return (
    <>
      {run.why_ended && run.state !== 'done' && <Notice tone={run.state === 'failed' ? 'neg' : 'warn'}>{sentence(run.why_ended)}</Notice>}
      <KpiStrip>
        <Kpi label="Done" value={<Count value={run.done} />} note={<span class="progress"><progress max={run.total} value={run.done} aria-label="Replays done">{percent(share)}</progress>of {count(run.total)}</span>} />
        <Kpi label="Spent" value={<Money value={run.spent_usd} />} note={Number.isFinite(spent) ? `${percent(spent)} of the cap of $${run.max_cost_usd}` : `of $${run.max_cost_usd}`} />
        <Kpi label="Same output" value={<span class="n">{replayed === 0 ? '—' : percent(sum((one) => one.equal) / replayed)}</span>} note={`${count(sum((one) => one.equal))} of ${count(replayed)}`} />
        <Kpi label="Skipped" value={<Count value={sum((one) => one.skipped)} />} note="request not kept, or not to be asked again" />
        <Kpi label="Failed" value={<Count value={sum((one) => one.failed)} />} />
      </KpiStrip>
      <Card title="By model" class="above-gap"><Table label="By model" cols={modelCols} rows={run.per_model} rowKey={(one) => one.model_id} /></Card>
      <Card title="Replays" class="above-gap" sub={count(rows.length)} tools={<Segment label="Which replays" value={show} options={shows} onChange={setShow} />} {...(rows.length > shown ? { foot: <><span>{count(shown)} of {count(rows.length)}</span><span class="sp" /><button type="button" class="btn sm" onClick={() => setShown(shown + STEP)}>Show more</button></> } : {})}>
        <Table label="Replays" cols={rowCols} rows={rows.slice(0, shown)} rowKey={(row) => `${row.receipt_id} ${row.model_id}`} empty={<p class="pad mut">{run.state === 'running' ? 'None yet.' : 'None.'}</p>} />
      </Card>
    </>
  );
}

export function RunPage({ id }: { id: string }) {
  const run = useRun(id);
  const missing = run.error instanceof ApiError && run.error.status === 404;
  const stop = () => void cancelRun(id).then(() => toast('The run is stopped'), failed);
  const crumbs = <nav class="top crumbs" aria-label="Breadcrumb"><Link href="/replay" class="mut">Replay</Link><span class="sl" aria-hidden="true">/</span><span class="mono clip">{id.slice(0, 60)}</span></nav>;
  return (
    <Page title="Replay run" filters={false} above={crumbs} heading={<span class="row">Replay run{run.data && <RunTag run={run.data} />}</span>} actions={run.data?.state === 'running' && <button type="button" class="btn" onClick={stop}><Square size={13} aria-hidden="true" />Stop the run</button>}>
      {missing ? <section class="card"><EmptyState title="No such run"><p>It is not one of yours, or this server no longer remembers it. The receipts of its replays are there all the same.</p></EmptyState></section> : <Loaded of={run} height={320}>{(data) => <Body run={data} />}</Loaded>}
    </Page>
  );
}
