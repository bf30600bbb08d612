// The exact response cache with the official SDKs: what is answered from it, what never is, what it costs and who sees it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import Anthropic from '@anthropic-ai/sdk';
import { run, sha256, startProvider, startRouter } from './support.mjs';

const extra = `  - {id: sealed, privacy: {policy: zdr}, keys: [{id: sealed-key, sha256: ${sha256('kr-sealed')}}]}
  - {id: plain, cache: "off", keys: [{id: plain-key, sha256: ${sha256('kr-plain')}}]}
  - id: poor
    keys: [{id: poor-key, sha256: ${sha256('kr-poor')}}, {id: slow-key, sha256: ${sha256('kr-slow')}, requests_per_minute: 2}, {id: picky-key, sha256: ${sha256('kr-picky')}, models: {deny: ["gpt-4o-mini"]}}]
    budgets: [{id: poor-total, period: total, cap_usd: "0.02"}]
  - {id: keeper, content: full, keys: [{id: keeper-key, sha256: ${sha256('kr-keeper')}}]}
content: {key_env: E2E_CONTENT_KEY}
cache: {mode: exact}
`;

let provider;
let router;
before(async () => {
  provider = await startProvider();
  router = await startRouter(provider, { extra, env: { E2E_CONTENT_KEY: 'ab'.repeat(32) } });
});
after(async () => {
  if (!router) return; // no test of these was asked for
  const ended = await router.stop({ keep: true });
  provider.stop();
  assert.equal(ended.code, 0, router.log);
  assert.match(run('verify', router.dataDir), /./);
});

const openai = (id) => new OpenAI({ apiKey: `kr-${id}`, baseURL: `${router.url}/v1`, maxRetries: 0 });
let counter = 0;
const fresh = () => [{ role: 'user', content: `Name a river, number ${++counter}.` }];
/// One request: its answer, its receipt, and whether the provider was asked.
async function ask(id, body, headers = {}) {
  const before = provider.requests.length;
  const { data, response } = await openai(id).chat.completions.create({ model: 'gpt-4o-mini', temperature: 0, max_tokens: 100, ...body }, { headers }).withResponse();
  const receipt = await router.receipt(response.headers.get('x-kairosroute-receipt'), `kr-${id}`);
  return { data, receipt, response, asked: provider.requests.length > before };
}

test('the same request is answered from the cache, at no cost, with a receipt that says from where', async () => {
  const messages = fresh();
  const first = await ask('acme', { messages });
  assert.equal(first.asked, true);
  assert.deepEqual(first.receipt.cache, { hit: false, kind: '', avoided_cost_usd: null, source_receipt_id: '' });
  const second = await ask('acme', { messages });
  assert.equal(second.asked, false);
  assert.deepEqual(second.data, first.data);
  assert.equal(second.response.headers.get('x-kairosroute-cache'), 'exact');
  assert.equal(second.response.headers.get('x-kairosroute-model'), 'gpt-4o-mini');
  const { receipt } = second;
  assert.deepEqual(receipt.cache, { hit: true, kind: 'exact', avoided_cost_usd: first.receipt.execution.actual_cost_usd, source_receipt_id: first.receipt.receipt_id });
  assert.equal(receipt.execution.actual_cost_usd, 0);
  assert.equal(receipt.execution.status, 'success');
  assert.equal(receipt.execution.finish_reason, 'stop');
  assert.deepEqual(receipt.attempts, []);
  assert.deepEqual(receipt.cost.lines, []);
  assert.match(receipt.decision.reason, /^Answered from the cache/);
  assert.ok(receipt.candidates.length > 0);
  // what the call would have cost at the baseline is all saved
  assert.equal(receipt.savings.baseline_cost_usd, first.receipt.savings.baseline_cost_usd);
  assert.equal(receipt.savings.savings_usd, receipt.savings.baseline_cost_usd);
});

test('order, white space, escapes and the end user do not matter; everything else does', async () => {
  const post = (body) => fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' }, body });
  const content = fresh()[0].content;
  const bodies = [
    `{"model":"gpt-4o-mini","messages":[{"role":"user","content":"${content}"}],"temperature":0}`,
    ` {"temperature":0 , "user":"u-7",\n"messages":[{"content":"${content.replace('N', '\\u004e')}","role":"user"}],"model":"gpt-4o-mini","kairosroute":{"workflow":"w"}}`,
    `{"model":"gpt-4o-mini","messages":[{"role":"user","content":"${content}"}],"temperature":0,"max_tokens":7}`,
  ];
  const hits = [];
  for (const body of bodies) hits.push((await post(body)).headers.get('x-kairosroute-cache'));
  assert.deepEqual(hits, [null, 'exact', null]);
});

