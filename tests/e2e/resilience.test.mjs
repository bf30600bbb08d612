// What happens when providers fail, and when clients will not stop asking.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { exported, sha256, startProvider, startRouter } from './support.mjs';

let provider;
before(async () => { provider = await startProvider(); });
after(() => provider?.stop());

const refusal = (status, message = 'no') => ({ status, body: { error: { message, type: status === 429 ? 'rate_limit_error' : 'server_error' } } });
const ask = (router, body = {}, key = 'kr-acme') => fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer ${key}` },
  body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 20, ...body }) });
const receiptOf = (router, response) => router.receipt(response.headers.get('x-kairosroute-receipt'));

test('a pinned model that fails for a moment is tried again, and every attempt is on the receipt', async () => {
  const router = await startRouter(provider);
  let calls = 0;
  provider.behave = () => (++calls < 3 ? refusal(503) : undefined);
  const response = await ask(router);
  assert.equal(response.status, 200);
  const receipt = await receiptOf(router, response);
  assert.deepEqual(receipt.attempts.map((a) => [a.reason, a.status]), [['first', 'error'], ['retry', 'error'], ['retry', 'success']]);
  await router.stop();
});

test('what the last provider said reaches the client as it is, with its Retry-After', async () => {
  const router = await startRouter(provider);
  provider.behave = () => ({ ...refusal(429, 'slow down'), headers: { 'retry-after': '77', 'x-request-id': 'req-1' } });
  const response = await ask(router);
  assert.equal(response.status, 429);
  assert.equal(response.headers.get('retry-after'), '77');
  assert.equal(response.headers.get('x-request-id'), 'req-1');
  assert.equal(await response.text(), JSON.stringify(refusal(429, 'slow down').body));
  const receipt = await receiptOf(router, response);
  assert.equal(receipt.attempts.length, 1, 'waiting 77 s is left to the client');
  await router.stop();
});

test('a Retry-After that is short is waited for', async () => {
  const router = await startRouter(provider);
  let calls = 0;
  const times = [];
  provider.behave = () => { times.push(Date.now()); return ++calls === 1 ? { ...refusal(429), headers: { 'retry-after': '1' } } : undefined; };
  assert.equal((await ask(router)).status, 200);
  assert.ok(times[1] - times[0] >= 990, `${times[1] - times[0]} ms`);
  await router.stop();
});

test('an answer that breaks off is not asked for twice at the same target: it may have been billed', async () => {
  const router = await startRouter(provider);
  provider.behave = () => 'truncate';
  const response = await ask(router);
  assert.equal(response.status, 502);
  const receipt = await receiptOf(router, response);
  assert.deepEqual(receipt.attempts.map((a) => [a.status, a.error_type]), [['error', 'truncated']]);
  await router.stop();
});

test('refused requests give their tokens back, those too that share a receipt', async () => {
  const router = await startRouter(provider, { extra: `  - {id: limited, keys: [{id: limited-key, sha256: ${sha256('kr-limited')}, tokens_per_minute: 1000}]}` });
  provider.behave = () => undefined;
  for (let i = 0; i < 40; ++i) assert.equal((await ask(router, { model: 'no-such-model', max_tokens: 100 }, 'kr-limited')).status, 404);
  assert.equal((await ask(router, { max_tokens: 100 }, 'kr-limited')).status, 200);
  await router.stop();
});

test('an open circuit is skipped at once: no request reaches the provider', async () => {
  const router = await startRouter(provider, { extra: 'routing: {fallback: {max_attempts: 1}}' });
  provider.behave = () => refusal(500);
  for (let i = 0; i < 5; ++i) assert.equal((await ask(router)).status, 500);
  const before_ = provider.requests.length;
  const response = await ask(router);
  assert.equal(provider.requests.length, before_);
  assert.ok([400, 503].includes(response.status));
  const receipt = await receiptOf(router, response);
  assert.equal(receipt.execution.status, 'refused');
  assert.equal(receipt.attempts.length, 0);
  await router.stop();
});

test('keys of a pool take turns, and one that is refused rests', async () => {
  const pool = `providers:
  - {id: openai, base_url: "http://127.0.0.1:${provider.port}/v1", api_keys: [{env: E2E_PROVIDER_KEY}, {env: E2E_SECOND_KEY}]}
