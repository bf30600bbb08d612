// Events as they happen.
import { toast } from '@/lib/actions';
import { type AlertEvent, isProblem, reloadAlerts, took } from '@/lib/alerts';
import { type Connection, useEventStream } from '@/lib/stream';

const said = (event: AlertEvent) => `${event.kind === 'resolved' ? 'Resolved' : event.kind === 'acknowledged' ? 'Acknowledged' : isProblem(event) ? 'Firing' : 'News'}: ${event.headline}`;

export const useAlertStream = (enabled: boolean): Connection =>
  useEventStream(enabled ? '/api/v1/alerts/events/live' : null, {
    alert: (data) => {
      const event = data as AlertEvent;
      took(event);
      if (event.kind !== 'reminder') toast(said(event), isProblem(event) && event.kind === 'firing');
    },
    gap: () => void reloadAlerts(),
  }).connection;
