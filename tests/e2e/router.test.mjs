import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import Anthropic from '@anthropic-ai/sdk';
import { exported, startProvider, startRouter } from './support.mjs';

let provider;
let router;
let openai;
const hello = [{ role: 'user', content: 'Write a haiku about the sea.' }];

before(async () => {
  provider = await startProvider();
  router = await startRouter(provider);
  openai = new OpenAI({ apiKey: 'kr-acme', baseURL: `${router.url}/v1`, maxRetries: 0 });
});
after(async () => {
  if (!router) return; // no test of these was asked for
  const ended = await router.stop();
  provider.stop();
  assert.equal(ended.code, 0, router.log);
});

const lastRequest = () => provider.requests.at(-1);

test('a chat leaves a receipt that says what happened and what it cost', async () => {
  const { data, response } = await openai.chat.completions.create({ model: 'auto', messages: hello, user: 'user-7' },
    { headers: { 'X-KairosRoute-Workflow': 'poems', 'X-KairosRoute-Tags': 'team=sea' } }).withResponse();
  assert.equal(data.choices[0].message.content, 'Hello there');
  const receipt = await router.receipt(response.headers.get('x-kairosroute-receipt'));
  assert.equal(receipt.tenant, 'acme');
  assert.equal(receipt.workflow, 'poems');
  assert.deepEqual(receipt.tags, { team: 'sea' });
  assert.equal(receipt.end_user, 'user-7');
  assert.equal(receipt.execution.status, 'success');
  assert.equal(receipt.execution.finish_reason, 'stop');
  assert.deepEqual({ ...receipt.usage }, { input_tokens: 12, cache_read_tokens: 8, cache_write_tokens: 0, output_tokens: 5, reasoning_tokens: 2, source: 'provider' });
  assert.equal(response.headers.get('x-kairosroute-cost'), String(receipt.execution.actual_cost_usd));
  assert.ok(receipt.candidates.length > 1);
  assert.ok(receipt.decision.reason.length > 10);
  assert.equal(receipt.savings.baseline_model_id, 'gpt-4o');
  assert.equal(lastRequest().headers.authorization, 'Bearer sk-provider');
});

test('what the client sent reaches the provider unchanged but for what the decision requires', async () => {
  const body = '{ "model":"gpt-4o-mini", "x_unknown": {"a":[1, 2.50]},\n "messages":[{"role":"user","content":"h\\u00e9"}], "max_tokens": 50, "kairosroute":{"workflow":"w"} }';
  const response = await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' }, body });
  assert.equal(response.status, 200);
  assert.ok(lastRequest().raw.includes('"x_unknown": {"a":[1, 2.50]},\n "messages":[{"role":"user","content":"h\\u00e9"}]'), lastRequest().raw);
  assert.ok(!lastRequest().raw.includes('kairosroute'));
  const receipt = await router.receipt(response.headers.get('x-kairosroute-receipt'));
  assert.equal(receipt.request.pinned, true);
  assert.equal(receipt.decision.model_id, 'gpt-4o-mini');
});

test('a stream arrives whole, its usage is known and hidden from a client that did not ask', async () => {
  const stream = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: hello, stream: true });
  let text = '';
  let chunks = 0;
  for await (const chunk of stream) {
    chunks += 1;
    assert.equal(chunk.usage ?? null, null);
    text += chunk.choices[0]?.delta?.content ?? '';
  }
  assert.equal(text, 'Hello there');
  assert.equal(chunks, 4);
  assert.equal(lastRequest().body.stream_options.include_usage, true);
  const raw = await (await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: hello, stream: true, stream_options: { include_usage: true } }) })).text();
  const told = JSON.parse(raw.match(/^: kairosroute (.*)$/m)[1]);
  assert.ok(raw.trimEnd().endsWith('data: [DONE]'));
  const receipt = await router.receipt(told.receipt_id);
  assert.equal(receipt.execution.actual_cost_usd, told.cost_usd);
  assert.equal(receipt.usage.source, 'provider');
});

