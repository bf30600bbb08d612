// Hedging: where the first target is late the next one is asked too; the first answer serves, and both are on the receipt.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startReceiver } from './otlp_receiver.mjs';
import { answer, ask, budget, chunk, costed, head, receiptOf, startScripted, twoPlaces, until } from './scripted.mjs';
import { run } from './support.mjs';

let near;
let far;
let receiver;
before(async () => { near = await startScripted(); far = await startScripted(); receiver = await startReceiver(); });
after(() => { near?.stop(); far?.stop(); receiver?.stop(); });

const hedged = (more = {}) => twoPlaces(near, far, { routing: 'routing: {strategy: hedge, hedge: {unmeasured: 60ms, most_share: 1}}\n', ...more });
const never = async (call) => { await call.closed; };
const attempts = (receipt) => receipt.attempts.map((one) => [one.model_id, one.reason, one.status, one.error_type]);

for (const stream of [false, true]) {
  const kind = stream ? 'streamed' : 'whole';
  test(`the second answers first, ${kind}: the first is hung up on, costed, and said to be estimated`, async () => {
    const router = await hedged({ extra: 'budgets: [{id: cap, scope: {tenant: acme}, period: total, cap_usd: 1}]\n' });
    let hungUp;
    near.script = (call) => { hungUp = call.closed; return never(call); };
    far.script = (call) => answer(call, 'from far');
    const response = await ask(router, { stream });
    assert.equal(response.status, 200);
    assert.match(await response.text(), /from far/);
    await hungUp;
    const receipt = costed(await receiptOf(router, response));
    assert.deepEqual(attempts(receipt), [['cheap', 'first', 'cancelled', 'hedge_lost'], ['dear', 'hedge', 'success', '']]);
    assert.deepEqual(receipt.attempts.map((one) => one.usage.source), ['estimated', 'provider']);
    assert.ok(receipt.attempts[0].cost_usd > 0, 'the input at least was taken in');
    assert.deepEqual([receipt.execution.model_id, receipt.execution.status], ['dear', 'success']);
    assert.ok(receipt.execution.overhead_us >= 0);
    const { held, spent } = await budget(router, 'cap');
    assert.equal(held, 0);
    assert.ok(Math.abs(spent - receipt.cost.total_usd) < 1e-12, 'both are charged');
    await router.stop({ keep: true });
    assert.match(run('verify', router.dataDir), /equal to the journal/);
  });

  test(`the first answers after all, ${kind}: the second is hung up on and costed`, async () => {
    const router = await hedged();
    let secondAsked;
    const asked = new Promise((done) => { secondAsked = done; });
    let hungUp;
    far.script = (call) => { hungUp = call.closed; secondAsked(); return never(call); };
    near.script = async (call) => { await asked; answer(call, 'from near'); };
    const response = await ask(router, { stream });
    assert.match(await response.text(), /from near/);
    await hungUp;
    const receipt = costed(await receiptOf(router, response));
    assert.deepEqual(attempts(receipt), [['cheap', 'first', 'success', ''], ['dear', 'hedge', 'cancelled', 'hedge_lost']]);
    assert.equal(receipt.execution.model_id, 'cheap');
    await router.stop();
  });
}

test('a stream that has begun but brings no content is late too', async () => {
  const router = await hedged();
  near.script = (call) => { head(call); call.response.write(chunk({ role: 'assistant', content: '' })); return never(call); };
  far.script = (call) => answer(call, 'from far');
  const response = await ask(router, { stream: true });
  const text = await response.text();
  assert.match(text, /from far/);
  assert.equal(text.match(/"role":"assistant"/g).length, 1);
  assert.equal(costed(await receiptOf(router, response)).attempts[0].error_type, 'hedge_lost');
  await router.stop();
});

test('a first that is in time is alone', async () => {
  const router = await hedged({ routing: 'routing: {strategy: hedge, hedge: {unmeasured: 20s, most_share: 1}}\n' });
  const before_ = far.calls.length;
  near.script = (call) => answer(call, 'from near');
  for (let i = 0; i < 5; ++i) assert.match(await (await ask(router)).text(), /from near/);
  assert.equal(far.calls.length, before_);
  await router.stop();
});

test('one of the two fails: the other one\'s answer serves', async () => {
  const router = await hedged();
  let secondAsked;
  const asked = new Promise((done) => { secondAsked = done; });
  near.script = async (call) => { await asked; call.response.writeHead(500, {}); call.response.end('{}'); };
  far.script = async (call) => { secondAsked(); await new Promise((done) => setTimeout(done, 50)); answer(call, 'from far'); };
  const response = await ask(router);
  assert.match(await response.text(), /from far/);
  assert.deepEqual(attempts(costed(await receiptOf(router, response))), [['cheap', 'first', 'error', 'server'], ['dear', 'hedge', 'success', '']]);
  await router.stop();
});

test('one that had begun to refuse when the other answered costs nothing: a refusal is not billed', async () => {
  const router = await hedged();
  let hungUp;
  near.script = (call) => { hungUp = call.closed; call.response.writeHead(429, { 'content-type': 'application/json' }); call.response.write('{"error":'); return never(call); };
  far.script = (call) => answer(call, 'from far');
  const response = await ask(router);
  assert.match(await response.text(), /from far/);
  await hungUp;
  const [refused, served] = costed(await receiptOf(router, response)).attempts;
  assert.deepEqual([refused.status, refused.error_type, refused.http_status], ['cancelled', 'hedge_lost', 429]);
  assert.deepEqual([refused.cost_usd, refused.usage.source, served.status], [0, 'counted', 'success']);
  await router.stop();
});

