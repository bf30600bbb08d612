// Questions that are asked in the same moment, such as a view's panels, go to the server as one request: it reads what they have in
// common once, and answers all from one state. Each asker gets its own table or its own error, as if it had asked alone.
import { ApiError, askJson, type Query, type Schemas, type Table } from '@/lib/api';

const MOST = 16; // queries of POST /api/v1/queries
const MOST_ROWS = 100_000; // of their limits together
const USUAL_LIMIT = 1000;

interface Asked {
  query: Query;
  signal: AbortSignal | undefined;
  answer: (table: Table) => void;
  refuse: (error: unknown) => void;
}
type Result = Table | { error: Schemas['Problem'] };

let waiting: Asked[] = [];

/** Cut where the server would refuse one request for all. */
export function portions<T extends { query: Query }>(asked: readonly T[]): T[][] {
  const out: T[][] = [];
  let rows = 0;
  for (const one of asked) {
    const limit = one.query.limit ?? USUAL_LIMIT;
    const last = out.at(-1);
    if (last && last.length < MOST && rows + limit <= MOST_ROWS) last.push(one);
    else out.push([one]);
    rows = last === out.at(-1) ? rows + limit : limit;
  }
  return out;
}

/** Aborted when nobody waits for any of its answers. */
function together(asked: readonly Asked[]): AbortSignal {
  const all = new AbortController();
  const gone = () => {
    if (asked.every(({ signal }) => signal?.aborted)) all.abort();
  };
  for (const { signal } of asked) signal?.addEventListener('abort', gone, { once: true });
  return all.signal;
}

async function ask(asked: readonly Asked[]) {
  try {
    const body = { queries: asked.map(({ query }) => query) };
    const { results } = await askJson<{ results: Result[] }>('/api/v1/queries', { method: 'POST', body, signal: together(asked) });
    asked.forEach(({ answer, refuse }, index) => {
      const result = results[index];
      if (!result) refuse(new ApiError(0, 'The server left an answer out.'));
      else if ('error' in result) refuse(new ApiError(result.error.status, result.error.detail));
      else answer(result);
    });
  } catch (error) {
    for (const { refuse } of asked) refuse(error);
  }
}

function send() {
  const asked = waiting.filter(({ signal }) => !signal?.aborted);
  waiting = [];
  for (const portion of portions(asked)) void ask(portion);
}

export function runQuery(query: Query, signal?: AbortSignal): Promise<Table> {
  return new Promise((answer, refuse) => {
    signal?.addEventListener('abort', () => refuse(signal.reason), { once: true });
    if (waiting.push({ query, signal, answer, refuse }) === 1) queueMicrotask(send);
  });
}
