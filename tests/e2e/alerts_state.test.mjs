// What people do to alerts: every change is in the audit trail without its secrets, acknowledgements and silences survive
// kill -9, and events come live, from where the reader left off.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { startHttpReceiver, stopReceivers, until } from './alert_receivers.mjs';
import { startProvider, startRouter } from './support.mjs';

afterEach(stopReceivers);

const quiet = (id) => `{id: ${id}, title: No traffic, measure: requests, below: 1, window: 1m, no_data: alert, repeat: 2s}`;
const section = (rules) => `alerts: {interval: 1s, settle: 0s, first_retry: 50ms, built_in_rules: true, allow_networks: [127.0.0.0/8], rules: [${rules.join(', ')}]}\n`;

async function withProvider(use) {
  const provider = await startProvider();
  const running = [];
  const start = async (extra, dataDir) => {
    const router = await startRouter(provider, { extra, dataDir });
    running.push(router);
    router.call = async (method, path, body, key = 'kr-ops') => {
      const response = await fetch(router.url + path, { method, headers: { authorization: `Bearer ${key}` }, body: body && JSON.stringify(body) });
      const text = await response.text();
      return { status: response.status, body: text && JSON.parse(text) };
    };
    return router;
  };
  try {
    await use(start);
  } finally {
    for (const router of running) await router.kill();
    provider.stop();
  }
}

/// Reads server-sent events until `count` of them are there.
async function eventsOf(router, count, headers = {}, query = '') {
  const abort = new AbortController();
  const response = await fetch(`${router.url}/api/v1/alerts/events/live${query}`, { headers: { authorization: 'Bearer kr-ops', ...headers }, signal: abort.signal });
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  const found = [];
  let text = '';
  for await (const piece of response.body) {
    text += Buffer.from(piece).toString();
    for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
      const fields = Object.fromEntries(text.slice(0, end).split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
      if (fields.event) found.push({ id: Number(fields.id), event: fields.event, data: JSON.parse(fields.data) });
    }
    if (found.length >= count) break;
  }
  abort.abort();
  return found;
}

test('changes of rules, channels and silences are audited: who, what, before and after, no secret', { timeout: 60_000 }, async () => {
  await withProvider(async (start) => {
    const receiver = await startHttpReceiver();
    const router = await start(section([]));
    const { call } = router;
    const rule = { id: 'mine', measure: 'error_rate', above: '5%', window: '10m' };
    assert.equal((await call('POST', '/api/v1/alerts/rules', rule)).status, 201);
    assert.equal((await call('PATCH', '/api/v1/alerts/rules/mine', { above: '9%' })).status, 200);
    assert.equal((await call('PATCH', '/api/v1/alerts/rules/error-rate', { enabled: false })).status, 200);
    assert.equal((await call('POST', '/api/v1/alerts/rules', { ...rule, id: 'bad', measure: 'nonsense' })).status, 400);
    assert.equal((await call('POST', '/api/v1/alerts/rules', rule, 'kr-acme')).status, 403);
    const channel = { id: 'hook', kind: 'webhook', url: `${receiver.url}/webhook/very-secret-path`, secret: 'top-secret-1', rules: ['none'] };
    assert.equal((await call('POST', '/api/v1/alerts/channels', channel)).status, 201);
    assert.equal((await call('PUT', '/api/v1/alerts/channels/hook', { ...channel, secret: 'top-secret-2', enabled: false })).status, 200);
    const until_ = new Date(Date.now() + 3000).toISOString();
    const silence = (await call('POST', '/api/v1/alerts/silences', { rule: 'mine', until: until_, comment: 'release' })).body;
    const second = (await call('POST', '/api/v1/alerts/silences', { tenant: 'acme', until: new Date(Date.now() + 3_600_000).toISOString() })).body;
    assert.equal((await call('DELETE', `/api/v1/alerts/silences/${second.id}`)).status, 204);
    assert.equal((await call('DELETE', '/api/v1/alerts/channels/hook')).status, 204);
    assert.equal((await call('DELETE', '/api/v1/alerts/rules/mine')).status, 204);
    const entries = async (of) => (await of.call('GET', '/api/v1/audit')).body.entries.reverse();
    const ended = await until('the silence is over', async () => (await entries(router)).find((one) => one.id === silence.id && one.after === null));
    assert.match(ended.who, /time was over/);
    const all = await entries(router);
    const of = (id) => all.filter((one) => one.id === id).map((one) => [one.kind, one.before?.above ?? one.before?.enabled ?? null, one.after?.above ?? one.after?.enabled ?? null]);
    assert.deepEqual(of('mine'), [['alert_rule', null, '0.05'], ['alert_rule', '0.05', '0.09'], ['alert_rule', '0.09', null]]);
    assert.deepEqual(all.filter((one) => one.id === 'error-rate').map((one) => one.after.enabled), [false]);
    assert.deepEqual(all.filter((one) => one.id === 'hook').map((one) => [one.before?.enabled, one.after?.enabled]), [[undefined, true], [true, false], [false, undefined]]);
    assert.ok(all.filter((one) => one.id !== silence.id).every((one) => one.who === 'key ops-key'), JSON.stringify(all));
    assert.ok(!/top-secret|very-secret/.test(JSON.stringify(all)));
    assert.equal(all.some((one) => one.id === 'bad'), false);
    await router.kill();
    const again = await start(section([]), router.dataDir);
    assert.deepEqual(await entries(again), all, 'nothing is told twice after a crash');
  });
});