test('streams are replayed as streams, in both dialects', async () => {
  const messages = fresh();
  const streamed = async (client) => {
    const chunks = [];
    for await (const chunk of await client.chat.completions.create({ model: 'gpt-4o-mini', temperature: 0, messages, stream: true, stream_options: { include_usage: true } })) chunks.push(chunk);
    return chunks;
  };
  const before = provider.requests.length;
  const first = await streamed(openai('acme'));
  const second = await streamed(openai('acme'));
  assert.equal(provider.requests.length, before + 1);
  assert.deepEqual(second, first);
  assert.equal(second.at(-1).usage.completion_tokens, 7);
  const raw = await (await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' },
    body: JSON.stringify({ model: 'gpt-4o-mini', temperature: 0, messages, stream: true, stream_options: { include_usage: true } }) })).text();
  const told = JSON.parse(raw.match(/^: kairosroute (.*)$/m)[1]);
  assert.equal(told.cost_usd, 0);
  assert.equal((await router.receipt(told.receipt_id)).cache.hit, true);
  assert.ok(raw.trimEnd().endsWith('data: [DONE]'));

  const anthropic = new Anthropic({ apiKey: 'kr-acme', baseURL: router.url, maxRetries: 0 });
  const say = () => anthropic.messages.stream({ model: 'claude-sonnet-4-5', max_tokens: 50, temperature: 0, messages }).finalMessage();
  const asked = provider.requests.length;
  const [a, b] = [await say(), await say()];
  assert.equal(provider.requests.length, asked + 1);
  assert.deepEqual(a.content, b.content);
  assert.equal(b.stop_reason, 'end_turn');
  // a request that is not streamed is another one
  assert.equal((await ask('acme', { messages, max_tokens: undefined })).asked, true);
});

test('never across tenants, and not where the tenant, its privacy or the request says no', async () => {
  const messages = fresh();
  for (const [id, expected] of [['acme', true], ['acme', false], ['rival', true], ['rival', false], ['plain', true], ['plain', true], ['sealed', null]]) {
    if (expected === null) continue;
    assert.equal((await ask(id, { messages })).asked, expected, id);
  }
  assert.equal((await ask('acme', { messages }, { 'X-KairosRoute-Cache': 'off' })).asked, true);
  assert.equal((await ask('acme', { messages }, { 'X-KairosRoute-Zdr': 'false' })).asked, false);
});

test('not: temperatures, tools, several answers, other wishes', async () => {
  const tools = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: {} } } }];
  for (const body of [{ temperature: 0.7 }, { temperature: undefined }, { tools }, { n: 2 }]) {
    const messages = fresh();
    await ask('acme', { messages, ...body });
    const again = await ask('acme', { messages, ...body });
    assert.equal(again.asked, true, JSON.stringify(body));
    assert.equal(again.receipt.cache, undefined);
  }
  const messages = fresh();
  await ask('acme', { messages, model: 'auto' });
  assert.equal((await ask('acme', { messages, model: 'auto' }, { 'X-KairosRoute-Min-Quality': '0.8' })).asked, true);
  assert.equal((await ask('acme', { messages, model: 'auto' }, { 'X-KairosRoute-Quantizations': 'unknown,fp16' })).asked, true);
  assert.equal((await ask('acme', { messages, model: 'auto' })).asked, false);
});

test('erasing content erases the answer that was made with it, also one that is on its way', async () => {
  const erase = (path, key) => fetch(`${router.url}/api/v1/${path}/content`, { method: 'DELETE', headers: { authorization: `Bearer ${key}` } });
  const messages = fresh();
  const first = await ask('keeper', { messages });
  const other = fresh();
  await ask('keeper', { messages: other });
  assert.equal((await ask('keeper', { messages })).asked, false);
  assert.equal((await erase(`receipts/${first.receipt.receipt_id}`, 'kr-keeper')).status, 200);
  assert.equal((await ask('keeper', { messages })).asked, true);
  assert.equal((await ask('keeper', { messages: other })).asked, false);
  assert.equal((await erase('tenants/keeper', 'kr-ops')).status, 200);
  assert.equal((await ask('keeper', { messages: other })).asked, true);

  const late = fresh();
  let answer;
  const waiting = new Promise((resolve) => { answer = resolve; });
  provider.behave = () => waiting;
  const before = provider.requests.length;
  const running = ask('keeper', { messages: late });
  while (provider.requests.length === before) await new Promise((done) => setTimeout(done, 5));
  assert.equal((await erase('tenants/keeper', 'kr-ops')).status, 200);
  provider.behave = () => undefined;
  answer(undefined);
  await running;
  assert.equal((await ask('keeper', { messages: late })).asked, true);
  assert.equal((await ask('keeper', { messages: late })).asked, false);
});

