// Alerts: what fires, what happened, what watches, and who was told. An event's address from a message opens it.
import { useLocation } from 'wouter-preact';
import { chargedOnly } from '@/lib/session';
import { EmptyState } from '@/ui/card';
import { Page } from '@/ui/page';
import { IncidentPage } from '@/views/alerts/incident';
import { Overview } from '@/views/alerts/overview';

export default function Alerts() {
  const [path] = useLocation();
  const [rule, incident] = path.split('/').slice(2).map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  if (chargedOnly()) return <Page title="Alerts" filters={false}><section class="card"><EmptyState title="Not for this key"><p>Alerts tell what requests cost the platform; this key sees what its tenant is charged.</p></EmptyState></section></Page>;
  return rule && incident ? <IncidentPage key={incident} rule={rule} incident={incident} /> : <Overview {...(rule ? { rule } : {})} />;
}