test('an acknowledgement survives kill -9, stops reminders, and a silence goes on', { timeout: 60_000 }, async () => {
  await withProvider(async (start) => {
    const receiver = await startHttpReceiver();
    const extra = section([quiet('first'), quiet('second')]);
    const router = await start(extra);
    const firing = (of) => of.call('GET', '/api/v1/alerts').then(({ body }) => body.alerts.filter((one) => one.state === 'firing'));
    const { incident } = await until('it fires', async () => (await firing(router)).find((one) => one.rule === 'first'));
    assert.equal((await router.call('POST', '/api/v1/alerts/incidents/inc_nothing/acknowledge')).status, 404);
    assert.equal((await router.call('POST', `/api/v1/alerts/incidents/${incident}/acknowledge`, undefined, 'kr-acme')).status, 403);
    assert.equal((await router.call('POST', `/api/v1/alerts/incidents/${incident}/acknowledge`)).status, 204);
    const silence = (await router.call('POST', '/api/v1/alerts/silences', { rule: 'second', until: new Date(Date.now() + 3_600_000).toISOString() })).body;
    await router.kill();
    const again = await start(extra, router.dataDir);
    const [first, second] = (await firing(again)).sort((a, b) => (a.rule < b.rule ? -1 : 1));
    assert.deepEqual([first.incident, first.acknowledged_by, second.acknowledged_by], [incident, 'key ops-key', '']);
    assert.deepEqual((await again.call('GET', '/api/v1/alerts/silences')).body.silences.map((one) => one.id), [silence.id]);
    // Time for reminders, if there were any: a third rule made now fires and is reminded of.
    assert.equal((await again.call('POST', '/api/v1/alerts/channels', { id: 'hook', kind: 'webhook', url: `${receiver.url}/webhook/a` })).status, 201);
    assert.equal((await again.call('POST', '/api/v1/alerts/rules', { id: 'third', measure: 'requests', below: '1', window: '1m', no_data: 'alert', repeat: '1s' })).status, 201);
    await until('three reminders of the third', () => receiver.calls.filter((call) => call.text.includes('rule third')).length >= 4);
    assert.deepEqual(receiver.calls.filter((call) => /rule (first|second)/.test(call.text)).length, 0);
    const kinds = (await again.call('GET', '/api/v1/alerts/events')).body.events.filter((one) => one.incident === incident).map((one) => one.kind);
    assert.deepEqual(kinds.filter((kind) => kind !== 'reminder'), ['acknowledged', 'firing']);
  });
});

test('events come live, go on after the last one seen, and are the own tenant\'s only', { timeout: 60_000 }, async () => {
  await withProvider(async (start) => {
    const router = await start(section([quiet('first')]));
    await until('it fires', async () => (await router.call('GET', '/api/v1/alerts/events')).body.events.length > 0);
    const live = eventsOf(router, 2);
    await new Promise((done) => setTimeout(done, 300));
    const { incident } = (await router.call('GET', '/api/v1/alerts')).body.alerts[0];
    await router.call('POST', `/api/v1/alerts/incidents/${incident}/acknowledge`);
    assert.equal((await router.call('POST', '/api/v1/alerts/rules', { id: 'second', measure: 'requests', below: '1', window: '1m', no_data: 'alert', repeat: '0s' })).status, 201);
    assert.ok((await live).every((one) => one.event === 'alert' && one.id >= 1));
    const missed = await eventsOf(router, 3, { 'last-event-id': '0' });
    assert.deepEqual(missed.slice(0, 3).map((one) => one.id), [1, 2, 3]);
    const next = await eventsOf(router, 1, { 'last-event-id': '2' });
    assert.equal(next[0].id, 3);
    assert.equal((await eventsOf(router, 1, {}, '?last_event_id=2'))[0].id, 3, 'where headers cannot be set');
    assert.ok(missed.every((one) => one.data.sequence === one.id && one.data.receipts.startsWith('/api/v1/receipts?')));
    assert.deepEqual((await router.call('GET', '/api/v1/alerts/events', undefined, 'kr-acme')).body.events, []);
    await router.kill();
    const again = await start(section([quiet('first')]), router.dataDir);
    assert.deepEqual((await eventsOf(again, 2, { 'last-event-id': '0' })).slice(0, 2).map((one) => one.data), missed.slice(0, 2).map((one) => one.data), 'events are kept');
  });
});
