// Whether receipts arrive: the time since the newest one is readable. Asked every 15 s while the page is seen.
import { useQuery } from '@tanstack/preact-query';
import { listReceipts } from '@/lib/api';
import { ago } from '@/lib/format';
import { clock } from '@/lib/state';

export const useNewest = () => useQuery({ queryKey: ['newest'], queryFn: ({ signal }) => listReceipts({ limit: '1' }, signal), refetchInterval: 15_000, staleTime: 5000 });

export function Health() {
  const newest = useNewest();
  if (newest.isError) return <p class="health"><span class="dot neg" /><span>Server not reached</span></p>;
  const receipt = newest.data?.receipts[0];
  if (!newest.data) return <p class="health"><span class="dot off" /><span>Connecting</span></p>;
  if (!receipt) return <p class="health"><span class="dot off" /><span>No receipt yet</span></p>;
  return <p class="health"><span class="dot" /><span>Newest receipt</span><span class="mut">{ago(receipt.created_at, clock.value)}</span></p>;
}
