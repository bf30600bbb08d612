// One incident: what it is, how it went, who has it, who was told, and the receipts behind it.
import { Link } from 'wouter-preact';
import { useState } from 'preact/hooks';
import { type Active, type AlertEvent, isProblem, receiptsOf, silenceOf, useActive, useSilences } from '@/lib/alerts';
import { useBudgets } from '@/lib/budgets';
import { parseFilters, rangeOf } from '@/lib/filters';
import { count, time } from '@/lib/format';
import { sentence } from '@/lib/problem';
import { panelQuery, useTable } from '@/lib/query';
import { levelText, toForm } from '@/lib/rules';
import { may } from '@/lib/session';
import { clock, type FilterState, useFilters, viewHref } from '@/lib/state';
import { totalsOf } from '@/lib/table';
import { Card, EmptyState, Kpi, KpiStrip, Loaded } from '@/ui/card';
import { Count, Money, Ms, Name, Pct, Tag, Time } from '@/ui/figures';
import { Page } from '@/ui/page';
import { type Col, Table } from '@/ui/table';
import { useDeliveries } from '@/views/alerts/deliveries';
import { EventRow } from '@/views/alerts/events';
import { Acting, Ways } from '@/views/alerts/firing';
import { useHistory } from '@/views/alerts/overview';
import { type About, Silencer } from '@/views/alerts/silencer';
import { useAlertStream } from '@/views/alerts/stream';
import { Acknowledged, SeverityTag, Silenced } from '@/views/alerts/tags';

const units: Record<string, string> = { share: '%', ms: 'ms', us: 'µs', s: 's', usd: 'USD', factor: 'times', per_second: 'per second' };
const level = (value: string | null, unit: string) => {
  const shown = units[unit] ?? '';
  const short = value === null ? undefined : /^-?\d+(\.\d{1,4})?/.exec(shown === '%' ? toForm(value, '%') : value)?.[0]; // four decimals say enough here
  return short === undefined ? '—' : shown === '%' ? `${short}%` : levelText(short, shown);
};

function lasted(from: string, to: number): string {
  const minutes = Math.max(0, Math.round((to - Date.parse(from)) / 60_000));
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}

/** Figures of the receipts behind it: one question. */
function Behind({ one, until, state, href }: { one: Active; until: string | null; state: FilterState; href: string }) {
  const filters = parseFilters(href.split('?')[1] ?? '');
  const table = useTable(panelQuery({ filters, range: rangeOf(filters, until === null ? state.now : Date.parse(until)) }, { measures: ['receipts', 'requests', 'cost', 'error_rate', 'latency_p95'], totals: true }));
  const totals = totalsOf(table.data);
  return (
    <KpiStrip>
      <Kpi label="Value" value={<span class="n">{level(one.value, one.unit)}</span>} note={`threshold ${level(one.threshold, one.unit)}, worst ${level(one.worst, one.unit)}`} />
      <Kpi label="Receipts behind it" value={<Count value={totals?.number('receipts') ?? null} />} href={href} note={`${count(totals?.number('requests') ?? null)} requests`} />
      <Kpi label="Their cost" value={<Money value={totals?.money('cost')} />} href={href} />
      <Kpi label="Errors" value={<Pct value={totals?.number('error_rate') ?? null} />} href={href} />
      <Kpi label="p95 latency" value={<Ms value={totals?.number('latency_p95') ?? null} />} href={href} />
    </KpiStrip>
  );
}

interface Line {
  at: string;
  channel: string;
  kind: string;
  delivered: boolean;
  detail: string;
}
function Told({ incident }: { incident: string }) {
  const asked = useDeliveries();
  const lines: Line[] = (asked.data?.log ?? []).filter((line) => line.incident === incident).map((line) => ({ at: line.at ?? '', channel: line.channel ?? '', kind: line.kind ?? '', delivered: line.delivered ?? false, detail: [line.status ? String(line.status) : '', line.detail ?? ''].filter(Boolean).join(' ') }));
  const cols: Col<Line>[] = [
    { key: 'at', head: 'When', cell: (line) => <Time value={line.at} /> },
    { key: 'channel', head: 'Channel', cell: (line) => <Name text={line.channel} /> },
    { key: 'kind', head: 'What', cell: (line) => sentence(line.kind) },
    { key: 'result', head: 'Result', cell: (line) => (line.delivered ? <Tag tone="pos">Delivered</Tag> : <Tag tone="neg">Not delivered</Tag>) },
    { key: 'detail', head: 'Receiver said', cell: (line) => <Name text={line.detail} /> },
  ];
  return (
    <Card title="Who was told" class="c12">
      <Table label="Messages of this alert" cols={cols} rows={lines} rowKey={(line) => `${line.at} ${line.channel} ${line.kind}`} empty={<p class="pad mut">Nobody yet: no channel takes this alert, or its messages are held back or still under way.</p>} />
    </Card>
  );
}

