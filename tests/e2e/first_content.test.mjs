// Streams that fail: before their first content another target takes over and the client notices nothing; after it the
// client is told in its own dialect, and what was produced is costed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { answer, ask, chunk, costed, head, receiptOf, startScripted, twoPlaces } from './scripted.mjs';

let near;
let far;
before(async () => { near = await startScripted(); far = await startScripted((call) => answer(call, 'from far')); });
after(() => { near?.stop(); far?.stop(); });

const early = {
  'a role, then an error event': ['error', (call) => { head(call); call.response.end(chunk({ role: 'assistant', content: '' }) + 'data: {"error":{"message":"overloaded","type":"overloaded_error"}}\n\n'); }],
  'comments, then the connection breaks': ['error', (call) => { head(call); call.response.write(': ping\n\n: ping\n\n', () => call.response.destroy()); }],
  'a role, then the end without a last event': ['error', (call) => { head(call); call.response.end(chunk({ role: 'assistant' })); }],
  'nothing but its head': ['error', (call) => { head(call); call.response.end(); }],
};
for (const [what, [status, script]] of Object.entries(early)) {
  test(`before the first content: ${what}`, async () => {
    const router = await twoPlaces(near, far);
    near.script = script;
    const response = await ask(router, { stream: true });
    assert.equal(response.status, 200);
    const text = await response.text();
    assert.match(text, /from far/);
    assert.equal(text.match(/"role":"assistant"/g).length, 1, 'of the stream that failed the client sees nothing');
    const receipt = costed(await receiptOf(router, response));
    assert.deepEqual(receipt.attempts.map((one) => [one.model_id, one.reason, one.status]), [['cheap', 'first', status], ['dear', 'fallback', 'success']]);
    assert.equal(receipt.execution.status, 'success');
    assert.notEqual(receipt.attempts[0].error_type, '');
    await router.stop();
  });
}

test('where no other target is left, an early error event becomes an error in its own words', async () => {
  const router = await twoPlaces(near, far);
  near.script = (call) => { head(call); call.response.end('data: {"error":{"message":"too many","type":"rate_limit_error","code":"rate_limit_exceeded"}}\n\n'); };
  const response = await ask(router, { stream: true, model: 'cheap', kairosroute: { max_cost_usd: 1 } });
  assert.equal(response.status, 429);
  const { error } = await response.json();
  assert.equal(error.message, 'too many');
  const receipt = await receiptOf(router, response);
  assert.ok(receipt.attempts.every((one) => one.error_type === 'rate_limit'));
  await router.stop();
});

test('a request that is too long for one model goes to one with more room, or not, as configured', async () => {
  near.script = (call) => { call.response.writeHead(400, { 'content-type': 'application/json' }); call.response.end('{"error":{"message":"maximum context length is 8000 tokens","type":"invalid_request_error","code":"context_length_exceeded"}}'); };
  for (const goesOn of [true, false]) {
    const router = await twoPlaces(near, far, { routing: `routing: {fallback: {on_context_window: ${goesOn}}}\n` });
    const response = await ask(router);
    assert.equal(response.status, goesOn ? 200 : 400);
    const receipt = await receiptOf(router, response);
    assert.deepEqual(receipt.attempts.map((one) => one.error_type), goesOn ? ['context_window', ''] : ['context_window']);
    await router.stop();
  }
});

test('a refusal for content goes to another model, or not, as configured', async () => {
  near.script = (call) => { call.response.writeHead(400, { 'content-type': 'application/json' }); call.response.end('{"error":{"message":"flagged by our content management policy","code":"content_filter"}}'); };
  for (const goesOn of [true, false]) {
    const router = await twoPlaces(near, far, { routing: `routing: {fallback: {on_content_policy: ${goesOn}}}\n` });
    const response = await ask(router);
    assert.equal(response.status, goesOn ? 200 : 400);
    await router.stop();
  }
});

// After the first content: in each dialect, an error event and a connection that breaks.
const event = (type, more = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
const begun = {
  chat: chunk({ role: 'assistant', content: '' }) + chunk({ content: 'This much came, and it is billed as it is. ' }),
  messages: event('message_start', { message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], usage: { input_tokens: 12, output_tokens: 1 } } }) +
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) +
    event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'This much came, and it is billed as it is. ' } }),
  responses: event('response.created', { response: { id: 'resp_1', model: 'm' } }) + event('response.output_text.delta', { item_id: 'i', output_index: 0, content_index: 0, delta: 'This much came, and it is billed as it is. ' }),
};
const told = {
  chat: 'data: {"error":{"message":"exploded","type":"server_error"}}\n\n',
  messages: event('error', { error: { type: 'overloaded_error', message: 'exploded' } }),
  responses: event('response.failed', { response: { id: 'resp_1', status: 'failed', error: { code: 'server_error', message: 'exploded' } } }),
};
const isError = { chat: /data: \{"error":/, messages: /event: error\n/, responses: /(event: error\n)|(response\.failed)/ };
for (const endpoint of ['chat', 'messages', 'responses']) {
  const dialect = endpoint === 'messages' ? 'anthropic' : 'openai';
  for (const way of ['tells of an error', 'breaks']) {
    test(`after the first content, ${endpoint}: a stream that ${way}`, async () => {
      const router = await twoPlaces(near, far, { dialect });
      near.script = (call) => {
        head(call);
        if (way === 'breaks') call.response.write(begun[endpoint], () => setTimeout(() => call.response.destroy(), 20));
        else call.response.end(begun[endpoint] + told[endpoint]);
      };
      const response = await ask(router, { endpoint, stream: true });
      const text = await response.text();
      assert.match(text, /This much came/);
      assert.match(text, isError[endpoint]);
      assert.equal(text.match(/exploded/g)?.length ?? 0, way === 'breaks' ? 0 : 1, 'the provider\'s own words, once');
      assert.equal((text.match(/"error"/g) ?? []).length > 2, false, text);
      const receipt = costed(await receiptOf(router, response));
      assert.equal(receipt.execution.status, 'interrupted');
      assert.equal(receipt.attempts.length, 1, 'no other target may go on with it');
      const [attempt] = receipt.attempts;
      assert.equal(attempt.status, 'interrupted');
      assert.equal(attempt.usage.source, 'estimated');
      assert.ok(attempt.usage.output_tokens >= 8, JSON.stringify(attempt.usage));
      assert.ok(attempt.cost_usd > 0);
      assert.notEqual(attempt.error_type, '');
      await router.stop();
    });
  }
}
