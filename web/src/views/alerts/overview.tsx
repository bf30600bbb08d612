// Alerts at a glance: figures, what fires, then events, rules or messages.
import { Plus } from 'lucide-preact';
import { useEffect, useState } from 'preact/hooks';
import { type AlertEvent, isProblem, openRange, passes, passesWhat, useActive, useEvents, useSilences } from '@/lib/alerts';
import { useBudgets } from '@/lib/budgets';
import { formatFilters, withExtra } from '@/lib/filters';
import { count } from '@/lib/format';
import { useShortcuts } from '@/lib/keys';
import { useRules } from '@/lib/rules';
import { may } from '@/lib/session';
import { type FilterState, useFilters } from '@/lib/state';
import { Kpi, KpiStrip, Loaded, Notice, ErrorCard } from '@/ui/card';
import { Segment } from '@/ui/controls';
import { Count } from '@/ui/figures';
import { Page } from '@/ui/page';
import { Deliveries, useDeliveries } from '@/views/alerts/deliveries';
import { choiceOf, Events } from '@/views/alerts/events';
import { Firing } from '@/views/alerts/firing';
import { RuleForm } from '@/views/alerts/ruleform';
import { RulesCard } from '@/views/alerts/rules';
import { useAlertStream } from '@/views/alerts/stream';

const tabs = [{ key: 'events', label: 'Events' }, { key: 'rules', label: 'Rules' }, { key: 'messages', label: 'Messages' }] as const;
type Tab = (typeof tabs)[number]['key'];
const tabOf = (state: FilterState): Tab => (may('viewer') ? (tabs.find((one) => one.key === state.filters.extra.tab)?.key ?? 'events') : 'events');
/** What labels of alerts never name. */
const unused = ['status', 'requested_model', 'error_code', 'endpoint', 'router_version', 'policy_version'] as const;

/** All events back to the start of the range, page by page; `enough`: what is looked for is there. */
export function useHistory(from: number, enough: (events: readonly AlertEvent[]) => boolean = () => false) {
  const asked = useEvents();
  const events: AlertEvent[] = asked.data?.pages.flatMap((page) => page.events) ?? [];
  const oldest = events.at(-1);
  const complete = asked.data !== undefined && (!asked.hasNextPage || enough(events) || (oldest !== undefined && Date.parse(oldest.at) < from));
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isError } = asked;
  useEffect(() => {
    if (!complete && hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage();
  }, [complete, hasNextPage, isFetchingNextPage, isError, fetchNextPage]);
  return { asked, events, complete };
}

function Kpis({ state, active, events, complete }: { state: FilterState; active: ReturnType<typeof useActive>; events: readonly AlertEvent[]; complete: boolean }) {
  const deliveries = useDeliveries();
  const here = (active.data ?? []).filter((one) => passesWhat(one, state.filters));
  const firing = here.filter((one) => one.state === 'firing' && isProblem(one));
  const critical = firing.filter((one) => one.severity === 'critical').length;
  const open = firing.filter((one) => !one.acknowledged_by).length;
  const of = (show: 'problems' | 'good') => events.filter((event) => passes(event, state.filters, openRange(state.filters, state.range), { show, kind: 'firing', rule: '' })).length;
  const to = (extra: Record<string, string>) => `/alerts${formatFilters({ ...state.filters, extra })}`;
  const some = complete ? null : <span>so far</span>;
  return (
    <KpiStrip>
      <Kpi label="Firing now" value={<Count value={active.data ? firing.length : null} />} note={firing.length === 0 ? 'nothing is wrong' : `${count(critical)} critical, ${count(firing.length - critical)} ${firing.length - critical === 1 ? 'warning' : 'warnings'}`} href={to({ show: 'problems' })} />
      <Kpi label="Nobody has it" value={<Count value={active.data ? open : null} />} note={open === 0 ? 'all acknowledged' : 'not acknowledged yet'} href={to({ show: 'problems', what: 'firing' })} />
      <Kpi label="Fired in this range" value={<Count value={events.length > 0 || complete ? of('problems') : null} />} note={some ?? 'warnings and critical ones'} href={to({ show: 'problems', what: 'firing' })} />
      <Kpi label="Good news" value={<Count value={events.length > 0 || complete ? of('good') : null} />} note={some ?? 'targets met, savings seen'} href={to({ show: 'good' })} />
      <Kpi label="Dead letters" value={<Count value={deliveries.data?.dead.length} />} note={!may('viewer') ? 'seen by the platform only' : deliveries.data ? deliveries.data.waiting.length === 1 ? '1 message waits' : `${count(deliveries.data.waiting.length)} messages wait` : ''} {...(may('viewer') ? { href: to({ tab: 'messages' }) } : {})} />
    </KpiStrip>
  );
}

export function Overview({ rule }: { rule?: string }) {
  const state = useFilters();
  const view: FilterState = rule && !state.filters.extra.rule ? { ...state, filters: withExtra(state.filters, 'rule', rule) } : state;
  const active = useActive();
  const { asked, events, complete } = useHistory(state.range.from.getTime());
  const rules = useRules();
  const silences = useSilences();
  const budgets = useBudgets();
  const [making, setMaking] = useState(false);
  const operator = may('operator');
  const tab = tabOf(view);
  const connection = useAlertStream(!active.isError);
  useShortcuts(operator ? [{ keys: 'n', label: 'New rule', run: () => setMaking(true) }] : []);
  const ruleIds = rules.data?.map((one) => one.id) ?? [...new Set(events.map((event) => event.rule))].sort();
  const select = (next: Tab) => state.set(withExtra(state.filters, 'tab', next === 'events' ? '' : next), { replace: true });
  return (
    <Page title="Alerts" busy={active.isFetching || asked.isFetching} filters={{ compare: false, range: tab !== 'rules', unused }} actions={operator && <button type="button" class="btn pri" onClick={() => setMaking(true)}><Plus size={15} aria-hidden="true" />New rule<kbd aria-hidden="true">N</kbd></button>}>
      {active.isError && active.data === undefined ? <section class="card"><ErrorCard error={active.error} retry={() => void active.refetch()} /></section> : (
        <>
          {connection === 'lost' && <Notice tone="warn">The stream of events is interrupted; it is being reopened.</Notice>}
          <Kpis state={state} active={active} events={events} complete={complete} />
          {tab === 'events' && <Loaded of={active} height={90}>{(data) => <Firing state={state} active={data.filter((one) => passesWhat(one, state.filters))} budgets={budgets.data ?? []} silences={silences.data ?? []} ruleIds={ruleIds} />}</Loaded>}
          {may('viewer') && <div class="above-gap"><Segment label="Show" value={tab} options={tabs} onChange={select} /></div>}
          {tab === 'events' && <Loaded of={asked} height={320}>{() => <Events state={view} events={events} complete={complete} budgets={budgets.data ?? []} ruleIds={ruleIds} />}</Loaded>}
          {tab === 'rules' && <RulesCard state={state} rules={rules} events={events} only={choiceOf(view).rule} />}
          {tab === 'messages' && <Deliveries state={state} />}
        </>
      )}
      {making && <RuleForm close={() => setMaking(false)} />}
    </Page>
  );
}
