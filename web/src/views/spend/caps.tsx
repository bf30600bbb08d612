// All caps, each changed where it stands; what a change would do is said before it is made.
import { Check, Trash2, X } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { failed, toast } from '@/lib/actions';
import { type Budget, actionText, byShare, capError, deleteBudget, periodText, replaceBudget, scopeKeys, scopeText, unblockBudget, usageOf } from '@/lib/budgets';
import { receiptsHref, type Dimension } from '@/lib/filters';
import { money } from '@/lib/format';
import { may } from '@/lib/session';
import type { FilterState } from '@/lib/state';
import { ErrorCard, EmptyState } from '@/ui/card';
import { Confirm } from '@/ui/confirm';
import { Money, Name } from '@/ui/figures';
import { type Col, Table } from '@/ui/table';
import { CapReach, CapState, CapUse, Managed } from '@/views/spend/captag';
import { WhatNow } from '@/views/spend/whatnow';

/** The receipts that a cap has counted in its period. */
export function capHref(state: FilterState, budget: Budget): string {
  const scope: Partial<Record<Dimension, string>> = {};
  for (const key of scopeKeys) if (budget.scope[key]) scope[key] = budget.scope[key];
  const from = budget.state.period_start;
  return receiptsHref({ ...state.filters, by: {}, bound: {}, flag: {}, q: '', trace_id: '' }, state.now, scope, { from: from ? new Date(from) : new Date(state.now - 90 * 86_400_000), to: new Date(state.now) });
}

function EditCap({ budget, close }: { budget: Budget; close: () => void }) {
  const [text, setText] = useState(budget.cap_usd);
  const [busy, setBusy] = useState(false);
  const problem = capError(text);
  const save = async (event: Event) => {
    event.preventDefault();
    if (problem) return;
    setBusy(true);
    try {
      await replaceBudget(budget, { cap_usd: text.trim() });
      toast('Cap changed');
      close();
    } catch (error) {
      failed(error);
    }
    setBusy(false);
  };
  return (
    <form class="cap-edit" onSubmit={(event) => void save(event)}>
      <span class="row">
        <label class="vh" for={`cap-${budget.id}`}>Cap in US dollars of {budget.id}</label>
        <span class="mut">$</span>
        <input id={`cap-${budget.id}`} class="input" inputMode="decimal" value={text} aria-invalid={problem !== null} autoFocus onInput={(event) => setText(event.currentTarget.value)} onKeyDown={(event) => { if (event.key === 'Escape') close(); }} />
        <button type="submit" class="btn sm pri ico" aria-label="Save" disabled={busy || problem !== null}><Check size={14} aria-hidden="true" /></button>
        <button type="button" class="btn sm gh ico" aria-label="Leave it as it was" onClick={close}><X size={14} aria-hidden="true" /></button>
      </span>
      {problem ? <span class="error">{problem}</span> : <WhatNow scope={budget.scope} period={budget.period} measure={budget.measure} action={budget.on_exceed} cap={text} spent={usageOf(budget).used} />}
    </form>
  );
}

export function Caps({ state, budgets, error }: { state: FilterState; budgets: readonly Budget[] | undefined; error: unknown }) {
  const [editing, setEditing] = useState<string | null>(null);
  const [removing, setRemoving] = useState<Budget | null>(null);
  const operator = may('operator');
  if (!budgets) return error ? <ErrorCard error={error} /> : <div class="pad" aria-busy="true" />;
  const cols: Col<Budget>[] = [
    { key: 'scope', head: 'Applies to', cell: (budget) => <b class="strong"><Name text={scopeText(budget.scope)} /></b> },
    { key: 'cap', head: 'Cap', cell: (budget) => (editing === budget.id ? <EditCap budget={budget} close={() => setEditing(null)} /> : (
      <span class="row cap-v"><Money value={budget.cap_usd} /> <span class="mut">{periodText[budget.period]}{budget.measure === 'charged' && ', of what is charged'}</span>
        {operator && budget.managed === 'api' ? <button type="button" class="cp" aria-label={`Change the cap of ${scopeText(budget.scope)}`} title="Change" onClick={() => setEditing(budget.id)}><Managed budget={budget} editable /></button> : <Managed budget={budget} editable={false} />}
      </span>)) },
    { key: 'used', head: 'Used', cell: (budget) => <CapUse budget={budget} wide /> },
    { key: 'spent', head: 'Spent', right: true, cell: (budget) => <Link class="cell-link" href={capHref(state, budget)} tabIndex={-1}><Money value={budget.state.spent_usd} as="cents" /></Link> },
    { key: 'left', head: 'Left', right: true, cell: (budget) => <Money value={budget.state.remaining_usd} as="cents" /> },
    { key: 'reach', head: 'Reaches cap', cell: (budget) => <CapReach budget={budget} now={state.now} zone={state.filters.tz} /> },
    { key: 'exceed', head: 'Then', cell: (budget) => <span title={budget.warn_levels.length > 0 ? `warns at ${budget.warn_levels.join(', ')} %` : 'no warning before'}>{actionText[budget.on_exceed]}</span> },
    { key: 'state', head: 'Enforcement', right: true, cell: (budget) => (
      <span class="row end"><CapState budget={budget} />
        {operator && budget.state.level === 'blocked' && <button type="button" class="btn sm" onClick={() => void unblockBudget(budget).then(() => toast('The cap works again'), failed)}>Unblock</button>}
        {operator && budget.managed === 'api' && <button type="button" class="cp" aria-label={`Remove the cap of ${scopeText(budget.scope)}`} onClick={() => setRemoving(budget)}><Trash2 size={13} aria-hidden="true" /></button>}
      </span>) },
  ];
  return (
    <>
      <Table label="Caps" cols={cols} rows={[...budgets].sort(byShare)} rowKey={(budget) => budget.id} href={(budget) => capHref(state, budget)} rowClass={(budget) => (editing === budget.id ? 'tall' : '')}
        empty={<EmptyState title="No cap yet"><p>A cap stops spending before it happens: what a request may cost at worst is held before it is sent.</p></EmptyState>} />
      {removing && (
        <Confirm title="Remove this cap?" verb="Remove" run={() => deleteBudget(removing)} done="Cap removed" close={() => setRemoving(null)}>
          <p><bdi>{scopeText(removing.scope)}</bdi>: {money(removing.cap_usd)} {periodText[removing.period]}. From now on nothing stops spending here. What was spent stays known.</p>
        </Confirm>
      )}
    </>
  );
}
