// Alert rules, as Alerts shows them.
import { useRules } from '@/lib/rules';
import { useFilters } from '@/lib/state';
import { RulesCard } from '@/views/alerts/rules';

export function RulesPane() {
  const state = useFilters();
  const rules = useRules();
  return <div class="flush"><RulesCard state={state} rules={rules} events={null} making /></div>;
}
