// The rules: what each watches, how it stands, when it last fired. Changed, switched and removed where they stand.
import { Lock, Pencil, Plus, Trash2, TriangleAlert } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { UseQueryResult } from '@tanstack/preact-query';
import { failed, toast } from '@/lib/actions';
import type { AlertEvent } from '@/lib/alerts';
import { formatFilters, withExtra } from '@/lib/filters';
import { ago, count } from '@/lib/format';
import { conditionText, patchRule, removeRule, type Rule, scopeText } from '@/lib/rules';
import { may } from '@/lib/session';
import { clock, type FilterState } from '@/lib/state';
import { Card, EmptyState, Loaded } from '@/ui/card';
import { Confirm } from '@/ui/confirm';
import { Count, Name, Tag } from '@/ui/figures';
import { type Col, Table } from '@/ui/table';
import { RuleForm } from '@/views/alerts/ruleform';
import { SeverityTag } from '@/views/alerts/tags';

const origin: Record<Rule['managed'], string> = { built_in: 'Built in', file: 'File', api: 'Made here' };

export function RuleState({ rule }: { rule: Rule }) {
  if (!rule.enabled) return <Tag>Off</Tag>;
  if (rule.state.trouble) return <span title={rule.state.trouble}><Tag tone="neg"><TriangleAlert size={12} aria-hidden="true" />Cannot be judged</Tag></span>;
  if (rule.state.firing > 0) return <Tag tone={rule.severity === 'critical' ? 'neg' : rule.severity === 'warn' ? 'warn' : rule.severity === 'ok' ? 'pos' : 'info'}>{rule.severity === 'ok' || rule.severity === 'info' ? 'True now' : 'Firing'}{rule.state.firing > 1 && ` × ${rule.state.firing}`}</Tag>;
  if (rule.state.pending > 0) return <Tag tone="warn">Pending</Tag>;
  return rule.state.evaluated === null ? <span class="mut">Not looked at yet</span> : <Tag tone="out">Quiet</Tag>;
}

function Switch({ rule }: { rule: Rule }) {
  const [busy, setBusy] = useState(false);
  const flip = () => {
    setBusy(true);
    patchRule(rule.id, { enabled: !rule.enabled }).then(() => toast(rule.enabled ? 'Switched off: what fired is over' : 'Switched on'), failed).finally(() => setBusy(false));
  };
  return <button type="button" class="switch" role="switch" aria-checked={rule.enabled} aria-label={`${rule.id} switched on`} disabled={busy || !may('operator') || rule.managed === 'file'} onClick={flip}><i /></button>;
}

interface RulesProps {
  state: FilterState;
  rules: UseQueryResult<Rule[]>;
  events: readonly AlertEvent[] | null;
  only?: string;
  making?: boolean;
}
function columns({ state, events, edit, remove }: { state: FilterState; events: readonly AlertEvent[] | null; edit: (rule: Rule) => void; remove: (rule: Rule) => void }): Col<Rule>[] {
  const operator = may('operator');
  const fires = new Map<string, AlertEvent[]>();
  for (const event of events ?? []) if (event.kind === 'firing') fires.set(event.rule, [...(fires.get(event.rule) ?? []), event]);
  const inRange = (rule: Rule) => (fires.get(rule.id) ?? []).filter((event) => Date.parse(event.at) >= state.range.from.getTime()).length;
  const href = (rule: Rule) => `/alerts${formatFilters(withExtra({ ...state.filters, extra: {} }, 'rule', rule.id))}`;
  return [
    { key: 'on', head: 'On', cell: (rule) => <Switch rule={rule} /> },
    { key: 'rule', head: 'Rule', cell: (rule) => <span class="two"><b class="strong"><Name text={rule.title || rule.id} /></b><small class="mono"><Name text={rule.id} /></small></span> },
    { key: 'what', head: 'Fires when', cell: (rule) => <span class="two wrap"><span>{conditionText(rule)}</span>{Object.keys(rule.filters).length > 0 && <small><Name text={scopeText(rule)} /></small>}</span> },
    { key: 'severity', head: 'How bad', cell: (rule) => <SeverityTag severity={rule.severity} /> },
    { key: 'state', head: 'State', cell: (rule) => <RuleState rule={rule} /> },
    ...(events ? [{ key: 'fired', head: 'Fired', right: true, cell: (rule: Rule) => {
      const last = fires.get(rule.id)?.[0];
      return <span class="two r"><Link class="cell-link" href={href(rule)} ><Count value={inRange(rule)} /><span class="vh"> events of {rule.id}</span></Link><small>{last ? ago(last.at, clock.value) : '—'}</small></span>;
    } }] : []),
    { key: 'origin', head: 'From', cell: (rule) => <span class={rule.managed === 'api' ? '' : 'mut'} title={rule.managed === 'file' ? 'Comes from the configuration file: change it there and reload' : undefined}>{rule.managed === 'file' && <Lock size={12} class="inline" aria-hidden="true" />}{origin[rule.managed]}</span> },
    ...(operator ? [{ key: 'act', head: '', right: true, cell: (rule: Rule) => (rule.managed === 'file' ? null : (
      <span class="row end">
        <button type="button" class="cp" aria-label={`Change rule ${rule.id}`} title="Change" onClick={() => edit(rule)}><Pencil size={13} aria-hidden="true" /></button>
        {rule.managed === 'api' && <button type="button" class="cp" aria-label={`Remove rule ${rule.id}`} title="Remove" onClick={() => remove(rule)}><Trash2 size={13} aria-hidden="true" /></button>}
      </span>)) }] : []),
  ];
}

const order = (a: Rule, b: Rule) => b.state.firing - a.state.firing || b.state.pending - a.state.pending || Number(b.enabled) - Number(a.enabled) || (a.id < b.id ? -1 : 1);

export function RulesCard({ state, rules, events, only = '', making = false }: RulesProps) {
  const [editing, setEditing] = useState<Rule | null>(null);
  const [removing, setRemoving] = useState<Rule | null>(null);
  const [adding, setAdding] = useState(false);
  return (
    <>
      <Card title="Rules" class="above-gap" sub={rules.data && `${count(rules.data.length)}, ${count(rules.data.filter((rule) => rule.enabled).length)} on`} tools={making && may('operator') && <button type="button" class="btn sm pri" onClick={() => setAdding(true)}><Plus size={14} aria-hidden="true" />New rule</button>}>
        <Loaded of={rules} height={360}>
          {(data) => <Table label="Alert rules" cols={columns({ state, events, edit: setEditing, remove: setRemoving })} rows={data.filter((rule) => only === '' || rule.id === only).sort(order)} rowKey={(rule) => rule.id} empty={<EmptyState title={only ? 'No such rule' : 'No rule'}><p>A rule watches a signal and says when it leaves its bounds.</p></EmptyState>} />}
        </Loaded>
      </Card>
      {editing && <RuleForm rule={editing} close={() => setEditing(null)} />}
      {adding && <RuleForm close={() => setAdding(false)} />}
      {removing && (
        <Confirm title="Remove this rule?" verb="Remove" run={() => removeRule(removing.id)} done="Rule removed" close={() => setRemoving(null)}>
          <p><bdi>{removing.id}</bdi>: {conditionText(removing)}. What it has fired is over then; its events stay. A built-in rule whose place it took is back.</p>
        </Confirm>
      )}
    </>
  );
}
