// Alerts: what fires, what happened, what watches, and who was told. An event's address from a message opens it.
import { useLocation } from 'wouter-preact';
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
  return rule && incident ? <IncidentPage key={incident} rule={rule} incident={incident} /> : <Overview {...(rule ? { rule } : {})} />;
}
