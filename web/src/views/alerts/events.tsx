// What happened, newest first, by day. Each event leads to its incident, its view and its receipts.
import { Inbox } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { type AlertEvent, type Choice, type EventKind, incidentHref, openRange, passes, receiptsOf, type Show, viewOf } from '@/lib/alerts';
import type { Budget } from '@/lib/budgets';
import { withExtra } from '@/lib/filters';
import { count, time } from '@/lib/format';
import { sentence } from '@/lib/problem';
import type { FilterState } from '@/lib/state';
import { Card, EmptyState } from '@/ui/card';
import { Segment } from '@/ui/controls';
import { Name, Time } from '@/ui/figures';
import { EventTag, kindText } from '@/views/alerts/tags';

const shows: readonly { key: Show; label: string }[] = [{ key: 'all', label: 'All' }, { key: 'problems', label: 'Problems' }, { key: 'good', label: 'Good news' }, { key: 'info', label: 'Info' }];
const kinds: readonly EventKind[] = ['firing', 'resolved', 'acknowledged', 'reminder'];
const STEP = 100; // rows

export function choiceOf(state: FilterState): Choice {
  const { show, what, rule } = state.filters.extra;
  return { show: shows.find((one) => one.key === show)?.key ?? 'all', kind: kinds.find((one) => one === what) ?? '', rule: rule ?? '' };
}

function Chooser({ state, ruleIds }: { state: FilterState; ruleIds: readonly string[] }) {
  const choice = choiceOf(state);
  const put = (key: string, value: string) => state.set(withExtra(state.filters, key, value), { replace: true });
  const rules = choice.rule && !ruleIds.includes(choice.rule) ? [choice.rule, ...ruleIds] : ruleIds;
  return (
    <>
      <Segment label="Which events" value={choice.show} options={shows} onChange={(next) => put('show', next === 'all' ? '' : next)} />
      <select class="input sm" aria-label="What happened" value={choice.kind} onChange={(event) => put('what', event.currentTarget.value)}>
        <option value="">Anything happened</option>
        {kinds.map((kind) => <option key={kind} value={kind}>{kindText(kind)}</option>)}
      </select>
      <select class="input sm" aria-label="Rule" value={choice.rule} onChange={(event) => put('rule', event.currentTarget.value)}>
        <option value="">Every rule</option>
        {rules.map((id) => <option key={id} value={id}>{id}</option>)}
      </select>
    </>
  );
}

export function EventRow({ event, state, budgets, inIncident = false }: { event: AlertEvent; state: FilterState; budgets: readonly Budget[]; inIncident?: boolean }) {
  const view = viewOf(event, state.filters);
  return (
    <li class="event">
      <span class="event-w"><Time value={event.at} as={inIncident ? 'second' : 'clock'} /></span>
      <span class="event-k"><EventTag event={event} /></span>
      <span class="event-b">
        {inIncident ? <b class="strong"><bdi>{sentence(event.headline)}</bdi></b> : <Link class="event-h" href={incidentHref(event)}><bdi>{sentence(event.headline)}</bdi></Link>}
        <small><bdi>{event.title}</bdi>{event.kind === 'firing' && event.figures && <> · <bdi>{event.figures}</bdi></>}{event.note && <> · <bdi>{event.note}</bdi></>}</small>
      </span>
      <span class="event-t">{event.tenant && <Name text={event.tenant} />}</span>
      <span class="event-a">
        {view && <Link class="link quiet" href={view.href} aria-label={`${view.label}: ${event.headline}`}>{view.label}</Link>}
        <Link class="link" href={receiptsOf(event, event.at, state.filters.tz, budgets)} >{event.samples > 1 && event.labels.budget === undefined ? `${count(event.samples)} requests` : 'Receipts'}<span class="vh"> behind: {event.headline}</span></Link>
      </span>
    </li>
  );
}

function byDay(events: readonly AlertEvent[], tz: string): [string, AlertEvent[]][] {
  const out = new Map<string, AlertEvent[]>();
  for (const event of events) {
    const day = time(event.at, 'date', tz);
    const list = out.get(day);
    if (list) list.push(event);
    else out.set(day, [event]);
  }
  return [...out];
}

interface EventsProps {
  state: FilterState;
  events: readonly AlertEvent[];
  complete: boolean;
  budgets: readonly Budget[];
  ruleIds: readonly string[];
}
export function Events({ state, events, complete, budgets, ruleIds }: EventsProps) {
  const [shown, setShown] = useState(STEP);
  const choice = choiceOf(state);
  const rows = events.filter((event) => passes(event, state.filters, openRange(state.filters, state.range), choice));
  const days = byDay(rows.slice(0, shown), state.filters.tz);
  return (
    <Card title="Events" class="above-gap" sub={`${count(rows.length)}${complete ? '' : ' so far'}`} tools={<Chooser state={state} ruleIds={ruleIds} />}
      {...(rows.length > shown ? { foot: <><span>{count(shown)} of {count(rows.length)}</span><span class="sp" /><button type="button" class="btn sm" onClick={() => setShown(shown + STEP)}>Show more</button></> } : {})}>
      {rows.length === 0 ? (
        <EmptyState title={complete ? 'Nothing happened here' : 'Looking further back'} icon={<Inbox size={24} aria-hidden="true" />}><p>{complete ? 'No alert fired, resolved or was acknowledged in this range and with these filters. The rules watch on.' : 'Older events are being read.'}</p></EmptyState>
      ) : days.map(([day, list]) => (
        <section key={day} class="day" aria-label={day}>
          <h3>{day}</h3>
          <ul class="events">{list.map((event) => <EventRow key={event.sequence} event={event} state={state} budgets={budgets} />)}</ul>
        </section>
      ))}
    </Card>
  );
}
