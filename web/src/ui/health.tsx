// Whether receipts arrive: the time since the newest one is readable. Asked every 15 s while the page is seen.
import { useQuery } from '@tanstack/preact-query';
import { http, listReceipts } from '@/lib/api';
import { ago, ms } from '@/lib/format';
import { may } from '@/lib/session';
import { clock } from '@/lib/state';

/** The newest receipt; asked every second while there is none at all. */
export const useNewest = () =>
  useQuery({
    queryKey: ['newest'],
    queryFn: ({ signal }) => listReceipts({ limit: '1' }, signal),
    refetchInterval: (query) => (query.state.data?.receipts.length === 0 ? 1000 : 15_000),
    staleTime: 5000,
  });

/** How loading stands; only for those who may ask. */
export const useStatus = () =>
  useQuery({ queryKey: ['status'], queryFn: async ({ signal }) => (await http.GET('/api/v1/status', { signal })).data ?? null, enabled: may('viewer'), refetchInterval: 15_000, staleTime: 5000, retry: false });

/** Demo data is marked as such: the demo writes under its own node. */
export function DemoNote() {
  const status = useStatus();
  if (!status.data?.node_id.startsWith('demo')) return null;
  return <div class="demo" role="note">Demo data: simulated providers, generated traffic and history. <span class="mono">kairosroute demo --clear</span> deletes it.</div>;
}

export const LATE = 10_000; // ms behind the journal
const VERY_LATE = 60_000;

export function Health() {
  const newest = useNewest();
  const status = useStatus();
  if (newest.isError) return <p class="health"><span class="dot neg" /><span>Server not reached</span></p>;
  const receipt = newest.data?.receipts[0];
  if (!newest.data) return <p class="health"><span class="dot off" /><span>Connecting</span></p>;
  if (!receipt) return <p class="health"><span class="dot off" /><span>No receipt yet</span></p>;
  const store = status.data?.store;
  const lag = store?.last_lag_ms ?? 0;
  if (store?.last_error) return <p class="health" title={store.last_error}><span class="dot neg" /><span>Loading receipts fails</span><span class="mut">{ms(lag)} behind</span></p>;
  if (lag > LATE) return <p class="health"><span class={`dot ${lag > VERY_LATE ? 'neg' : 'warn'}`} /><span>Views are behind</span><span class="mut">{ms(lag)}</span></p>;
  return <p class="health" title={store ? `views are ${ms(lag)} behind the journal` : undefined}><span class="dot" /><span>Newest receipt</span><span class="mut">{ago(receipt.created_at, clock.value)}</span></p>;
}
