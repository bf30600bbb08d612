// Caps, as Spend shows them.
import { ShieldPlus } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { useBudgets } from '@/lib/budgets';
import { count } from '@/lib/format';
import { may } from '@/lib/session';
import { useFilters } from '@/lib/state';
import { Card } from '@/ui/card';
import { FileNote } from '@/views/settings/parts';
import { Caps } from '@/views/spend/caps';
import { NewCap } from '@/views/spend/newcap';

export function BudgetsPane() {
  const state = useFilters();
  const budgets = useBudgets();
  const [making, setMaking] = useState(false);
  return (
    <>
      <Card title="Budgets" sub={budgets.data && count(budgets.data.length)} tools={may('operator') && <button type="button" class="btn sm pri" onClick={() => setMaking(true)}><ShieldPlus size={14} aria-hidden="true" />New cap</button>}>
        <Caps state={state} budgets={budgets.data} error={budgets.error} />
        {budgets.data?.some((budget) => budget.managed === 'file') && <FileNote what="Caps" />}
      </Card>
      {making && <NewCap state={state} close={() => setMaking(false)} />}
    </>
  );
}
