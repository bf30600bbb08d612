// Saved views: a name and an address, kept by the server; three ship with it.
import { useQuery } from '@tanstack/preact-query';
import { http, type Schemas } from '@/lib/api';

export interface SavedView {
  id: string;
  name: string;
  href: string;
  own: boolean;
}
/** Only an address of our own may come back from the server. */
const safe = (view: Schemas['SavedView']): boolean => /^[a-z]+$/.test(view.page);
const hrefOf = (view: Schemas['SavedView']): string => `/${view.page}${view.query && `?${view.query.replace(/^\?/, '')}`}`;

export function useSavedViews(): { views: readonly SavedView[]; reload: () => void } {
  const stored = useQuery({
    queryKey: ['saved-views'],
    queryFn: async ({ signal }) => (await http.GET('/api/v1/saved-views', { signal })).data?.views ?? [],
    retry: false,
    staleTime: 60_000,
  });
  const found = (stored.data ?? []).filter(safe).map((view) => ({ id: view.id, name: view.name, href: hrefOf(view), own: view.managed === 'api' }));
  return { views: found, reload: () => void stored.refetch() };
}
