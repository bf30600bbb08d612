// Alerts against receivers that fail, and against kill -9 while a message is being delivered.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { until } from './alert_receivers.mjs';
import { startProvider, startRouter } from './support.mjs';

const always = '{id: quiet, title: No traffic, measure: requests, below: 1, window: 1m, no_data: alert, repeat: 0s}';

function section(port) {
  return `alerts:
  built_in_rules: false
  interval: 1s
  settle: 0s
  timeout: 2s
  first_retry: 200ms
  allow_networks: [127.0.0.0/8]
  rules: [${always}]
  channels: [{id: hook, kind: webhook, url: "http://127.0.0.1:${port}/h"}]
`;
}

async function startHook(behave) {
  const hook = { calls: [] };
  const server = createServer((request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      const body = Buffer.concat(pieces).toString();
      hook.calls.push({ id: request.headers['x-kairosroute-delivery'], headers: request.headers, body });
      behave(hook.calls.length, request, response);
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  hook.port = server.address().port;
  hook.stop = () => { server.closeAllConnections(); server.close(); };
  return hook;
}

test('failures are tried again under one delivery id until the receiver takes the message', async () => {
  const faults = [
    (request) => request.socket.destroy(),
    (_, response) => { response.writeHead(429, { 'retry-after': '1' }); response.end(); },
    (_, response) => { response.writeHead(503); response.end('busy'); },
    () => undefined, // hangs
    (_, response) => { response.writeHead(200); response.end('x'.repeat(1 << 20)); }, // a huge answer is an acceptance
  ];
  const hook = await startHook((count, request, response) => faults[Math.min(count, faults.length) - 1](request, response));
  const provider = await startProvider();
  const router = await startRouter(provider, { extra: section(hook.port) });
  try {
    const log = await until('delivered', async () => (await (await router.get('/api/v1/alerts/deliveries', 'kr-ops')).json()).log[0]);
    assert.equal(log.delivered, true);
    assert.equal(log.attempts, 5);
    assert.equal(new Set(hook.calls.map((call) => call.id)).size, 1);
    const message = JSON.parse(hook.calls[0].body);
    assert.equal(message.version, '4');
    assert.equal(message.alerts[0].endsAt, '0001-01-01T00:00:00Z');
    assert.equal((await router.get('/api/v1/alerts/rules')).status, 403);
  } finally {
    router.child.kill('SIGKILL');
    hook.stop();
    provider.stop();
  }
});

test('a redirect is not followed and becomes a dead letter', async () => {
  const hook = await startHook((_, request, response) => { response.writeHead(302, { location: '/elsewhere' }); response.end(); });
  const provider = await startProvider();
  const router = await startRouter(provider, { extra: section(hook.port) });
  try {
    const state = await until('dead', async () => {
      const now = await (await router.get('/api/v1/alerts/deliveries', 'kr-ops')).json();
      return now.dead.length === 1 && now;
    });
    assert.equal(state.log[0].delivered, false);
    assert.equal(hook.calls.length, 1);
  } finally {
    router.child.kill('SIGKILL');
    hook.stop();
    provider.stop();
  }
});

test('kill -9 while a message is on its way: it comes again with the same id, and once', async () => {
  let first = true;
  const hook = await startHook((_, request, response) => { if (!first) { response.writeHead(200); response.end(); } });
  const provider = await startProvider();
  const router = await startRouter(provider, { extra: section(hook.port) });
  await until('on its way', () => hook.calls.length > 0);
  router.child.kill('SIGKILL');
  await router.ended;
  const before = hook.calls.length;
  first = false;
  const again = await startRouter(provider, { dataDir: router.dataDir, extra: section(hook.port) });
  try {
    await until('delivered', async () => (await (await again.get('/api/v1/alerts/deliveries', 'kr-ops')).json()).log[0]?.delivered);
    assert.equal(hook.calls.length, before + 1);
    assert.equal(new Set(hook.calls.map((call) => call.id)).size, 1);
  } finally {
    again.child.kill('SIGKILL');
    hook.stop();
    provider.stop();
  }
});

test('a signed message checks out, and secrets cannot be read', async () => {
  const hook = await startHook((_, request, response) => { response.writeHead(200); response.end('thanks'); });
  const provider = await startProvider();
  const router = await startRouter(provider, { extra: section(hook.port) });
  const call = (method, path, body) => fetch(router.url + path, { method, headers: { authorization: 'Bearer kr-ops' }, body: body && JSON.stringify(body) });
  try {
    const made = await call('POST', '/api/v1/alerts/channels', { id: 'signed', kind: 'webhook', url: `http://127.0.0.1:${hook.port}/secret-path`, secret: 'top-secret', rules: ['none'] });
    assert.equal(made.status, 201);
    const shown = await (await call('GET', '/api/v1/alerts/channels')).text();
    assert.ok(!/top-secret|secret-path/.test(shown), shown);
    const result = await (await call('POST', '/api/v1/alerts/channels/signed/test')).json();
    assert.deepEqual(result, { delivered: true, status: 200, detail: 'thanks' });
    const { headers, body, id } = hook.calls.find((one) => one.headers['x-kairosroute-signature']);
    const expected = createHmac('sha256', 'top-secret').update(`${headers['x-kairosroute-timestamp']}.${id}.${body}`).digest('hex');
    assert.equal(headers['x-kairosroute-signature'], `v1=${expected}`);
    const metadata = await call('POST', '/api/v1/alerts/channels', { id: 'bad', kind: 'slack', url: 'http://169.254.169.254/latest' });
    assert.equal(metadata.status, 400);
  } finally {
    router.child.kill('SIGKILL');
    hook.stop();
    provider.stop();
  }
});
