// Asking a receipt's request again: one by one, or many under one cap.
import { useQuery } from '@tanstack/preact-query';
import { ask, askJson, type Schemas } from '@/lib/api';
import { apiParams, type Filters } from '@/lib/filters';
import { client } from '@/lib/query';

export type ReplayResult = Schemas['ReplayResult'];
export type ReplaySide = Schemas['ReplaySide'];
export type ReplayRun = Schemas['ReplayRun'];
export type RunRow = ReplayRun['results'][number];
export type Content = Schemas['ReceiptContent'];
export type TextPiece = NonNullable<NonNullable<ReplayResult['diff']>['text']>[number];

export interface ReplayAsk {
  model: string;
  overrides: string;
  body: string;
  tools: boolean;
}
export const emptyAsk: ReplayAsk = { model: '', overrides: '', body: '', tools: false };

/** null: not a JSON object. Empty: none. */
export function overridesOf(text: string): Record<string, unknown> | null {
  if (text.trim() === '') return {};
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
export function replayBody({ model, overrides, body, tools }: ReplayAsk): Record<string, unknown> {
  const changes = overridesOf(overrides) ?? {};
  return { ...(model.trim() ? { model_id: model.trim() } : {}), ...(Object.keys(changes).length > 0 ? { overrides: changes } : {}), ...(body === '' ? {} : { body }), ...(tools ? { allow_tools: true } : {}) };
}
export const replay = (id: string, asked: ReplayAsk, signal?: AbortSignal) => askJson<ReplayResult>(`/api/v1/receipts/${encodeURIComponent(id)}/replay`, { method: 'POST', body: replayBody(asked), ...(signal ? { signal } : {}) });

// --- runs ------------------------------------------------------------------------------------------------------------

export const MOST = 1000;
/** The receipts of the view as the run is given them: the search's own question. */
export function runFilter(filters: Filters, now: number, limit: number): string {
  return new URLSearchParams({ ...apiParams(filters, now), limit: String(Math.max(1, Math.min(MOST, limit))) }).toString();
}
const SOON = 700; // ms between looks at a run that is under way
export const useRuns = () => useQuery({ queryKey: ['replays'], queryFn: async ({ signal }) => (await askJson<Schemas['ReplayRuns']>('/api/v1/replays', { signal })).runs, refetchInterval: (query) => (query.state.data?.some((run) => run.state === 'running') ? 2000 : false), staleTime: 5000 });
export const useRun = (id: string) => useQuery({ queryKey: ['replays', id], queryFn: ({ signal }) => askJson<ReplayRun>(`/api/v1/replays/${encodeURIComponent(id)}`, { signal }), refetchInterval: (query) => (query.state.data?.state === 'running' ? SOON : false), placeholderData: () => undefined });
export async function startRun(body: Schemas['ReplayRunInput']): Promise<ReplayRun> {
  const run = await askJson<ReplayRun>('/api/v1/replays', { method: 'POST', body });
  await client.invalidateQueries({ queryKey: ['replays'] });
  return run;
}
export async function cancelRun(id: string) {
  await ask(`/api/v1/replays/${encodeURIComponent(id)}`, { method: 'DELETE' });
  await client.invalidateQueries({ queryKey: ['replays'] });
}
export const stateText: Record<ReplayRun['state'], string> = { running: 'Running', done: 'Done', cancelled: 'Cancelled', cap_reached: 'Stopped by its cap', failed: 'Failed' };

// --- what differs ----------------------------------------------------------------------------------------------------

/** Parts of one side: the original has no insertions, the replay no deletions. */
export const sideOf = (pieces: readonly TextPiece[], side: 'before' | 'after'): TextPiece[] => pieces.filter((piece) => piece.op === 'equal' || piece.op === (side === 'before' ? 'delete' : 'insert'));
export const shownValue = (value: unknown): string => (value === undefined || value === null ? '—' : typeof value === 'string' ? value : JSON.stringify(value));

export const useContent = (id: string) => useQuery({ queryKey: ['content', id], queryFn: ({ signal }) => askJson<Content>(`/api/v1/receipts/${encodeURIComponent(id)}/content`, { signal }), retry: false, staleTime: 60_000, placeholderData: () => undefined });
export async function eraseContent(id: string) {
  await ask(`/api/v1/receipts/${encodeURIComponent(id)}/content`, { method: 'DELETE' });
  await client.invalidateQueries({ queryKey: ['content', id] });
}
