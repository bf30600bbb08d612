// The strategies cascade and single, and what a request may ask of throughput and quantization.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { answer, ask, costed, receiptOf, startScripted, twoPlaces } from './scripted.mjs';

let near;
let far;
before(async () => { near = await startScripted(); far = await startScripted(); });
after(() => { near?.stop(); far?.stop(); });

const cascade = (more = '', extra = '') => twoPlaces(near, far, { routing: `routing: {strategy: cascade, floors: {default: 0.5}, cascade: {phrases: ["As an AI"]${more}}}\n`, extra });
const attempts = (receipt) => receipt.attempts.map((one) => [one.model_id, one.reason, one.status, one.escalated_for ?? null]);

const checks = {
  length: [(call) => answer(call, 'It was a dark and', { finish: 'length' }), {}],
  refusal: [(call) => answer(call, '', { finish: 'content_filter' }), {}],
  empty: [(call) => answer(call, ' \n'), {}],
  bad_json: [(call) => answer(call, '{"ok": tru'), { response_format: { type: 'json_object' } }],
  phrase: [(call) => answer(call, 'Well, as an ai I had rather not.'), {}],
};
for (const [check, [script, body]] of Object.entries(checks)) {
  test(`a cheap answer that fails by ${check}: the better model is asked, both are paid`, async () => {
    const router = await cascade();
    near.script = script;
    far.script = (call) => answer(call, '{"ok": true}');
    const response = await ask(router, body);
    assert.equal((await response.json()).choices[0].message.content, '{"ok": true}');
    assert.equal(response.headers.get('x-kairosroute-model'), 'dear');
    const receipt = costed(await receiptOf(router, response));
    assert.deepEqual(attempts(receipt), [['cheap', 'first', 'success', check], ['dear', 'escalation', 'success', null]]);
    assert.equal(receipt.decision.strategy, 'cascade');
    assert.deepEqual([receipt.execution.model_id, receipt.execution.status], ['dear', 'success']);
    assert.ok(Math.abs(receipt.cost.total_usd - (10e-6 + 10e-6 + 100e-6 + 100e-6)) < 1e-12);
    await router.stop();
  });
}

test('a cheap answer that does is the answer', async () => {
  const router = await cascade();
  const before_ = far.calls.length;
  near.script = (call) => answer(call, '{"ok": true}');
  for (const body of [{}, { response_format: { type: 'json_object' } }]) {
    const response = await ask(router, body);
    assert.equal(response.status, 200);
    assert.deepEqual(attempts(await receiptOf(router, response)), [['cheap', 'first', 'success', null]]);
  }
  assert.equal(far.calls.length, before_);
  await router.stop();
});

test('the better model fails, or a cap has no room for it: the cheap answer serves after all', async () => {
  near.script = (call) => answer(call, 'cut', { finish: 'length' });
  far.script = (call) => { call.response.writeHead(500, {}); call.response.end('{}'); };
  for (const extra of ['', 'budgets: [{id: cap, scope: {tenant: acme}, period: total, cap_usd: "0.0006", on_exceed: downgrade}]\n']) {
    const router = await cascade('', extra);
    const response = await ask(router);
    assert.equal(response.status, 200);
    assert.equal((await response.json()).choices[0].message.content, 'cut');
    assert.equal(response.headers.get('x-kairosroute-model'), 'cheap');
    const receipt = costed(await receiptOf(router, response));
    assert.deepEqual([receipt.execution.model_id, receipt.execution.status, receipt.execution.finish_reason], ['cheap', 'success', 'length']);
    assert.equal(receipt.execution.error_code ?? '', '');
    assert.equal(receipt.attempts.length <= 2 && receipt.attempts.length >= (extra ? 1 : 2), true);
    await router.stop();
  }
});

test('streams, and models asked for by name, do not escalate', async () => {
  const router = await cascade();
  near.script = (call) => answer(call, 'cut', { finish: 'length' });
  for (const body of [{ stream: true }, { model: 'cheap' }]) {
    const response = await ask(router, body);
    assert.match(await response.text(), /cut/);
    assert.equal((await receiptOf(router, response)).attempts.length, 1);
  }
  await router.stop();
});

test('single: no other target takes the place of the one that was chosen', async () => {
  const router = await twoPlaces(near, far, { routing: 'routing: {strategy: single, fallback: {max_attempts: 1}}\n' });
  near.script = (call) => { call.response.writeHead(500, {}); call.response.end('{}'); };
  const response = await ask(router);
  assert.equal(response.status, 500);
  const receipt = await receiptOf(router, response);
  assert.deepEqual(receipt.attempts.map((one) => one.model_id), ['cheap']);
  assert.deepEqual(receipt.decision.fallback_chain, []);
  await router.stop();
});

test('quantizations: by header and in the body; what is not stated is not accepted; nonsense names the field', async () => {
  const router = await twoPlaces(near, far);
  near.script = (call) => answer(call, 'from near');
  for (const way of [{ headers: { 'X-KairosRoute-Quantizations': 'fp16, bf16' } }, { kairosroute: { quantizations: ['bf16'] } }]) {
    const response = await ask(router, way);
    assert.equal(response.status, 400);
    const { error } = await response.json();
    assert.match(error.message, /quantization is not stated/);
  }
  assert.equal((await ask(router, { kairosroute: { quantizations: ['unknown', 'bf16'] } })).status, 200);
  const wrong = await ask(router, { kairosroute: { quantizations: ['fp7'] } });
  assert.equal(wrong.status, 400);
  assert.match((await wrong.json()).error.message, /quantizations.*fp7/);
  assert.equal((await ask(router, { headers: { 'X-KairosRoute-Preferred-Min-Throughput': 'fast' } })).status, 400);
  assert.equal((await ask(router, { headers: { 'X-KairosRoute-Preferred-Min-Throughput': '50' } })).status, 200);
  await router.stop();
});
