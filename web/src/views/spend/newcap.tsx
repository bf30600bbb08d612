// A new cap.
import { useId, useState } from 'preact/hooks';
import { useQuery } from '@tanstack/preact-query';
import { toast } from '@/lib/actions';
import { http } from '@/lib/api';
import { actionText, type Budget, capError, createBudget, type Scope, scopeKeys } from '@/lib/budgets';
import type { FilterState } from '@/lib/state';
import { Dialog } from '@/ui/dialog';
import { WhatNow } from '@/views/spend/whatnow';

const labels: Record<(typeof scopeKeys)[number], string> = { tenant: 'Tenant', workflow: 'Workflow', key: 'API key', model: 'Model', end_user: 'End user' };
const periods: Record<Budget['period'], string> = { day: 'Each day (UTC)', month: 'Each month (UTC)', total: 'In all' };
const effects: Record<Budget['on_exceed'], string> = {
  refuse: 'Requests that could go over it get a 402 and a receipt that says why.',
  downgrade: 'Requests go to cheaper models that fit; if none does, they are refused.',
  clamp: 'The longest answer is cut so that it fits; if nothing fits, the request is refused.',
};

/** What the filters of the view name already. */
function scopeOf(state: FilterState): Scope {
  const scope: Scope = {};
  for (const key of scopeKeys) {
    const filter = state.filters.by[key];
    if (filter && !filter.exclude && filter.values.length === 1 && filter.values[0]) scope[key] = filter.values[0];
  }
  return scope;
}
const useNames = () => useQuery({ queryKey: ['facets'], queryFn: async ({ signal }) => (await http.GET('/api/v1/facets', { signal })).data ?? null, staleTime: 60_000 });

function ScopeFields({ scope, set }: { scope: Scope; set: (next: Scope) => void }) {
  const id = useId();
  const facets = useNames().data?.facets ?? [];
  const change = (key: (typeof scopeKeys)[number], value: string) => {
    const rest = Object.fromEntries(Object.entries(scope).filter(([name]) => name !== key));
    set(value === '' ? rest : { ...rest, [key]: value });
  };
  return (
    <fieldset class="fields">
      <legend>Applies to</legend>
      {scopeKeys.map((key) => (
        <div class="field" key={key}>
          <label for={`${id}-${key}`}>{labels[key]}</label>
          <input id={`${id}-${key}`} class="input" list={`${id}-${key}-names`} value={scope[key] ?? ''} placeholder="any" maxLength={256} onInput={(event) => change(key, event.currentTarget.value)} />
          <datalist id={`${id}-${key}-names`}>{(facets.find((facet) => facet.field === key)?.values ?? []).slice(0, 200).map((value) => <option key={value} value={value} />)}</datalist>
        </div>
      ))}
    </fieldset>
  );
}

const levelsOf = (text: string): number[] | null => {
  const parts = text.split(/[\s,]+/).filter(Boolean);
  const levels = parts.map(Number);
  return levels.every((level) => Number.isInteger(level) && level >= 1 && level <= 100) ? [...new Set(levels)].sort((a, b) => a - b) : null;
};

export function NewCap({ state, close }: { state: FilterState; close: () => void }) {
  const [scope, setScope] = useState<Scope>(() => scopeOf(state));
  const [period, setPeriod] = useState<Budget['period']>('month');
  const [action, setAction] = useState<Budget['on_exceed']>('refuse');
  const [measure, setMeasure] = useState<Budget['measure']>('cost');
  const [cap, setCap] = useState('');
  const [warn, setWarn] = useState('50, 80, 95');
  const [failed, setFailed] = useState('');
  const problem = capError(cap);
  const levels = levelsOf(warn);
  const save = async (event: Event) => {
    event.preventDefault();
    if (problem || !levels) return;
    try {
      await createBudget({ scope, period, cap_usd: cap.trim(), measure, on_exceed: action, warn_levels: levels });
      toast('Cap made');
      close();
    } catch (error) {
      setFailed(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Dialog title="New cap" onClose={close} foot={<><button type="button" class="btn" onClick={close}>Cancel</button><button type="submit" form="new-cap" class="btn pri" disabled={problem !== null || !levels}>Make the cap</button></>}>
      <form id="new-cap" class="form" onSubmit={(event) => void save(event)}>
        <ScopeFields scope={scope} set={setScope} />
        <div class="fields two">
          <div class="field"><label for="cap-amount">Cap, US dollars</label><input id="cap-amount" class="input" inputMode="decimal" placeholder="250" value={cap} onInput={(event) => setCap(event.currentTarget.value)} aria-describedby="cap-says" /></div>
          <div class="field"><label for="cap-period">Period</label><select id="cap-period" class="input" value={period} onChange={(event) => setPeriod(event.currentTarget.value as Budget['period'])}>{(Object.keys(periods) as Budget['period'][]).map((key) => <option key={key} value={key}>{periods[key]}</option>)}</select></div>
          <div class="field"><label for="cap-action">When it is reached</label><select id="cap-action" class="input" value={action} onChange={(event) => setAction(event.currentTarget.value as Budget['on_exceed'])}>{(Object.keys(actionText) as Budget['on_exceed'][]).map((key) => <option key={key} value={key}>{actionText[key]}</option>)}</select></div>
          <div class="field"><label for="cap-measure">Counts</label><select id="cap-measure" class="input" value={measure} onChange={(event) => setMeasure(event.currentTarget.value as Budget['measure'])}><option value="cost">what providers cost</option><option value="charged">what is charged to the tenant</option></select></div>
          <div class="field"><label for="cap-warn">Warns at, per cent</label><input id="cap-warn" class="input" value={warn} aria-invalid={!levels} onInput={(event) => setWarn(event.currentTarget.value)} />{!levels && <span class="error">Whole numbers from 1 to 100.</span>}</div>
        </div>
        <p class="hint">{effects[action]}</p>
        <div id="cap-says" class="says">{cap === '' ? <p class="hint">Type an amount to see what it would do now.</p> : problem ? <p class="error">{problem}</p> : <WhatNow scope={scope} period={period} measure={measure} action={action} cap={cap} />}</div>
        {failed && <p class="error" role="alert">{failed}</p>}
      </form>
    </Dialog>
  );
}