test('tools and JSON mode pass through', async () => {
  const tools = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } }];
  const called = await openai.chat.completions.create({ model: 'auto', messages: hello, tools });
  assert.equal(called.choices[0].message.tool_calls[0].function.name, 'weather');
  const json = await openai.chat.completions.create({ model: 'auto', messages: hello, response_format: { type: 'json_object' } });
  assert.deepEqual(JSON.parse(json.choices[0].message.content), { ok: true });
});

test('Anthropic messages, streamed and not, with cache reads beside the input', async () => {
  const anthropic = new Anthropic({ apiKey: 'kr-acme', baseURL: router.url, maxRetries: 0 });
  const { data, response } = await anthropic.messages.create({ model: 'claude-haiku-4-5', max_tokens: 100, messages: hello }).withResponse();
  assert.equal(data.content[0].text, 'Hello there');
  const receipt = await router.receipt(response.headers.get('x-kairosroute-receipt'));
  assert.equal(receipt.usage.input_tokens, 12);
  assert.equal(receipt.usage.cache_read_tokens, 8);
  const message = await anthropic.messages.stream({ model: 'claude-haiku-4-5', max_tokens: 100, messages: hello }).finalMessage();
  assert.equal(message.content[0].text, 'Hello there');
  assert.equal(message.usage.output_tokens, 5);
});

test('a provider that fails is followed by the next of the chain, and every attempt is on the receipt', async () => {
  let calls = 0;
  provider.behave = () => (++calls === 1 ? { status: 429, body: { error: { message: 'slow down', type: 'rate_limit_error' } } } : undefined);
  const { response } = await openai.chat.completions.create({ model: 'auto', messages: hello }).withResponse();
  provider.behave = () => undefined;
  const receipt = await router.receipt(response.headers.get('x-kairosroute-receipt'));
  assert.deepEqual(receipt.attempts.map((attempt) => [attempt.status, attempt.http_status, attempt.reason]), [['error', 429, 'first'], ['success', 200, 'fallback']]);
  assert.equal(receipt.attempts[0].cost_usd, 0);
});

test('a stream that breaks is told to the client and the receipt is interrupted, with the cost of what came', async () => {
  provider.behave = () => 'break';
  const raw = await (await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: hello, stream: true }) })).text();
  provider.behave = () => undefined;
  assert.match(raw, /"error":\{"message":"the provider's stream broke off/);
  assert.ok(!raw.includes('[DONE]'));
  const page = await (await router.get('/api/v1/receipts?status=interrupted&limit=1')).json();
  const receipt = await router.receipt(page.receipts[0]?.receipt_id ?? (await latest('interrupted')));
  assert.equal(receipt.usage.source, 'estimated');
  assert.ok(receipt.execution.actual_cost_usd > 0);
});

async function latest(status) {
  for (let tries = 0; tries < 100; ++tries) {
    const page = await (await router.get(`/api/v1/receipts?status=${status}&limit=1`)).json();
    if (page.receipts.length > 0) return page.receipts[0].receipt_id;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`no receipt with status ${status}`);
}

test('a client that leaves in mid-stream leaves a cancelled receipt', async () => {
  provider.behave = () => 'hang';
  const leaving = new AbortController();
  const response = await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' }, signal: leaving.signal,
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: hello, stream: true }) });
  await response.body.getReader().read();
  leaving.abort();
  provider.behave = () => undefined;
  const receipt = await router.receipt(await latest('cancelled'));
  assert.equal(receipt.execution.ended_by, 'client');
});

