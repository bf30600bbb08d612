// What fires now: how bad, since when, who has it, and what to do about it, in place.
import { ArrowUpRight, BellOff, Check } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { failed, toast } from '@/lib/actions';
import { acknowledge, type Active, incidentHref, isProblem, receiptsOf, type Silence, silenceOf, viewOf } from '@/lib/alerts';
import type { Budget } from '@/lib/budgets';
import { ago, time } from '@/lib/format';
import { sentence } from '@/lib/problem';
import { may } from '@/lib/session';
import { clock, type FilterState } from '@/lib/state';
import { Card } from '@/ui/card';
import { Name, Tag, Time } from '@/ui/figures';
import { type About, Silencer } from '@/views/alerts/silencer';
import { Acknowledged, SeverityTag, Silenced } from '@/views/alerts/tags';

/** The ways on from an alert: its view, and the receipts behind it. */
export function Ways({ one, until, state, budgets }: { one: Active; until: string | null; state: FilterState; budgets: readonly Budget[] }) {
  const view = viewOf(one, state.filters);
  return (
    <>
      <Link class="btn sm" href={receiptsOf(one, until, state.filters.tz, budgets)} aria-label={`Receipts behind: ${one.headline}`}>Receipts</Link>
      {view && <Link class="btn sm gh" href={view.href} aria-label={`${view.label}: ${one.headline}`}>{view.label}<ArrowUpRight size={13} aria-hidden="true" /></Link>}
    </>
  );
}

export function Acting({ one, silence, silenced }: { one: Active; silence: (about: About) => void; silenced: boolean }) {
  const [busy, setBusy] = useState(false);
  if (!may('operator')) return null;
  const take = () => {
    setBusy(true);
    acknowledge(one.incident).then(() => toast('Acknowledged: no more reminders'), failed).finally(() => setBusy(false));
  };
  return (
    <>
      {isProblem(one) && one.state === 'firing' && !one.acknowledged_by && <button type="button" class="btn sm pri" disabled={busy} aria-label={`Acknowledge: ${one.headline}`} onClick={take}><Check size={13} aria-hidden="true" />Acknowledge</button>}
      {!silenced && <button type="button" class="btn sm" aria-label={`Silence: ${one.headline}`} onClick={() => silence({ rule: one.rule, labels: one.labels })}><BellOff size={13} aria-hidden="true" />Silence</button>}
    </>
  );
}

interface RowsProps {
  label: string;
  rows: readonly Active[];
  state: FilterState;
  budgets: readonly Budget[];
  silences: readonly Silence[];
  silence: (about: About) => void;
}
function Rows({ label, rows, state, budgets, silences, silence }: RowsProps) {
  return (
    <ul class="alerts" aria-label={label}>
      {rows.map((one) => {
        const held = silenceOf(silences, one, clock.value);
        return (
          <li key={`${one.incident}${one.rule}${JSON.stringify(one.labels)}`} class={`alert ${one.severity} ${one.state}`}>
            <div class="alert-t">
              {one.state === 'firing' ? <SeverityTag severity={one.severity} /> : <Tag>Pending</Tag>}
              {one.incident ? <Link class="alert-h" href={incidentHref(one)}><bdi>{sentence(one.headline)}</bdi></Link> : <b class="alert-h"><bdi>{sentence(one.headline)}</bdi></b>}
            </div>
            <p class="alert-f"><bdi>{one.title}</bdi>{one.figures && <> · <bdi>{one.figures}</bdi></>}</p>
            <p class="alert-m">
              <span>since <Time value={one.since} as="minute" />, {ago(one.since, clock.value)}</span>
              {one.tenant && <span>tenant <Name text={one.tenant} /></span>}
              <Acknowledged by={one.acknowledged_by} />
              {held && <Silenced until={time(held.until, 'minute', state.filters.tz)} />}
            </p>
            <div class="alert-a"><Acting one={one} silence={silence} silenced={held !== undefined} /><Ways one={one} until={null} state={state} budgets={budgets} /></div>
          </li>
        );
      })}
    </ul>
  );
}

const rank = { critical: 0, warn: 1, info: 2, ok: 3 } as const;
const worstFirst = (a: Active, b: Active) => rank[a.severity] - rank[b.severity] || Number(!!a.acknowledged_by) - Number(!!b.acknowledged_by) || b.since.localeCompare(a.since);

export function Firing({ state, active, budgets, silences, ruleIds }: { state: FilterState; active: readonly Active[]; budgets: readonly Budget[]; silences: readonly Silence[]; ruleIds: readonly string[] }) {
  const [about, setAbout] = useState<About | null>(null);
  const firing = active.filter((one) => one.state === 'firing').sort(worstFirst);
  const problems = firing.filter(isProblem);
  const news = firing.filter((one) => !isProblem(one));
  const pending = active.filter((one) => one.state === 'pending').sort(worstFirst);
  const rows = { state, budgets, silences, silence: setAbout };
  return (
    <>
      {problems.length > 0 && <Card title="Firing now" sub={`${problems.length} ${problems.length === 1 ? 'alert' : 'alerts'}`} class="above-gap"><Rows label="Firing now" rows={problems} {...rows} /></Card>}
      {pending.length > 0 && <Card title="About to fire" sub="the condition holds, not yet for long enough" class="above-gap"><Rows label="About to fire" rows={pending} {...rows} /></Card>}
      {news.length > 0 && <Card title="True now" sub="good news and notes" class="above-gap"><Rows label="True now" rows={news} {...rows} /></Card>}
      {about && <Silencer about={about} rules={ruleIds} close={() => setAbout(null)} />}
    </>
  );
}
