// Receipts as they close. Reading holds the list; gaps are rows; nothing is sampled.
import { Pause, Play, Radio } from 'lucide-preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { apiParams, type Filters, formatFilters, withRange } from '@/lib/filters';
import { count, perSecond } from '@/lib/format';
import { useShortcuts } from '@/lib/keys';
import { useFilters } from '@/lib/state';
import type { ReceiptRow } from '@/lib/receipt';
import { useEventStream } from '@/lib/stream';
import { Card, EmptyState, ErrorCard, Notice } from '@/ui/card';
import { ModelName, Money, Ms, Name, StatusTag, Time } from '@/ui/figures';
import { Page } from '@/ui/page';
import { VTable, type VCol } from '@/ui/vtable';
import { receiptHref } from '@/views/receipts/data';
import { type Entry, Feed, type Gap } from '@/views/live/feed';

const FLUSH = 200; // ms

function liveParams(filters: Filters): string {
  const query = new URLSearchParams(apiParams(filters, 0));
  query.delete('from'); // the stream has no range
  query.delete('to');
  return query.toString();
}

function columns(): VCol<Entry>[] {
  const cell = (of: (row: ReceiptRow) => preact.ComponentChildren) => (entry: Entry) => (entry.kind === 'receipt' ? of(entry.row) : null);
  return [
    { key: 'time', head: 'Time', width: '104px', cell: cell((row) => <Time value={row.created_at} as="clock" />) },
    { key: 'status', head: 'Status', width: '120px', cell: cell((row) => <StatusTag status={row.status} />) },
    { key: 'tenant', head: 'Tenant', width: 'minmax(110px, 1fr)', cell: cell((row) => <Name text={row.tenant} />) },
    { key: 'workflow', head: 'Workflow', width: 'minmax(110px, 1fr)', cell: cell((row) => <Name text={row.workflow} />) },
    { key: 'category', head: 'Category', width: 'minmax(100px, 0.8fr)', cell: cell((row) => <Name text={row.category} />) },
    { key: 'model', head: 'Model', width: 'minmax(160px, 1.4fr)', cell: cell((row) => <><ModelName id={row.model_id} />{row.attempts > 1 && <span class="mut"> after {row.attempts - 1} failed</span>}{row.error_code && <span class="mut"> {row.error_code}</span>}</>) },
    { key: 'cost', head: 'Cost', width: '112px', right: true, cell: cell((row) => <Money value={row.cost_usd} as="unit" />) },
    { key: 'latency', head: 'Latency', width: '104px', right: true, cell: cell((row) => <Ms value={row.latency_ms} />) },
  ];
}

function GapRow({ gap, filters }: { gap: Gap; filters: Filters }) {
  const what = gap.dropped === null ? 'Some receipts' : `${count(gap.dropped)} receipts`;
  return <div role="gridcell" style={{ gridColumn: '1 / -1' }}>{what} {gap.here ? 'came while the list was held and are not shown here' : 'were missed'}: <Link class="link" href={`/receipts${formatFilters(withRange(filters, '-15m'))}`}>open them in Search</Link></div>;
}

function Rates({ feed }: { feed: Feed }) {
  const rates = feed.rates(Date.now());
  const max = Math.max(1, ...rates);
  const now = rates.at(-1) ?? 0;
  return (
    <>
      <span class="rate"><span class={`dot ${now > 0 ? '' : 'off'}`} />{perSecond(now)}</span>
      <span class="live-strip" role="img" aria-label={`Receipts per second over the last minute, at most ${max}`}>{rates.map((rate, index) => <i key={index} style={{ '--h': `${(rate / max) * 100}%` }} />)}</span>
    </>
  );
}

