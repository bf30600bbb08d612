// How budgets burn: the tightest first, with when they are reached if it goes on like this.
import { Link } from 'wouter-preact';
import { type Budget, byShare, periodText, scopeText } from '@/lib/budgets';
import { money } from '@/lib/format';
import { type FilterState, viewHref } from '@/lib/state';
import { formatFilters, withExtra } from '@/lib/filters';

import { Card, EmptyState, ErrorCard } from '@/ui/card';
import { Name } from '@/ui/figures';
import { capHref } from '@/views/spend/caps';
import { CapReach, CapState, CapUse } from '@/views/spend/captag';

interface Props {
  state: FilterState;
  budgets: readonly Budget[] | undefined;
  error: unknown;
  /** Only this tenant's. */
  tenant?: string;
  class?: string;
}
const MOST = 4;
export function Burn({ state, budgets, error, tenant, class: name = 'c4' }: Props) {
  const own = [...(budgets ?? [])].filter((one) => tenant === undefined || one.scope.tenant === tenant).sort(byShare);
  const allCaps = `/spend${formatFilters(withExtra({ ...state.filters, extra: {} }, 'rows', 'caps'))}`;
  return (
    <Card class={name} title="Budgets" tools={<Link class="btn sm gh" href={allCaps}>All caps</Link>}>
      {!budgets ? (error ? <ErrorCard error={error} /> : <div class="pad" style={{ height: 200 }} aria-busy="true" />) : own.length === 0 ? (
        <EmptyState title="No cap"><p>Nothing stops spending here. Caps are made in <Link class="link" href={viewHref('/spend', state.filters)}>Spend</Link>.</p></EmptyState>
      ) : (
        <ul class="hop-list" aria-label="Budgets, the tightest first">
          {own.slice(0, MOST).map((budget) => (
            <li key={budget.id}>
              <Link class="hop" href={capHref(state, budget)}>
                <span class="hop-h"><b class="strong"><Name text={tenant === undefined ? scopeText(budget.scope) : scopeText({ ...budget.scope, tenant: '' }) === 'All requests' ? 'All its requests' : scopeText({ ...budget.scope, tenant: '' })} /></b><span class="sp" /><CapState budget={budget} /></span>
                <CapUse budget={budget} wide />
                <span class="hop-h mut"><span class="n">{money(budget.state.spent_usd)} of {money(budget.cap_usd)} {periodText[budget.period]}</span><span class="sp" /><CapReach budget={budget} now={state.now} zone={state.filters.tz} /></span>
              </Link>
            </li>
          ))}
          {own.length > MOST && <li class="pad mut">{own.length - MOST} more under all caps</li>}
        </ul>
      )}
    </Card>
  );
}
