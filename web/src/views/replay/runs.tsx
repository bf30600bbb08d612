// Runs of many replays: those that there were, and a new one over the receipts of the filters.
import { Plus } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import { receiptsHref } from '@/lib/filters';
import { count, percent } from '@/lib/format';
import { useShortcuts } from '@/lib/keys';
import { modelNames, useModels } from '@/lib/models';
import { usePanel } from '@/lib/query';
import { MOST, type ReplayRun, runFilter, startRun, stateText, useRuns } from '@/lib/replay';
import { type FilterState, useFilters } from '@/lib/state';
import { totalsOf } from '@/lib/table';
import { Card, EmptyState, Loaded } from '@/ui/card';
import { Dialog } from '@/ui/dialog';
import { Count, ModelName, Money, Name, Tag, Time } from '@/ui/figures';
import { CheckField, entries, LinesField, TextField, useSubmit, Whole } from '@/ui/form';
import { Page } from '@/ui/page';
import { type Col, Table } from '@/ui/table';

const tones: Record<ReplayRun['state'], string> = { running: 'info', done: 'pos', cancelled: '', cap_reached: 'warn', failed: 'neg' };
export const RunTag = ({ run }: { run: ReplayRun }) => <Tag tone={tones[run.state]}>{stateText[run.state]}</Tag>;

function NewRun({ state, close }: { state: FilterState; close: () => void }) {
  const [, navigate] = useLocation();
  const known = modelNames(useModels().data);
  const [models, setModels] = useState('');
  const [limit, setLimit] = useState('50');
  const [cap, setCap] = useState('');
  const [tools, setTools] = useState(false);
  const found = totalsOf(usePanel({ measures: ['receipts', 'cost'], totals: true }).data);
  const { refusal, errors, busy, run } = useSubmit(['filter', 'models', 'max_cost_usd', 'limit', 'receipts']);
  const chosen = entries(models);
  const most = /^\d+$/.test(limit.trim()) ? Math.min(MOST, Number(limit)) : 0;
  const receipts = found?.number('receipts') ?? null;
  const times = receipts === null ? null : Math.min(most, receipts) * chosen.length;
  const start = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      const made = await startRun({ filter: runFilter(state.filters, state.now, most), models: chosen, max_cost_usd: cap.trim(), ...(tools ? { allow_tools: true } : {}) });
      close();
      navigate(`/replay/${made.id}`);
    });
  };
  return (
    <Dialog title="Replay many" onClose={close} foot={<><button type="button" class="btn" onClick={close}>Cancel</button><button type="submit" form="run" class="btn pri" disabled={busy || chosen.length === 0 || most === 0 || cap.trim() === ''}>Start</button></>}>
      <form id="run" class="form" onSubmit={start}>
        <p>The newest of the <Link class="link" href={receiptsHref(state.filters, state.now)}>{count(receipts)} receipts</Link> that the filters of this page choose. Each replay is a new receipt of your key; receipts whose request is not kept are skipped.</p>
        <LinesField label="Models" value={models} set={setModels} placeholder={known.slice(0, 2).join('\n') || 'gpt-4o-mini'} hint="One a line, at most five." error={errors.models} />
        <div class="fields">
          <TextField label="At most so many receipts" value={limit} set={setLimit} inputMode="numeric" hint={`up to ${count(MOST)}`} error={errors.limit ?? errors.filter} />
          <TextField label="All of it may cost, US dollars" value={cap} set={setCap} inputMode="decimal" required placeholder="0.50" hint="the run stops before it would cost more" error={errors.max_cost_usd} />
        </div>
        <CheckField label="Requests that offer tools, too" checked={tools} set={setTools} hint="Models can only propose calls: nothing is run." />
        <p class="says hint" role="status">{chosen.length === 0 || times === null ? 'Name a model to see how many replays it would be.' : `At most ${count(times)} replays: ${count(Math.min(most, receipts ?? 0))} receipts, ${count(chosen.length)} ${chosen.length === 1 ? 'model' : 'models'}.`}</p>
        <Whole refusal={refusal} />
      </form>
    </Dialog>
  );
}

const cols: Col<ReplayRun>[] = [
  { key: 'at', head: 'Started', cell: (run) => <Time value={run.created_at} as="minute" /> },
  { key: 'by', head: 'By', cell: (run) => <Name text={run.by} /> },
  { key: 'models', head: 'Models', cell: (run) => <ModelName id={run.models.join(', ')} /> },
  { key: 'state', head: 'State', cell: (run) => <RunTag run={run} /> },
  { key: 'done', head: 'Done', right: true, cell: (run) => <><Count value={run.done} /> <span class="mut">of {count(run.total)}</span></> },
  { key: 'same', head: 'Same output', right: true, cell: (run) => {
    const replayed = run.per_model.reduce((total, one) => total + one.replayed, 0);
    return <span class="n">{replayed === 0 ? '—' : percent(run.per_model.reduce((total, one) => total + one.equal, 0) / replayed)}</span>;
  } },
  { key: 'spent', head: 'Spent', right: true, cell: (run) => <><Money value={run.spent_usd} /> <span class="mut">of ${run.max_cost_usd}</span></> },
];

export function Runs() {
  const state = useFilters();
  const runs = useRuns();
  const [making, setMaking] = useState(false);
  const [of, setOf] = useState('');
  const [, navigate] = useLocation();
  useShortcuts([{ keys: 'n', label: 'Replay many', run: () => setMaking(true) }]);
  return (
    <Page title="Replay" filters={{ compare: false }} busy={runs.isFetching} actions={<button type="button" class="btn pri" onClick={() => setMaking(true)}><Plus size={15} aria-hidden="true" />Replay many<kbd aria-hidden="true">N</kbd></button>}>
      <Card title="One receipt" sub="asked again, beside what it was">
        <form class="row pad" onSubmit={(event) => { event.preventDefault(); if (of.trim()) navigate(`/replay?of=${encodeURIComponent(of.trim())}`); }}>
          <span class="sp"><TextField label="Receipt" value={of} set={setOf} mono placeholder="rcpt_…" hint="Every receipt’s page has Replay, too." /></span>
          <button type="submit" class="btn" disabled={of.trim() === ''}>Open</button>
        </form>
      </Card>
      <Card title="Runs" class="above-gap" sub="what this server remembers">
        <Loaded of={runs} height={200}>
          {(data) => <Table label="Runs" cols={cols} rows={data} rowKey={(run) => run.id} href={(run) => `/replay/${run.id}`} empty={<EmptyState title="No run yet"><p>Replay many asks the requests that the filters choose of up to five models, under one cap, and says where the answers are the same.</p></EmptyState>} />}
        </Loaded>
      </Card>
      {making && <NewRun state={state} close={() => setMaking(false)} />}
    </Page>
  );
}
