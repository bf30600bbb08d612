// Who was told: what waits, dead letters, and what became of the messages, per channel.
import { RotateCw } from 'lucide-preact';
import { useQuery } from '@tanstack/preact-query';
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { failed, toast } from '@/lib/actions';
import { ask, askJson } from '@/lib/api';
import { openRange } from '@/lib/alerts';
import { withExtra } from '@/lib/filters';
import { ago, count } from '@/lib/format';
import { sentence } from '@/lib/problem';
import { client } from '@/lib/query';
import { may } from '@/lib/session';
import { clock, type FilterState } from '@/lib/state';
import { Card, EmptyState, Loaded } from '@/ui/card';
import { Count, Name, Tag, Time } from '@/ui/figures';
import { type Col, Table } from '@/ui/table';

interface Queued {
  id: string;
  channel: string;
  kind: string;
  incident: string;
  headline: string;
  created: string;
  attempts: number;
}
interface Sent {
  id: string;
  channel: string;
  at: string;
  kind: string;
  rule: string;
  incident: string;
  headline: string;
  delivered: boolean;
  attempts: number;
  status: number;
  detail: string;
}
interface Answer {
  waiting: Queued[];
  dead: Queued[];
  log: Partial<Sent>[];
}
const LOOK = 15_000;
export const useDeliveries = () => useQuery({ queryKey: ['alerts', 'deliveries'], queryFn: ({ signal }) => askJson<Answer>('/api/v1/alerts/deliveries', { signal }), enabled: may('viewer'), refetchInterval: LOOK, staleTime: 5000 });

function Retry({ id, headline }: { id: string; headline: string }) {
  const [busy, setBusy] = useState(false);
  const run = () => {
    setBusy(true);
    ask(`/api/v1/alerts/deliveries/${encodeURIComponent(id)}/retry`, { method: 'POST' })
      .then(() => { toast('It is being sent again'); return client.invalidateQueries({ queryKey: ['alerts', 'deliveries'] }); }, failed)
      .finally(() => setBusy(false));
  };
  return <button type="button" class="btn sm" disabled={busy} aria-label={`Send again: ${headline}`} onClick={run}><RotateCw size={13} aria-hidden="true" />Send again</button>;
}

const common = <T extends { channel?: string; kind?: string; headline?: string }>(): Col<T>[] => [
  { key: 'channel', head: 'Channel', cell: (row) => <Name text={row.channel ?? ''} /> },
  { key: 'kind', head: 'What', cell: (row) => <Tag>{sentence(row.kind ?? '')}</Tag> },
  { key: 'headline', head: 'Message', cell: (row) => <Name text={sentence(row.headline ?? '')} /> },
];

function Queue({ title, sub, rows, retry, empty }: { title: string; sub?: string; rows: readonly Queued[]; retry: boolean; empty?: string }) {
  const cols: Col<Queued>[] = [
    ...common<Queued>(),
    { key: 'age', head: 'Since', cell: (row) => <span title={row.created}>{ago(row.created, clock.value)}</span> },
    { key: 'attempts', head: 'Attempts', right: true, cell: (row) => <Count value={row.attempts} /> },
    ...(retry ? [{ key: 'retry', head: '', right: true, cell: (row: Queued) => <Retry id={row.id} headline={row.headline} /> }] : []),
  ];
  if (rows.length === 0 && !empty) return null;
  return <Card title={title} {...(sub ? { sub } : {})} class="above-gap"><Table label={title} cols={cols} rows={rows} rowKey={(row) => row.id} empty={<p class="pad mut">{empty}</p>} /></Card>;
}

function perChannel(log: readonly Partial<Sent>[]) {
  const out = new Map<string, { good: number; bad: number }>();
  for (const line of log) {
    const one = out.get(line.channel ?? '') ?? { good: 0, bad: 0 };
    out.set(line.channel ?? '', line.delivered ? { ...one, good: one.good + 1 } : { ...one, bad: one.bad + 1 });
  }
  return [...out].sort(([a], [b]) => (a < b ? -1 : 1));
}

export function Deliveries({ state }: { state: FilterState }) {
  const asked = useDeliveries();
  const [shown, setShown] = useState(50);
  const channel = state.filters.extra.channel ?? '';
  const put = (value: string) => state.set(withExtra(state.filters, 'channel', value), { replace: true });
  const cols: Col<Partial<Sent>>[] = [
    { key: 'at', head: 'When', cell: (row) => <Time value={row.at} /> },
    ...common<Partial<Sent>>(),
    { key: 'result', head: 'Result', cell: (row) => (row.delivered ? <Tag tone="pos">Delivered</Tag> : <Tag tone="neg">Not delivered</Tag>) },
    { key: 'detail', head: 'What the receiver said', cell: (row) => <Name text={[row.status ? String(row.status) : '', row.detail ?? ''].filter(Boolean).join(' ')} /> },
    { key: 'attempts', head: 'Attempts', right: true, cell: (row) => <Count value={row.attempts} /> },
    { key: 'incident', head: '', right: true, cell: (row) => (row.rule && row.incident ? <Link class="link" href={`/alerts/${encodeURIComponent(row.rule)}/${encodeURIComponent(row.incident)}`}>Alert</Link> : null) },
  ];
  return (
    <Loaded of={asked} height={320}>
      {(data) => {
        const here = <T extends { channel?: string }>(rows: readonly T[]) => rows.filter((row) => channel === '' || row.channel === channel);
        const at = (text: string | undefined) => Date.parse(text ?? '');
        const log = here(data.log).filter((line) => Number.isNaN(at(line.at)) || (at(line.at) >= state.range.from.getTime() && at(line.at) < openRange(state.filters, state.range).to.getTime()));
        const channels = perChannel(data.log);
        return (
          <>
            <Queue title="Dead letters" sub="given up; they can be sent again" rows={here(data.dead)} retry={may('operator')} empty="None. Every message was delivered, or is still being tried." />
            <Queue title="Waiting" sub="tried again with growing pauses" rows={here(data.waiting)} retry={false} />
            <Card title="Messages" class="above-gap" sub={`${count(log.length)} of the last 1,000`} tools={
              <select class="input sm" aria-label="Channel" value={channel} onChange={(event) => put(event.currentTarget.value)}>
                <option value="">Every channel</option>
                {[...new Set([...channels.map(([id]) => id), channel])].filter(Boolean).map((id) => <option key={id} value={id}>{id}</option>)}
              </select>} {...(log.length > shown ? { foot: <><span>{count(shown)} of {count(log.length)}</span><span class="sp" /><button type="button" class="btn sm" onClick={() => setShown(shown + 100)}>Show more</button></> } : {})}>
              {channels.length > 0 && <p class="legend">{channels.map(([id, { good, bad }]) => <span key={id}><Name text={id} /> <b>{count(good)}</b> delivered{bad > 0 && <>, <b class="bad">{count(bad)}</b> not</>}</span>)}</p>}
              <Table label="Messages" cols={cols} rows={log.slice(0, shown)} rowKey={(row) => `${row.id} ${row.at} ${row.channel}`} empty={
                <EmptyState title="No message in this range"><p>Alerts are recorded without channels too. <Link class="link" href="/settings/channels">Channels</Link> say who is told.</p></EmptyState>} />
            </Card>
          </>
        );
      }}
    </Loaded>
  );
}
