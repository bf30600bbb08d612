// Events as they happen. The browser reconnects with Last-Event-ID, and the server says what was missed.
import { useEffect, useState } from 'preact/hooks';
import { toast } from '@/lib/actions';
import { type AlertEvent, isProblem, reloadAlerts, took } from '@/lib/alerts';

export type Connection = 'connecting' | 'open' | 'lost';
const RETRY = 5000; // ms, after a refused stream

const said = (event: AlertEvent) => `${event.kind === 'resolved' ? 'Resolved' : event.kind === 'acknowledged' ? 'Acknowledged' : isProblem(event) ? 'Firing' : 'News'}: ${event.headline}`;

export function useAlertStream(enabled: boolean): Connection {
  const [connection, setConnection] = useState<Connection>('connecting');
  useEffect(() => {
    if (!enabled) return undefined;
    let source: EventSource | null = null;
    let retry: ReturnType<typeof setTimeout> | undefined;
    const open = () => {
      const stream = new EventSource('/api/v1/alerts/events/live');
      source = stream;
      stream.onopen = () => setConnection('open');
      stream.addEventListener('alert', (event) => {
        const one = JSON.parse(event.data as string) as AlertEvent;
        took(one);
        if (one.kind !== 'reminder') toast(said(one), isProblem(one) && one.kind === 'firing');
      });
      stream.addEventListener('gap', () => void reloadAlerts());
      stream.onerror = () => {
        setConnection('lost');
        if (stream.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
        retry = setTimeout(() => {
          void reloadAlerts();
          open();
        }, RETRY);
      };
    };
    const seen = () => {
      if (document.hidden) {
        clearTimeout(retry);
        source?.close();
        source = null;
      } else if (!source) {
        if (connection !== 'connecting') void reloadAlerts();
        open();
      }
    };
    seen();
    document.addEventListener('visibilitychange', seen);
    return () => {
      document.removeEventListener('visibilitychange', seen);
      clearTimeout(retry);
      source?.close();
    };
    // The connection is only told, never a reason to open another one.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [enabled]);
  return connection;
}