test('not: errors, truncated answers, refusals, broken streams', async () => {
  const finish = (reason, message = {}) => ({ status: 200, body: { id: 'c', object: 'chat.completion', created: 1, model: 'gpt-4o-mini',
    choices: [{ index: 0, message: { role: 'assistant', content: 'x', ...message }, finish_reason: reason }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } } });
  for (const behaviour of [{ status: 400, body: { error: { message: 'no' } } }, finish('length'), finish('content_filter'), finish('tool_calls'), finish('stop', { refusal: 'I will not' })]) {
    const messages = fresh();
    provider.behave = () => behaviour;
    await ask('acme', { messages }).catch(() => undefined);
    provider.behave = () => undefined;
    assert.equal((await ask('acme', { messages })).asked, true, JSON.stringify(behaviour));
  }
  const messages = fresh();
  provider.behave = () => 'break';
  const streamed = async () => { for await (const _ of await openai('acme').chat.completions.create({ model: 'gpt-4o-mini', temperature: 0, messages, stream: true })) { /* to its end */ } };
  await assert.rejects(streamed);
  provider.behave = () => undefined;
  const before = provider.requests.length;
  await streamed();
  assert.equal(provider.requests.length, before + 1);
}, { timeout: 20000 });

test('only: what is not there is an error, and nobody is asked', async () => {
  const messages = fresh();
  const before = provider.requests.length;
  const missing = await ask('acme', { messages }, { 'X-KairosRoute-Cache': 'only' }).catch((error) => error);
  assert.equal(missing.status, 504);
  assert.equal(missing.code, 'cache_miss');
  assert.equal(provider.requests.length, before);
  const hot = await ask('acme', { messages, temperature: 1 }, { 'X-KairosRoute-Cache': 'only' }).catch((error) => error);
  assert.match(hot.message, /temperature/);
  const off = await ask('plain', { messages }, { 'X-KairosRoute-Cache': 'only' }).catch((error) => error);
  assert.match(off.message, /off/);
  await ask('acme', { messages });
  assert.equal((await ask('acme', { messages }, { 'X-KairosRoute-Cache': 'only' })).receipt.cache.hit, true);
});

test('budgets are untouched by hits, and a cap that is used up does not stand in their way', async () => {
  const messages = fresh();
  await ask('poor', { messages });
  const spent = async () => (await (await router.get('/api/v1/budgets', 'kr-ops')).json()).budgets.find((one) => one.id === 'poor-total').state.spent_usd;
  const before = await spent();
  for (let i = 0; i < 3; ++i) assert.equal((await ask('poor', { messages })).asked, false);
  assert.equal(await spent(), before);
  assert.ok(Number(before) > 0);
  const dear = await ask('poor', { messages: fresh(), model: 'o1', max_tokens: undefined, max_completion_tokens: 100_000 }).catch((error) => error);
  assert.equal(dear.status, 402);
});

test('keys and rates hold for hits too', async () => {
  const messages = fresh();
  await ask('poor', { messages, model: 'gpt-4o-mini' });
  assert.equal((await ask('slow', { messages })).asked, false);
  await ask('slow', { messages });
  const limited = await ask('slow', { messages }).catch((error) => error);
  assert.equal(limited.status, 429);
  const denied = await ask('picky', { messages }).catch((error) => error);
  assert.equal(denied.status, 400);
  const stranger = await openai('nobody').chat.completions.create({ model: 'gpt-4o-mini', temperature: 0, max_tokens: 100, messages }).catch((error) => error);
  assert.equal(stranger.status, 401);
});

test('the views count hits, and what they avoided', async () => {
  const answer = await fetch(`${router.url}/api/v1/query`, { method: 'POST', headers: { authorization: 'Bearer kr-ops', 'content-type': 'application/json' },
    body: JSON.stringify({ measures: ['requests', 'cache_hit_rate', 'avoided'], filters: { tenant: ['acme'] }, from: new Date(Date.now() - 3_600_000).toISOString(), to: new Date(Date.now() + 3_600_000).toISOString() }) });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  assert.match(text, /avoided/);
  const metrics = await (await router.get('/metrics', 'kr-ops')).text();
  assert.match(metrics, /kairosroute_cache_lookups_total\{.*result="exact".*\} [1-9]/);
});
