// What the receipt page asks.
import { useQuery } from '@tanstack/preact-query';
import { askJson, getReceipt } from '@/lib/api';

export const useReceipt = (id: string) => useQuery({ queryKey: ['receipt', id], queryFn: ({ signal }) => getReceipt(id, signal), placeholderData: () => undefined, staleTime: Number.POSITIVE_INFINITY });

interface Neighbours {
  newer: string | null;
  older: string | null;
}
/** In time, when the receipt was not opened from a list. */
export const useNeighbours = (id: string, enabled: boolean) =>
  useQuery({ queryKey: ['neighbours', id], queryFn: ({ signal }) => askJson<Neighbours>(`/api/v1/receipts/${encodeURIComponent(id)}/neighbours`, { signal }), enabled, retry: false });

export interface Content {
  prompt?: unknown;
  answer?: unknown;
  policy?: string;
  expires_at?: string | null;
}
export const useContent = (id: string) =>
  useQuery({ queryKey: ['content', id], queryFn: ({ signal }) => askJson<Content>(`/api/v1/receipts/${encodeURIComponent(id)}/content`, { signal }), retry: false, placeholderData: () => undefined, staleTime: Number.POSITIVE_INFINITY });
