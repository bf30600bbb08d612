// Server-sent events while the page is seen. The browser reconnects by itself with Last-Event-ID; a stream that was refused, or
// left while the page was hidden, is opened anew after the last event that came, and the server declares what was missed.
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, ask } from '@/lib/api';

export type Connection = 'connecting' | 'open' | 'lost' | 'absent' | 'hidden';
const RETRY = 3000; // ms, after a refused stream

/** The stream was away before its first event: nobody can tell what was missed. */
const UNKNOWN_GAP = { dropped: null, from: null, to: null };

/** What is done with each kind of event; `gap` says that some were missed. */
export type Takers = Readonly<Record<string, (data: unknown) => void>>;

const addressOf = (path: string, last: string) => (last === '' ? path : `${path}${path.includes('?') ? '&' : '?'}last_event_id=${encodeURIComponent(last)}`);

/** `path`: null follows nothing. */
export function useEventStream(path: string | null, takers: Takers): { connection: Connection; error: unknown } {
  const [connection, setConnection] = useState<Connection>('connecting');
  const [error, setError] = useState<unknown>(null);
  const take = useRef(takers);
  take.current = takers;
  useEffect(() => {
    if (path === null) return undefined;
    let source: EventSource | null = null;
    let last = '';
    let opened = false;
    let retry: ReturnType<typeof setTimeout> | undefined;
    const open = () => {
      const stream = new EventSource(addressOf(path, last));
      source = stream;
      stream.onopen = () => {
        if (opened && last === '') take.current.gap?.(UNKNOWN_GAP);
        opened = true;
        setConnection('open');
        setError(null);
      };
      for (const kind of Object.keys(take.current)) {
        stream.addEventListener(kind, (event: MessageEvent<string>) => {
          last = event.lastEventId || last;
          take.current[kind]?.(JSON.parse(event.data));
        });
      }
      stream.onerror = () => {
        setConnection('lost');
        if (stream.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
        retry = setTimeout(open, RETRY);
        const abort = new AbortController(); // an EventSource does not tell why it was refused
        ask(path, { signal: abort.signal }).then(() => abort.abort(), (failure: unknown) => {
          setError(failure);
          if (!(failure instanceof ApiError) || failure.status !== 404) return;
          clearTimeout(retry);
          setConnection('absent');
        });
      };
    };
    const seen = () => {
      if (document.hidden) {
        clearTimeout(retry);
        source?.close();
        source = null;
        setConnection('hidden');
      } else if (!source) {
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
  }, [path]);
  return { connection, error };
}
