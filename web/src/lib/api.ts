// Every request to the server. Same origin, cookie session; failures are ApiError with what the server said (RFC 9457).
import { parseExact, type Receipt, type ReceiptPage } from '@/lib/receipt';

export class ApiError extends Error {
  constructor(
    readonly status: number, // 0: no answer
    message: string,
    readonly requestId: string | null = null,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** Called on every 401; the session module sets it. */
let signedOut: () => void = () => undefined;
export const onSignedOut = (callback: () => void) => {
  signedOut = callback;
};

async function problem(response: Response): Promise<ApiError> {
  let detail = '';
  try {
    const body = (await response.json()) as { detail?: string; title?: string; error?: { message?: string } };
    detail = body.detail ?? body.error?.message ?? body.title ?? '';
  } catch {
    // not JSON: the status has to do
  }
  if (response.status === 401) signedOut();
  return new ApiError(response.status, detail || `The server answered ${response.status}.`, response.headers.get('x-request-id'));
}

export interface Ask {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  query?: Record<string, string>;
  body?: unknown;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

export async function ask(path: string, { method = 'GET', query, body, signal, headers }: Ask = {}): Promise<Response> {
  const search = query && Object.keys(query).length > 0 ? `?${new URLSearchParams(query).toString()}` : '';
  const init: RequestInit = { method, credentials: 'same-origin', headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...(method === 'GET' ? {} : { 'x-csrf': '1' }) } };
  if (body !== undefined) init.body = JSON.stringify(body);
  if (signal) init.signal = signal;
  let response: Response;
  try {
    response = await fetch(path + search, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'The server cannot be reached.');
  }
  if (!response.ok) throw await problem(response);
  return response;
}
export async function askJson<T>(path: string, options: Ask = {}): Promise<T> {
  const response = await ask(path, options);
  return parseExact(await response.text()) as T;
}

// --- the analytics query ---------------------------------------------------------------------------------------------

export type Cell = string | number | null;
export interface Column {
  name: string;
  type: 'text' | 'integer' | 'real' | 'money';
}
export interface Table {
  columns: Column[];
  rows: Cell[][];
  totals: Cell[] | null;
  groups: number;
}
export interface Query {
  measures: string[];
  dimensions?: string[];
  filters?: Record<string, unknown>;
  from: string;
  to: string;
  time_zone?: string;
  interval?: string;
  compare?: boolean;
  top?: { dimension: string; by?: string; n?: number };
  order?: { by: string; desc?: boolean }[];
  limit?: number;
  totals?: boolean;
}
export const runQuery = (query: Query, signal?: AbortSignal) => askJson<Table>('/api/v1/query', { method: 'POST', body: query, ...(signal ? { signal } : {}) });
export const listReceipts = (query: Record<string, string>, signal?: AbortSignal) => askJson<ReceiptPage>('/api/v1/receipts', { query, ...(signal ? { signal } : {}) });
export const getReceipt = (id: string, signal?: AbortSignal) => askJson<Receipt>(`/api/v1/receipts/${encodeURIComponent(id)}`, signal ? { signal } : {});