test('bad input gets the right status, names the field and leaves a receipt', async () => {
  const post = (body) => fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' }, body });
  const cases = [
    ['{"model":"auto"', 400, null], ['{"model":"auto","messages":7}', 400, 'messages'], [JSON.stringify({ model: 'auto', messages: hello, max_tokens: -1 }), 400, 'max_tokens'],
    ['{"model":"auto","mod\\u0065l":"gpt-4o","messages":[]}', 400, 'model'], [JSON.stringify({ model: 'no-such-model', messages: hello }), 404, 'model'],
    ['[]', 400, null], [JSON.stringify({ model: 'auto', messages: hello, max_tokens: 1e30 }), 400, 'max_tokens'], [Buffer.from('{"model":"auto","messages":[{"role":"user","content":"\xff"}]}', 'latin1'), 400, null],
  ];
  for (const [body, status, param] of cases) {
    const response = await post(body);
    const { error } = await response.json();
    assert.equal(response.status, status, String(body));
    if (param) assert.equal(error.param, param, error.message);
    const receipt = await router.receipt(response.headers.get('x-kairosroute-receipt'));
    assert.equal(receipt.execution.status, 'refused');
    assert.equal(receipt.execution.actual_cost_usd, 0);
  }
  assert.equal((await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', body: '{}' })).status, 401);
  assert.equal((await router.get('/v1/nothing')).status, 404);
});

test('a tenant sees only its own receipts, and no sequence', async () => {
  const id = await latest('success');
  assert.equal((await router.get(`/api/v1/receipts/${id}`, 'kr-rival')).status, 404);
  assert.deepEqual((await (await router.get('/api/v1/receipts', 'kr-rival')).json()).receipts, []);
  assert.equal((await router.receipt(id)).sequence, undefined);
  assert.ok((await router.receipt(id, 'kr-ops')).sequence > 0);
});

test('the query sums what the receipts say', async () => {
  const response = await fetch(`${router.url}/api/v1/query`, { method: 'POST', headers: { authorization: 'Bearer kr-ops' },
    body: JSON.stringify({ measures: ['requests', 'cost'], dimensions: ['status'], from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z', totals: true }) });
  const table = await response.json();
  assert.equal(response.status, 200, JSON.stringify(table));
  assert.ok(table.rows.length >= 3);
});

test('models, route, health', async () => {
  assert.ok((await openai.models.list()).data.some((model) => model.id === 'auto'));
  const before = provider.requests.length;
  const decided = await fetch(`${router.url}/v1/route`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' }, body: JSON.stringify({ model: 'auto', messages: hello }) });
  assert.ok((await decided.json()).decision.model_id);
  assert.equal(provider.requests.length, before);
  assert.equal((await fetch(`${router.url}/healthz`)).status, 200);
  assert.equal((await fetch(`${router.url}/readyz`)).status, 200);
});

test('a cap of k worst cases admits exactly k of 200 concurrent requests', async () => {
  for (const stream of [false, true]) {
    let release;
    const gate = new Promise((open) => { release = open; });
    const held = await startProvider();
    held.behave = () => gate;
    const open = await startRouter(held, { extra: `budgets:\n  - {id: cap, scope: {tenant: acme}, period: total, cap_usd: "0.01", on_exceed: refuse}\n` });
    const text = JSON.stringify({ model: 'gpt-4o-mini', messages: hello, max_tokens: 100, stream });
    const post = () => fetch(`${open.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' }, body: text });
    const answers = Array.from({ length: 200 }, () => post());
    let refused = 0;
    answers.forEach((answer) => answer.then((response) => { refused += response.status === 402 ? 1 : 0; }));
    while (refused + held.requests.length < 200) await new Promise((done) => setTimeout(done, 10));
    release();
    await Promise.all(answers.map(async (answer) => (await answer).text()));
    open.child.kill('SIGTERM');
    await open.ended;
    const receipts = exported(open.dataDir);
    const counted = (some) => some.reduce((sum, receipt) => sum + (receipt.count ?? 1), 0); // equal refusals share receipts
    assert.equal(counted(receipts), 200);
    const admitted = receipts.filter((receipt) => receipt.execution.status === 'success');
    const worst = admitted[0].budget.reserved_usd;
    assert.equal(admitted.length, Math.min(200, Math.floor(0.01 / worst)), `worst case ${worst}`);
    assert.equal(counted(receipts.filter((receipt) => receipt.execution.error_code === 'budget_exceeded')), 200 - admitted.length);
    held.stop();
  }
});
