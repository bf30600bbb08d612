// For what the server cannot do yet. Says so; shows nothing invented.
import { Construction } from 'lucide-preact';
import { EmptyState } from '@/ui/card';
import { Page } from '@/ui/page';

export function NotAvailable({ title, why }: { title: string; why: string }) {
  return (
    <Page title={title}>
      <section class="card"><EmptyState title="Not available in this version" icon={<Construction size={24} aria-hidden="true" />}><p>{why}</p></EmptyState></section>
    </Page>
  );
}