export default function Live() {
  const state = useFilters();
  const params = liveParams(state.filters);
  const [feed, setFeed] = useState(() => new Feed());
  const [paused, setPaused] = useState(false);
  const [, tick] = useState(0);
  const held = useRef({ focus: false, scrolled: false, paused: false });
  held.current.paused = paused;
  useEffect(() => setFeed(new Feed()), [params]);
  const { connection, error } = useEventStream(`/api/v1/receipts/live?${params}`, {
    receipt: (data) => feed.receipt(data as ReceiptRow, Date.now()),
    gap: (data) => {
      const gap = data as { dropped: number | null; from: string | null; to: string | null };
      feed.gap(gap.dropped, gap.from, gap.to);
    },
  });
  const holding = () => held.current.paused || held.current.focus || held.current.scrolled;
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.hidden) return;
      if (!holding()) feed.flush();
      tick((n) => n + 1);
    }, FLUSH);
    return () => clearInterval(timer);
  }, [feed]);
  const resume = useCallback(() => {
    held.current = { focus: false, scrolled: false, paused: false };
    setPaused(false);
    document.querySelector('.vt')?.scrollTo({ top: 0 });
    feed.flush();
  }, [feed]);
  useShortcuts([{ keys: '.', label: 'Hold or resume', run: () => (holding() ? resume() : setPaused(true)) }]);
  const cols = columns();
  const waiting = holding() ? feed.held : 0;
  return (
    <Page title="Live feed" full filters={{ compare: false, range: false }}
      actions={<button type="button" class="btn" aria-pressed={paused} onClick={() => (paused ? resume() : setPaused(true))}>{paused ? <Play size={15} aria-hidden="true" /> : <Pause size={15} aria-hidden="true" />}{paused ? 'Resume' : 'Hold'}<kbd aria-hidden="true">.</kbd></button>}>
      {connection === 'absent' && <section class="card"><EmptyState title="Not available on this server" icon={<Radio size={24} aria-hidden="true" />}><p>This server has no live stream. Search has every receipt.</p></EmptyState></section>}
      {connection === 'lost' && <Notice tone="warn">The stream is interrupted; it is being reopened. What is missed will be shown as a gap.</Notice>}
      {error !== null && connection === 'lost' && <section class="card"><ErrorCard error={error} /></section>}
      {connection !== 'absent' && (
        <Card>
          <div class="live-bar"><Rates feed={feed} /><span>{count(feed.received)} received, {count(feed.failed)} failed</span><span class="sp" />{holding() && <span>Held</span>}<Summary feed={feed} /></div>
          {waiting > 0 && <div class="pill"><button type="button" class="btn pri" onClick={resume}>{count(waiting)} new, press . to resume</button></div>}
          {feed.shown.length === 0 ? <EmptyState title={connection === 'open' ? 'Waiting for the next receipt' : 'Connecting'} icon={<Radio size={24} aria-hidden="true" />} /> : (
            <VTable recycle label="Live receipts" cols={cols} rows={feed.shown} minWidth={920} rowKey={(entry) => entry.key} total={-1}
              href={(entry) => (entry.kind === 'receipt' ? receiptHref(entry.row.receipt_id, state.filters, '') : '/receipts')}
              onHold={(on) => { held.current.focus = on; }} onScrolled={(top) => { held.current.scrolled = top > 4; }}
              whole={(entry) => (entry.kind === 'gap' ? <GapRow gap={entry} filters={state.filters} /> : null)}
              rowClass={(entry) => (entry.kind === 'gap' ? 'gap' : entry.row.status === 'refused' ? 'refused' : entry.row.status === 'success' ? '' : 'failed')} />
          )}
        </Card>
      )}
    </Page>
  );
}

/** For screen readers: a summary every ten seconds instead of every row. */
function Summary({ feed }: { feed: Feed }) {
  const [text, setText] = useState('');
  useEffect(() => {
    let before = feed.received;
    const timer = setInterval(() => {
      if (feed.received !== before) setText(`${count(feed.received - before)} new receipts, ${count(feed.failed)} failed so far`);
      before = feed.received;
    }, 10_000);
    return () => clearInterval(timer);
  }, [feed]);
  return <span class="vh" role="status" aria-live="polite">{text}</span>;
}
