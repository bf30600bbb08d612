// What the receipt page asks.
import { useQuery } from '@tanstack/preact-query';
import { getReceipt, http } from '@/lib/api';

export const useReceipt = (id: string) => useQuery({ queryKey: ['receipt', id], queryFn: ({ signal }) => getReceipt(id, signal), placeholderData: () => undefined, staleTime: Number.POSITIVE_INFINITY });

/** In time, when the receipt was not opened from a list. */
export const useNeighbours = (id: string, enabled: boolean) =>
  useQuery({ queryKey: ['neighbours', id], queryFn: async ({ signal }) => (await http.GET('/api/v1/receipts/{id}/neighbours', { params: { path: { id } }, signal })).data ?? null, enabled, retry: false });