test('both fail: what the last one said, both on the receipt', async () => {
  const router = await hedged({ routing: 'routing: {strategy: hedge, hedge: {unmeasured: 60ms, most_share: 1}, fallback: {max_attempts: 2}}\n' });
  let secondAsked;
  const asked = new Promise((done) => { secondAsked = done; });
  near.script = async (call) => { await asked; call.response.writeHead(500, {}); call.response.end('{"error":{"message":"near"}}'); };
  far.script = async (call) => { secondAsked(); await new Promise((done) => setTimeout(done, 50)); call.response.writeHead(500, {}); call.response.end('{"error":{"message":"far"}}'); };
  const response = await ask(router);
  assert.equal(response.status, 500);
  const receipt = costed(await receiptOf(router, response));
  assert.deepEqual(attempts(receipt), [['cheap', 'first', 'error', 'server'], ['dear', 'hedge', 'error', 'server']]);
  await router.stop();
});

test('no hedge where a cap has no room for it: the first is waited for', async () => {
  const router = await hedged({ extra: 'budgets: [{id: cap, scope: {tenant: acme, model: dear}, period: total, cap_usd: "0.000001", on_exceed: downgrade}]\n' });
  const before_ = far.calls.length;
  near.script = async (call) => { await new Promise((done) => setTimeout(done, 200)); answer(call, 'from near'); };
  const response = await ask(router);
  assert.match(await response.text(), /from near/);
  assert.equal(far.calls.length, before_);
  assert.equal(costed(await receiptOf(router, response)).attempts.length, 1);
  await router.stop();
});

test('hedges stay few: most_share bounds them', async () => {
  const router = await hedged({ server: '', routing: 'routing: {strategy: hedge, hedge: {unmeasured: 20ms, most_share: 0.1}}\n' });
  const before_ = far.calls.length;
  near.script = async (call) => { await new Promise((done) => setTimeout(done, 60)); answer(call, 'from near'); };
  far.script = never;
  await Promise.all(Array.from({ length: 40 }, async () => (await ask(router)).text()));
  const share = far.calls.length - before_;
  assert.ok(share >= 1 && share <= 8, `${share} hedges of 40 requests`); // a loop begins with one to spare
  await router.stop();
});

test('a client that leaves in the middle of the race: both are hung up on, both costed', async () => {
  const router = await hedged();
  const hungUp = [];
  let secondAsked;
  const asked = new Promise((done) => { secondAsked = done; });
  near.script = (call) => { hungUp.push(call.closed); return never(call); };
  far.script = (call) => { hungUp.push(call.closed); secondAsked(); return never(call); };
  const leave = new AbortController();
  const answered = ask(router, { signal: leave.signal, headers: { 'X-KairosRoute-Workflow': 'leaves' } }).catch(() => undefined);
  await asked;
  leave.abort();
  await answered;
  await Promise.all(hungUp);
  const found = await until('its receipt', async () => (await (await router.get('/api/v1/receipts?workflow=leaves')).json()).receipts?.[0]);
  const receipt = costed(await router.receipt(found.receipt_id));
  assert.equal(receipt.execution.status, 'cancelled');
  assert.deepEqual(receipt.attempts.map((one) => [one.reason, one.status]), [['first', 'cancelled'], ['hedge', 'cancelled']]);
  await router.stop();
});

test('many races at once, whichever wins: one answer each, nothing held, verify agrees', async () => {
  const router = await hedged({ extra: 'budgets: [{id: cap, scope: {tenant: acme}, period: total, cap_usd: 100}]\n', routing: 'routing: {strategy: hedge, hedge: {unmeasured: 15ms, least: 1ms, after: p50, most_share: 1}}\n' });
  const late = (text) => async (call) => { await Promise.race([new Promise((done) => setTimeout(done, 5 + Math.random() * 30)), call.closed]); if (!call.response.destroyed) answer(call, text); };
  near.script = late('from near');
  far.script = late('from far');
  const answers = await Promise.all(Array.from({ length: 200 }, async (_, i) => {
    const response = await ask(router, { stream: i % 2 === 0 });
    const text = await response.text();
    assert.equal((text.match(/from (near|far)/g) ?? []).length, 1, text);
    return response;
  }));
  for (const response of answers) costed(await receiptOf(router, response));
  const spans = (await Promise.all(answers.map((response) => receiptOf(router, response)))).filter((receipt) => receipt.attempts.length === 2);
  assert.ok(spans.length > 0);
  await router.stop({ keep: true });
  assert.match(run('verify', router.dataDir), /equal to the journal/);
});

test('two CLIENT spans below the receipt\'s, each with the context that its provider got', async () => {
  const router = await hedged({ extra: `otlp: {batch: {spans: 512, delay: 50ms}, destinations: [{id: a, endpoint: "${receiver.url}"}]}\n` });
  near.script = never;
  far.script = (call) => answer(call, 'from far');
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const response = await ask(router, { headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` } });
  await response.text();
  const [own, ...both] = await receiver.of(response.headers.get('x-kairosroute-receipt'));
  assert.equal(own.parentSpanId, '00f067aa0ba902b7');
  assert.deepEqual(both.map((one) => [one.kind, one.traceId, one.parentSpanId]), [[3, trace, own.spanId], [3, trace, own.spanId]]);
  assert.deepEqual([near, far].map((one) => one.calls.at(-1).headers.traceparent), both.map((one) => `00-${trace}-${one.spanId}-01`));
  const at = (time) => BigInt(String(time));
  const [first, second] = both;
  assert.ok(at(second.startTimeUnixNano) > at(first.startTimeUnixNano), 'the hedge began later');
  // latencies on receipts are whole milliseconds, cut off
  assert.ok(at(second.startTimeUnixNano) < at(first.endTimeUnixNano) + 1_000_000n, 'they overlap');
  await router.stop();
});