`;
  process.env.E2E_SECOND_KEY = 'sk-second';
  const router = await startRouter(provider, { providers: pool });
  const used = [];
  provider.behave = (_body, _url, headers) => { used.push(headers.authorization); return headers.authorization === 'Bearer sk-provider' ? refusal(429) : undefined; };
  for (let i = 0; i < 4; ++i) assert.equal((await ask(router)).status, 200);
  assert.equal(used.filter((key) => key === 'Bearer sk-provider').length, 1, 'the refused key rests');
  assert.equal(used.filter((key) => key === 'Bearer sk-second').length, 4);
  await router.stop();
});

test('a request is over when its time is', async () => {
  const router = await startRouter(provider, { server: ', limits: {request_time: 1s}' });
  provider.behave = () => new Promise(() => {});
  const began = Date.now();
  const response = await ask(router);
  assert.equal(response.status, 504);
  assert.ok(Date.now() - began < 5000);
  const receipt = await receiptOf(router, response);
  assert.equal(receipt.execution.status, 'error');
  await router.stop();
});

test('a provider that ignores the output bound is cut off under a cap', async () => {
  const router = await startRouter(provider, { extra: 'budgets: [{id: cap, scope: {tenant: acme}, period: total, cap_usd: 1, on_exceed: refuse}]' });
  provider.behave = () => 'babble';
  const response = await ask(router, { stream: true, max_tokens: 16 });
  const text = await response.text();
  assert.match(text, /cut off/);
  assert.doesNotMatch(text, /\[DONE\]/);
  const receipt = await receiptOf(router, response);
  assert.equal(receipt.execution.status, 'interrupted');
  assert.equal(receipt.execution.ended_by, 'cap');
  await router.stop();
});

test('a flood of equal refusals shares receipts, and their counts add up', async () => {
  const router = await startRouter(provider);
  const ids = new Set();
  const refused = 300;
  for (let batch = 0; batch < refused / 50; ++batch) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(router, { model: 'no-such-model' })));
    for (const answer of answers) {
      assert.equal(answer.status, 404);
      ids.add(answer.headers.get('x-kairosroute-receipt'));
    }
  }
  assert.ok(ids.size < refused / 2, `${ids.size} receipts`);
  router.child.kill('SIGTERM');
  await router.ended;
  const receipts = exported(router.dataDir);
  assert.deepEqual(new Set(receipts.map((receipt) => receipt.receipt_id)), ids);
  assert.equal(receipts.reduce((sum, receipt) => sum + (receipt.count ?? 1), 0), refused);
});

test('more requests at once than allowed are turned away with a receipt', async () => {
  const router = await startRouter(provider, { server: ', limits: {requests: 2}' });
  let release;
  provider.behave = () => new Promise((done) => { release = (release ?? []).concat(done); });
  const running = [ask(router), ask(router)];
  while ((release ?? []).length < 2) await new Promise((done) => setTimeout(done, 5));
  const response = await ask(router);
  assert.equal(response.status, 503);
  assert.equal(response.headers.get('retry-after'), '1');
  assert.equal((await receiptOf(router, response)).execution.error_code, 'overloaded');
  release.forEach((done) => done());
  for (const answer of await Promise.all(running)) assert.equal(answer.status, 200);
  await router.stop();
});

test('a provider is reached through its proxy', async () => {
  const seen = [];
  const proxy = createServer((request, response) => {
    seen.push(request.url);
    const url = new URL(request.url);
    const onward = connect(Number(url.port), url.hostname, () => {
      const pieces = [];
      request.on('data', (piece) => pieces.push(piece));
      request.on('end', () => {
        const body = Buffer.concat(pieces);
        onward.write(`POST ${url.pathname} HTTP/1.1\r\nhost: x\r\nauthorization: ${request.headers.authorization}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`);
        onward.write(body);
      });
      onward.pipe(response.socket);
    });
  });
  await new Promise((done) => proxy.listen(0, '127.0.0.1', done));
  provider.behave = () => undefined;
  const router = await startRouter(provider, { providers: `providers:
  - {id: openai, base_url: "http://127.0.0.1:${provider.port}/v1", api_key_env: E2E_PROVIDER_KEY, proxy: "http://127.0.0.1:${proxy.address().port}"}
` });
  const response = await ask(router);
  assert.equal(response.status, 200);
  assert.deepEqual(seen, [`http://127.0.0.1:${provider.port}/v1/chat/completions`]);
  await router.stop();
  proxy.closeAllConnections();
  proxy.close();
});
