// What a tenant has (receipts, content, runs of replays, views, keys, budgets) and what watches it (rules, channels,
// incidents, silences, deliveries) are nothing to another tenant that knows their ids: whatever it asks, it gets nothing and
// changes nothing, and for its own kinds of things learns not even that there is such an id.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { until } from './alert_receivers.mjs';
import { sha256, startProvider, startRouter } from './support.mjs';

const document = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url)));
let provider;
let router;
let hook;
let owned; // by the beginning of the path: ids

const configuration = (port) => `  - id: keeper
    content: full
    keys: [{id: keeper-key, sha256: ${sha256('kr-keeper')}}]
content: {key_env: E2E_CONTENT_KEY}
budgets: [{id: keeper-cap, scope: {tenant: keeper}, period: month, cap_usd: "9"}]
alerts:
  built_in_rules: false
  interval: 1s
  settle: 0s
  allow_networks: [127.0.0.0/8]
  rules: [{id: keeper-quiet, measure: requests, below: 1000, window: 1m, no_data: alert, repeat: 0s, title: keeper-note}]
  channels: [{id: keeper-hook, kind: webhook, url: "http://127.0.0.1:${port}/h"}]
`;

const send = async (method, path, { key = 'kr-ops', body } = {}) => {
  const response = await fetch(router.url + path, { method, headers: { authorization: `Bearer ${key}` }, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, text, json: () => JSON.parse(text) };
};

const made = async (path, body, key = 'kr-ops') => {
  const answer = await send('POST', path, { body, key });
  assert.ok([201, 202].includes(answer.status), `${path}: ${answer.text}`);
  return answer.json().id;
};

before(async () => {
  provider = await startProvider();
  hook = createServer((_, response) => { response.writeHead(302, { location: '/elsewhere' }); response.end(); }); // never tried again: a dead letter
  await new Promise((done) => hook.listen(0, '127.0.0.1', done));
  router = await startRouter(provider, { extra: configuration(hook.address().port), env: { E2E_CONTENT_KEY: 'ab'.repeat(32) } });
  const first = await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-keeper' },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'keeper-words' }] }) });
  await first.text();
  const receipt = first.headers.get('x-kairosroute-receipt');
  await router.receipt(receipt, 'kr-keeper');
  const run = await made('/api/v1/replays', { receipts: [receipt], models: ['gpt-4o'], max_cost_usd: '1' }, 'kr-keeper');
  await until('the run ended', async () => (await send('GET', `/api/v1/replays/${run}`, { key: 'kr-keeper' })).json().state === 'done');
  await made('/api/v1/tenants', { id: 'lodger', name: 'Lodger' });
  const deliveries = await until('a dead letter', async () => { const now = (await send('GET', '/api/v1/alerts/deliveries')).json(); return now.dead.length && now; });
  const view = (shared) => made('/api/v1/saved-views', { name: 'keeper-view', page: 'receipts', query: 'status=error', shared }, 'kr-keeper');
  owned = {
    '/api/v1/receipts': [receipt],
    '/api/v1/tenants': ['keeper', 'lodger'],
    '/api/v1/keys': ['keeper-key', await made('/api/v1/keys', { id: 'lodger-key', tenant: 'lodger' })],
    '/api/v1/budgets': ['keeper-cap', await made('/api/v1/budgets', { id: 'lodger-cap', scope: { tenant: 'lodger' }, period: 'month', cap_usd: '8' })],
    '/api/v1/saved-views': [await view(false), await view(true)],
    '/api/v1/replays': [run],
    '/api/v1/alerts/rules': ['keeper-quiet', await made('/api/v1/alerts/rules', { id: 'keeper-slow', measure: 'latency_p95', above: '2000', window: '15m' })],
    '/api/v1/alerts/channels': ['keeper-hook'],
    '/api/v1/alerts/deliveries': [deliveries.dead[0].id],
    '/api/v1/alerts/incidents': [(await send('GET', '/api/v1/alerts')).json().alerts.find((one) => one.incident).incident],
    '/api/v1/alerts/silences': [await made('/api/v1/alerts/silences', { rule: 'keeper-none', labels: {}, until: '2099-01-01T00:00:00Z', comment: 'keeper' })],
  };
});
after(async () => {
  hook?.close();
  if (!router) return; // no test of these was asked for
  await router.stop();
  provider.stop();
});

/// Bodies that would be taken from whom may send them, so that no refusal is for a fault of the body.
const bodies = {
  '/api/v1/tenants': { name: 'Taken' },
  '/api/v1/keys': { role: 'admin' },
  '/api/v1/budgets': { scope: { tenant: 'rival' }, period: 'month', cap_usd: '1' },
  '/api/v1/saved-views': { name: 'Taken', page: 'spend', shared: true },
};

const withIds = function* () {
  for (const [pattern, operations] of Object.entries(document.paths)) {
    if (!pattern.includes('{id}')) continue;
    const kind = pattern.slice(0, pattern.indexOf('/{id}'));
    for (const [method, operation] of Object.entries(operations)) {
      if (operation['x-planned']) continue;
      const body = operation.requestBody ? bodies[kind] ?? operation.requestBody.content['application/json'].example ?? {} : undefined;
      yield { pattern, kind, method: method.toUpperCase(), body };
    }
  }
};

const kGoesWithTime = new Set(['projected_usd', 'evaluated', 'firing', 'pending']);

/// All that there is, as the owner and an operator see it.
async function everything() {
  const all = {};
  for (const kind of ['tenants', 'keys', 'budgets', 'alerts/rules', 'alerts/channels', 'alerts/silences']) {
    const answer = await send('GET', `/api/v1/${kind}`);
    assert.equal(answer.status, 200, answer.text);
    all[kind] = answer.json();
  }
  for (const [kind, ids] of Object.entries(owned)) {
    if (!/receipts|saved-views|replays/.test(kind)) continue;
    for (const id of ids) all[id] = (await send('GET', `${kind}/${id}`, { key: 'kr-keeper' })).json();
  }
  all.content = (await send('GET', `/api/v1/receipts/${owned['/api/v1/receipts'][0]}/content`, { key: 'kr-keeper' })).json();
  const alerts = (await send('GET', '/api/v1/alerts')).json().alerts;
  all.alerts = alerts.map(({ incident, acknowledged_by: by }) => ({ incident, by }));
  all.dead = (await send('GET', '/api/v1/alerts/deliveries')).json().dead.map(({ id, attempts }) => ({ id, attempts }));
  return JSON.parse(JSON.stringify(all, (name, value) => (kGoesWithTime.has(name) ? undefined : value)));
}

test('every operation with an id of another tenant’s is refused, tells nothing and changes nothing', async () => {
  const first = await everything();
  assert.equal(first.content.kept, true);
  assert.equal(first[owned['/api/v1/replays'][0]].results.length, 1);
  const asked = provider.requests.length;
  let walked = 0;
  for (const { pattern, kind, method, body } of withIds()) {
    assert.ok(owned[kind], `${pattern}: make one in this test, so that its id can be asked for`);
    for (const id of owned[kind]) {
      if (method === 'GET') {
        const real = await send(method, pattern.replace('{id}', id), { key: kind.includes('saved-views') ? 'kr-keeper' : 'kr-ops' });
        assert.equal(real.status, 200, `${pattern} of ${id} is no proof: ${real.text}`);
      }
      const answer = await send(method, pattern.replace('{id}', id), { key: 'kr-rival', body });
      assert.ok([403, 404].includes(answer.status), `${method} ${pattern} of ${id}: ${answer.status} ${answer.text}`);
      assert.ok(!/keeper|lodger/i.test(answer.text.replaceAll(id, '')), `${method} ${pattern}: ${answer.text}`);
      const none = `${id.slice(0, -1)}${id.endsWith('z') ? 'y' : 'z'}`;
      const unknown = await send(method, pattern.replace('{id}', none), { key: 'kr-rival', body });
      assert.deepEqual([answer.status, answer.text.replaceAll(id, '')], [unknown.status, unknown.text.replaceAll(none, '')], `${method} ${pattern} tells whether there is one`);
      walked += 1;
    }
  }
  assert.ok(walked > 30, `${walked} operations`);
  assert.equal(provider.requests.length, asked);
  assert.deepEqual(await everything(), first);
});

test('no list and no run of replays reaches what is another tenant’s', async () => {
  const ids = Object.values(owned).flat();
  let lists = 0;
  for (const [pattern, operations] of Object.entries(document.paths)) {
    if (!operations.get || operations.get['x-planned'] || pattern.includes('{') || pattern.endsWith('/live') || pattern === '/openapi.json') continue;
    for (const query of pattern.endsWith('/export') ? ['?view=receipts', '?view=tenants'] : ['']) {
      const { text } = await send('GET', pattern + query, { key: 'kr-rival' });
      for (const id of [...ids, 'keeper-note', 'keeper-words']) assert.ok(!text.includes(id), `${pattern}${query} tells ${id}: ${text.slice(0, 1000)}`);
      lists += 1;
    }
  }
  assert.ok(lists > 10, `${lists} lists`);

  const asked = provider.requests.length;
  const [receipt] = owned['/api/v1/receipts'];
  const none = `${receipt.slice(0, -1)}${receipt.endsWith('Z') ? 'Y' : 'Z'}`;
  const id = await made('/api/v1/replays', { receipts: [receipt, none], models: ['gpt-4o'], max_cost_usd: '1' }, 'kr-rival');
  const run = await until('the run ended', async () => {
    const now = (await send('GET', `/api/v1/replays/${id}`, { key: 'kr-rival' })).json();
    return now.state !== 'running' && now;
  });
  const [theirs, unknown] = run.results;
  assert.deepEqual([theirs.outcome, theirs.original_cost_usd, theirs.replay_receipt_id], ['skipped', null, null], JSON.stringify(run));
  assert.deepEqual({ ...theirs, receipt_id: none, why: theirs.why.replaceAll(receipt, none) }, unknown);
  assert.equal(provider.requests.length, asked);
});