function Body({ one, over, events, state, viewer }: { one: Active; over: AlertEvent | undefined; events: readonly AlertEvent[]; state: FilterState; viewer: boolean }) {
  const budgets = useBudgets().data ?? [];
  const silences = useSilences().data ?? [];
  const [about, setAbout] = useState<About | null>(null);
  const held = silenceOf(silences, one, clock.value);
  const until = over?.at ?? null;
  return (
    <>
      <section class={`card alert-page ${one.severity}`}>
        <p class="meta">
          <SeverityTag severity={one.severity} />
          {over ? <Tag tone={isProblem(one) ? 'pos' : ''}>Over after {lasted(one.since, Date.parse(over.at))}</Tag> : <Tag tone={isProblem(one) ? 'neg' : ''}>{isProblem(one) ? 'Firing' : 'True'} for {lasted(one.since, clock.value)}</Tag>}
          <Acknowledged by={one.acknowledged_by} />
          {held && <Silenced until={time(held.until, 'minute', state.filters.tz)} />}
          {one.tenant && <span class="mut">tenant <Name text={one.tenant} /></span>}
        </p>
        <p class="lead"><bdi>{one.figures || sentence(one.headline)}</bdi></p>
        <p class="mut">Raised because of <bdi>{one.reason}</bdi>. Since <Time value={one.since} as="full" />.</p>
        <div class="row">{!over && <Acting one={one} silence={setAbout} silenced={held !== undefined} />}<Ways one={one} until={until} state={state} budgets={budgets} />{viewer && <Link class="btn sm gh" href={`/alerts?tab=rules&rule=${encodeURIComponent(one.rule)}`}>Rule</Link>}</div>
      </section>
      <div class="above-gap"><Behind one={one} until={until} state={state} href={receiptsOf(one, until, state.filters.tz, budgets)} /></div>
      <div class="grid">
        <Card title="What happened" class="c12"><ul class="events long">{events.map((event) => <EventRow key={event.sequence} event={event} state={state} budgets={budgets} inIncident />)}</ul>{events.length === 0 && <p class="pad mut">Its events are no longer kept.</p>}</Card>
        {viewer && <Told incident={one.incident} />}
      </div>
      {about && <Silencer about={about} rules={[one.rule]} close={() => setAbout(null)} />}
    </>
  );
}

export function IncidentPage({ rule, incident }: { rule: string; incident: string }) {
  const state = useFilters();
  const active = useActive();
  useAlertStream(!active.isError);
  const { asked, events, complete } = useHistory(0, (all) => all.some((event) => event.incident === incident && event.kind === 'firing'));
  const mine = events.filter((event) => event.incident === incident);
  const now = active.data?.find((one) => one.incident === incident);
  const over = mine.find((event) => event.kind === 'resolved');
  const latest = mine[0];
  const one: Active | undefined = now ?? (latest && { ...latest, state: 'firing' });
  const crumbs = <nav class="top crumbs" aria-label="Breadcrumb"><Link href={viewHref('/alerts', state.filters)} class="mut">Alerts</Link><span class="sl" aria-hidden="true">/</span><Link href={`/alerts?rule=${encodeURIComponent(rule)}`} class="mut clip"><bdi>{rule}</bdi></Link></nav>;
  return (
    <Page title={one ? sentence(one.headline) : 'Alert'} filters={false} above={crumbs} busy={active.isFetching}>
      {one && active.data ? <Body one={one} over={now ? undefined : over} events={mine} state={state} viewer={may('viewer')} /> : (
        <Loaded of={asked} height={320}>
          {() => (complete ? <section class="card"><EmptyState title="No such alert"><p class="mono">{incident.slice(0, 80)}</p><p>It is not one of yours, or it is older than the events that are kept.</p></EmptyState></section> : <div class="pad" aria-busy="true">Looking through older events</div>)}
        </Loaded>
      )}
    </Page>
  );
}
