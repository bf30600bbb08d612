import { afterEach, expect, test, vi } from 'vitest';
import { ApiError, type Query } from '@/lib/api';
import { portions, runQuery } from '@/lib/batch';

const query = (measure: string, more: Partial<Query> = {}): Query => ({ measures: [measure], from: '2026-11-01', to: '2026-12-01', ...more });
const table = (value: string) => ({ columns: [], rows: [[value]], totals: null, groups: 1, percentile_error: 0, incomplete_before: null });

/** Stands in for the server: what it was asked, and how it answers. */
function served(answer: (measures: string[]) => unknown) {
  const asked: { measures: string[]; signal: AbortSignal; path: string }[] = [];
  vi.stubGlobal('Request', class {
    constructor(readonly path: string, readonly init: RequestInit) {}
    method = 'POST';
    headers = new Headers();
  });
  vi.stubGlobal('fetch', async ({ path, init }: { path: string; init: RequestInit }) => {
    const measures = (JSON.parse(init.body as string) as { queries: Query[] }).queries.map((one) => one.measures[0] ?? '');
    asked.push({ measures, path, signal: init.signal as AbortSignal });
    await new Promise((done) => setTimeout(done));
    if (init.signal?.aborted) throw new DOMException('gone', 'AbortError');
    const body = answer(measures);
    return body instanceof Response ? body : new Response(JSON.stringify(body));
  });
  return asked;
}
const echo = (measures: string[]) => ({ results: measures.map(table) });
afterEach(() => vi.unstubAllGlobals());

test('what is asked in the same moment is one request, what is asked later another', async () => {
  const asked = served(echo);
  const first = await Promise.all([runQuery(query('a')), runQuery(query('b'))]);
  expect(first.map((one) => one.rows[0]?.[0])).toEqual(['a', 'b']);
  await runQuery(query('c'));
  expect(asked.map(({ path, measures }) => [path, measures])).toEqual([['/api/v1/queries', ['a', 'b']], ['/api/v1/queries', ['c']]]);
});

test('a query that is refused has its own error', async () => {
  served(() => ({ results: [table('a'), { error: { type: 'about:blank', title: 'Bad Request', status: 400, detail: 'measures[0]: no such measure' } }, table('c')] }));
  const [a, b, c] = await Promise.allSettled([runQuery(query('a')), runQuery(query('b')), runQuery(query('c'))]);
  expect([a.status, c.status]).toEqual(['fulfilled', 'fulfilled']);
  expect(b).toEqual({ status: 'rejected', reason: new ApiError(400, 'measures[0]: no such measure') });
  expect((b as PromiseRejectedResult).reason).toMatchObject({ status: 400 });
});

test('a request that fails fails for all that asked', async () => {
  served(() => new Response('{"detail":"too many questions at once"}', { status: 503 }));
  const all = await Promise.allSettled([runQuery(query('a')), runQuery(query('b'))]);
  for (const one of all) expect(one).toMatchObject({ status: 'rejected', reason: { status: 503, message: 'too many questions at once' } });
});

test('a request is given up when nobody waits for any of it', async () => {
  const asked = served(echo);
  const [one, other] = [new AbortController(), new AbortController()];
  const first = runQuery(query('a'), one.signal);
  const second = runQuery(query('b'), other.signal);
  await Promise.resolve();
  one.abort();
  await expect(first).rejects.toMatchObject({ name: 'AbortError' });
  expect(asked[0]?.signal.aborted).toBe(false);
  other.abort();
  await expect(second).rejects.toMatchObject({ name: 'AbortError' });
  expect(asked[0]?.signal.aborted).toBe(true);
});

test('one that is given up leaves the others their answer; one given up before it was sent is not sent', async () => {
  const asked = served(echo);
  const [early, late] = [new AbortController(), new AbortController()];
  const gone = Promise.allSettled([runQuery(query('a'), early.signal), runQuery(query('b'), late.signal)]);
  const kept = runQuery(query('c'));
  early.abort();
  await Promise.resolve();
  late.abort();
  expect((await kept).rows).toEqual([['c']]);
  for (const one of await gone) expect(one).toMatchObject({ status: 'rejected', reason: { name: 'AbortError' } });
  expect(asked.map(({ measures }) => measures)).toEqual([['b', 'c']]);
});

test('more than the server takes at once is several requests', () => {
  const sizes = (limits: (number | undefined)[]) => portions(limits.map((limit) => ({ query: query('a', limit === undefined ? {} : { limit }) }))).map((one) => one.length);
  expect(sizes(Array<undefined>(33).fill(undefined))).toEqual([16, 16, 1]);
  expect(sizes([60_000, 40_000, undefined])).toEqual([2, 1]);
  expect(sizes([100_000, 100_000])).toEqual([1, 1]);
  expect(sizes([])).toEqual([]);
});
