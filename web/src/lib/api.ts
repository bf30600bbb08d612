// Every request to the server: same origin, cookie session, typed by docs/openapi.json (schema.d.ts). Failures are ApiError
// with what the server said (RFC 9457).
import createClient from 'openapi-fetch';
import { parseExact, type Receipt } from '@/lib/receipt';
import type { components, paths } from '@/lib/schema';

declare global {
  var firstSession: Promise<Response> | undefined;
}

export type Schemas = components['schemas'];
export type ReceiptPage = Schemas['ReceiptPage'];

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

/** Set by the session module: what to do on a 401, and the token that changes need. */
export const hooks: { signedOut: () => void; csrfToken: string | null } = { signedOut: () => undefined, csrfToken: null };

async function problem(response: Response): Promise<ApiError> {
  let detail = '';
  try {
    const body = (await response.json()) as { detail?: string; title?: string; error?: { message?: string } };
    detail = body.detail ?? body.error?.message ?? body.title ?? '';
  } catch {
    // not JSON: the status has to do
  }
  if (response.status === 401) hooks.signedOut();
  return new ApiError(response.status, detail || `The server answered ${response.status}.`, response.headers.get('x-request-id'));
}

/** Who asks is asked while the code is still loading (public/first.js); that answer is for the first who wants to know. */
function early(request: Request): Promise<Response> | undefined {
  const { firstSession } = globalThis;
  if (!firstSession || request.method !== 'GET' || !request.url.endsWith('/api/v1/session')) return undefined;
  globalThis.firstSession = undefined;
  return firstSession;
}

async function checkedFetch(request: Request): Promise<Response> {
  if (request.method !== 'GET' && hooks.csrfToken) request.headers.set('x-csrf-token', hooks.csrfToken);
  let response: Response;
  try {
    response = await (early(request) ?? fetch(request));
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'The server cannot be reached.');
  }
  if (!response.ok && response.status !== 304) throw await problem(response);
  return response;
}

/** Typed calls: `(await http.GET('/api/v1/facets', { signal })).data`. Throws ApiError. */
export const http = createClient<paths>({ baseUrl: '', credentials: 'same-origin', fetch: checkedFetch });

export interface Ask {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  query?: Record<string, string>;
  body?: unknown;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}
/** For what the typed client cannot say: parameters whose names are open (tags.KEY), texts, downloads. */
export async function ask(path: string, { method = 'GET', query, body, signal, headers = {} }: Ask = {}): Promise<Response> {
  const search = query && Object.keys(query).length > 0 ? `?${new URLSearchParams(query).toString()}` : '';
  const init: RequestInit = { method, credentials: 'same-origin', headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers } };
  if (body !== undefined) init.body = JSON.stringify(body);
  if (signal) init.signal = signal;
  return checkedFetch(new Request(path + search, init));
}
/** Amounts stay the digits that were sent (parseExact). An empty answer is null. */
export async function askJson<T>(path: string, options: Ask = {}): Promise<T> {
  const text = await (await ask(path, options)).text();
  return (text === '' ? null : parseExact(text)) as T;
}

// --- the analytics query and the receipts ----------------------------------------------------------------------------

export type Cell = string | number | null;
export type Table = Omit<Schemas['Table'], 'rows' | 'totals'> & { rows: Cell[][]; totals: Cell[] | null };
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
const withSignal = (signal: AbortSignal | undefined) => (signal ? { signal } : {});
export const listReceipts = (query: Record<string, string>, signal?: AbortSignal) => askJson<ReceiptPage>('/api/v1/receipts', { query, ...withSignal(signal) });
export const getReceipt = (id: string, signal?: AbortSignal) => askJson<Receipt>(`/api/v1/receipts/${encodeURIComponent(id)}`, withSignal(signal));
