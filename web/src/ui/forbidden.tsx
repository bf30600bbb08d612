// What the API refuses to a key is not shown: the reason, and what there is instead.
import { Lock } from 'lucide-preact';
import { Link } from 'wouter-preact';
import { type FilterState, viewHref } from '@/lib/state';
import { EmptyState } from '@/ui/card';

export const ChargedOnly = ({ state, what }: { state: FilterState; what: string }) => (
  <section class="card">
    <EmptyState title={`${what} are not for this key`} icon={<Lock size={24} aria-hidden="true" />} actions={<Link class="btn sm" href={viewHref('/spend', state.filters)}>What is charged: Spend</Link>}>
      <p>This key belongs to a tenant with a price plan. It sees what its tenant is charged; what providers cost, and what would follow from that, is the operator’s.</p>
    </EmptyState>
  </section>
);
