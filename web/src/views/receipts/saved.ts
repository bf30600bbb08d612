// Saved views: name and address. Shipped ones, then those on the server (/api/v1/saved-views) when it has them.
import { useQuery } from '@tanstack/preact-query';
import { askJson } from '@/lib/api';

export interface SavedView {
  id: string;
  name: string;
  href: string;
  shipped: boolean;
}
export const shipped: readonly SavedView[] = [
  { id: 'on-call', name: 'On-call: slow or failed', href: '/receipts?from=-24h&status=error,interrupted', shipped: true },
  { id: 'finance', name: 'Finance: last month', href: '/spend?from=lm', shipped: true },
  { id: 'security', name: 'Security: refused', href: '/receipts?from=-7d&status=refused', shipped: true },
];

interface Stored {
  id: string;
  name: string;
  path: string;
  query: string;
}
/** Only an address of our own may come back from the server. */
const safe = (view: Stored): boolean => /^\/[a-z]/.test(view.path) && (view.query === '' || view.query.startsWith('?'));

export function useSavedViews(): { views: readonly SavedView[]; reload: () => void } {
  const stored = useQuery({
    queryKey: ['saved-views'],
    queryFn: ({ signal }) => askJson<{ saved_views: Stored[] }>('/api/v1/saved-views', { signal }),
    retry: false,
    staleTime: 60_000,
  });
  const own = (stored.data?.saved_views ?? []).filter(safe).map((view) => ({ id: view.id, name: view.name, href: view.path + view.query, shipped: false }));
  return { views: [...shipped, ...own], reload: () => void stored.refetch() };
}
