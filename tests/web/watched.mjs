// A server of its own for the views that watch and administer: rules that fire within seconds, and a receiver of messages.
import { createServer } from 'node:http';
import { sha256, startProvider, startRouter } from '../e2e/support.mjs';
import { watching } from './support.mjs';

const rules = [
  '{id: quiet-hours, title: "Nobody <!channel> & co", measure: requests, below: 1, window: 1m, filters: {tenant: [nobody]}, no_data: alert, repeat: 0s, severity: critical}',
  '{id: busy, title: Many requests, measure: requests, above: 1, window: 10m, group_by: [tenant], repeat: 0s, severity: warn}',
  '{id: going-well, title: Going well, measure: error_rate, below: 50%, window: 10m, group_by: [tenant], severity: ok}',
];
const section = `  - id: keeper
    content: full
    keys: [{id: keeper-key, sha256: ${sha256('kr-keeper')}}]
content: {key_env: E2E_CONTENT_KEY}
routing: {rewrite: [{id: kind, tenants: [keeper], models: ["gpt-4.1"], system_end: "Be <b>kind</b>.", replace: [{find: "colour", with: "color"}]}]}
alerts:
  built_in_rules: true
  interval: 1s
  settle: 0s
  timeout: 2s
  first_retry: 20ms
  allow_networks: [127.0.0.0/8]
  rules: [${rules.join(', ')}]
  channels: []
`;

export async function startWatched() {
  const provider = await startProvider();
  const router = await startRouter(provider, { extra: section, env: { E2E_CONTENT_KEY: 'ab'.repeat(32) } });
  const messages = [];
  const receiver = createServer((request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      messages.push({ path: request.url, headers: request.headers, body: Buffer.concat(pieces).toString() });
      response.writeHead(request.url === '/gone' ? 410 : 200).end(request.url === '/gone' ? 'no such hook <b>here</b>' : 'ok');
    });
  });
  await new Promise((done) => receiver.listen(0, '127.0.0.1', done));
  const ask = async (key, more = {}) => {
    const answer = await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'x-kairosroute-workflow': 'nightly' }, body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }], ...more }) });
    await answer.text();
    return answer.headers.get('x-kairosroute-receipt');
  };
  for (let i = 0; i < 4; ++i) await ask('kr-acme');
  const last = await ask('kr-rival');
  await router.receipt(last, 'kr-ops');
  return {
    url: router.url, provider, receipt: router.receipt, messages, hook: `http://127.0.0.1:${receiver.address().port}`, ask,
    get: async (path, key = 'kr-ops') => (await router.get(path, key)).json(),
    stop: async () => { await router.stop(); provider.stop(); receiver.closeAllConnections(); receiver.close(); },
  };
}

/** `test` with pages of a server that starts before the first one; `at()` is its address. */
export function watchedTest() {
  let server;
  const test = watching(() => server.url);
  test.beforeAll(async () => { server = await startWatched(); });
  test.afterAll(async () => { await server?.stop(); });
  return { test, server: () => server };
}
