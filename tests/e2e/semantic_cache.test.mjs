// The semantic cache with a provider of embeddings that is made up: prompts that mean the same share an answer, within the
// same context and tenant; the look-up is an attempt with a cost of its own, under the same budgets and policies.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { exported, run, sha256, startProvider, startRouter } from './support.mjs';

const extra = `  - {id: careful, privacy: {policy: deny_training}, keys: [{id: careful-key, sha256: ${sha256('kr-careful')}}]}
  - {id: poor, keys: [{id: poor-key, sha256: ${sha256('kr-poor')}}], budgets: [{id: poor-embeddings, scope: {model: text-embedding-3-small}, period: total, cap_usd: "0"}]}
models:
  - {id: gpt-4o-mini, provider: openai, privacy: {may_train: false}}
cache:
  mode: semantic
  semantic: {provider: openai, model: text-embedding-3-small, threshold: 0.9, max_prompt_bytes: 200}
`;

let provider;
let router;
let embeddings = 0;
let failing = false;

/// Words stand for directions; the rest is a little noise.
function meaning(text) {
  const vector = [0.01, 0.01, 0.01, 0.01];
  if (/capital|main city/i.test(text)) vector[0] += 1;
  if (/france/i.test(text)) vector[1] += 1;
  if (/peru/i.test(text)) vector[2] += 1;
  vector[3] += (text.length % 7) / 100;
  return vector;
}

before(async () => {
  provider = await startProvider();
  provider.behave = (body, url) => {
    if (!url.endsWith('/embeddings')) return undefined;
    embeddings += 1;
    if (failing) return { status: failing, body: { error: { message: 'no' } } };
    return { status: 200, body: { object: 'list', model: body.model, data: [{ object: 'embedding', index: 0, embedding: meaning(body.input) }], usage: { prompt_tokens: 9, total_tokens: 9 } } };
  };
  router = await startRouter(provider, { extra });
});
after(() => provider?.stop());

async function ask(id, content, body = {}, headers = {}) {
  const client = new OpenAI({ apiKey: `kr-${id}`, baseURL: `${router.url}/v1`, maxRetries: 0 });
  const before = provider.requests.length;
  const { data, response } = await client.chat.completions.create({ model: 'gpt-4o-mini', temperature: 0, max_tokens: 100,
    messages: [{ role: 'system', content: 'You know geography.' }, { role: 'user', content }], ...body }, { headers }).withResponse();
  const sent = provider.requests.slice(before).map((one) => one.path);
  return { data, sent, response, receipt: await router.receipt(response.headers.get('x-kairosroute-receipt'), `kr-${id}`) };
}

test('a prompt that means the same is answered from the cache; the look-up is an attempt with its own cost', async () => {
  const first = await ask('acme', 'What is the capital of France?');
  assert.deepEqual(first.sent, ['/v1/embeddings', '/v1/chat/completions']);
  assert.deepEqual(first.receipt.attempts.map((one) => [one.reason, one.model_id, one.status]), [['lookup', 'text-embedding-3-small', 'success'], ['first', 'gpt-4o-mini', 'success']]);
  assert.equal(first.receipt.cache.hit, false);
  assert.equal(first.receipt.execution.model_id, 'gpt-4o-mini');

  const second = await ask('acme', 'Tell me the main city of France, please.');
  assert.deepEqual(second.sent, ['/v1/embeddings']);
  assert.deepEqual(second.data, first.data);
  assert.equal(second.response.headers.get('x-kairosroute-cache'), 'semantic');
  const { receipt } = second;
  assert.equal(receipt.cache.kind, 'semantic');
  assert.equal(receipt.cache.source_receipt_id, first.receipt.receipt_id);
  assert.equal(receipt.cache.avoided_cost_usd, first.receipt.attempts[1].cost_usd);
  assert.equal(receipt.attempts.length, 1);
  assert.ok(receipt.execution.actual_cost_usd > 0);
  assert.equal(receipt.execution.actual_cost_usd, receipt.attempts[0].cost_usd);
  assert.equal(receipt.usage.input_tokens, 9);
  assert.equal(receipt.execution.model_id, 'gpt-4o-mini');
  assert.ok(receipt.savings.savings_usd > 0 && receipt.savings.savings_usd < receipt.savings.baseline_cost_usd);

  // the very same request needs no embedding
  const third = await ask('acme', 'What is the capital of France?');
  assert.deepEqual(third.sent, []);
  assert.equal(third.receipt.cache.kind, 'exact');
});

test('not: another meaning, another context, another tenant, a long prompt', async () => {
  assert.equal((await ask('acme', 'What is the capital of Peru?')).receipt.cache.hit, false);
  const other = await ask('acme', '', { messages: [{ role: 'system', content: 'You are a pirate.' }, { role: 'user', content: 'Name the capital of France.' }] });
  assert.equal(other.receipt.cache.hit, false);
  assert.equal((await ask('acme', 'The capital of France?', { max_tokens: 50 })).receipt.cache.hit, false);
  assert.equal((await ask('rival', 'Which is the capital of France?')).receipt.cache.hit, false);
  const long = await ask('acme', `The capital of France? ${'x'.repeat(300)}`);
  assert.deepEqual(long.sent, ['/v1/chat/completions']);
  assert.equal((await ask('acme', 'Say the capital of France!')).receipt.cache.kind, 'semantic');
});

test('the prompt goes to the embedding model only if the tenant lets it', async () => {
  const { sent, receipt } = await ask('careful', 'What is the capital of France?'); // training is denied for the chat's model only
  assert.deepEqual(sent, ['/v1/chat/completions']);
  assert.equal(receipt.cache.hit, false);
});

test('no budget for the look-up: the request goes on without', async () => {
  const { sent, receipt } = await ask('poor', 'What is the capital of France?');
  assert.deepEqual(sent, ['/v1/chat/completions']);
  assert.equal(receipt.execution.status, 'success');
});

test('a look-up that fails is an attempt that failed, and the request goes on', async () => {
  failing = 500;
  const { sent, receipt } = await ask('acme', 'What is the biggest river of Peru?');
  failing = false;
  assert.deepEqual(sent, ['/v1/embeddings', '/v1/chat/completions']);
  assert.deepEqual(receipt.attempts.map((one) => [one.reason, one.status]), [['lookup', 'error'], ['first', 'success']]);
  assert.equal(receipt.execution.status, 'success');
});

test('what the embedding model will not take says nothing about the model: it is asked again the next time', async () => {
  failing = 400;
  for (let i = 0; i < 12; ++i) {
    const { sent } = await ask('acme', `Nothing that can be embedded, ${i}`);
    assert.deepEqual(sent, ['/v1/embeddings', '/v1/chat/completions'], `after ${i}`);
  }
  failing = false;
});

test('streams share answers with streams', async () => {
  const client = new OpenAI({ apiKey: 'kr-acme', baseURL: `${router.url}/v1`, maxRetries: 0 });
  const text = async (content) => {
    let out = '';
    for await (const chunk of await client.chat.completions.create({ model: 'gpt-4o-mini', temperature: 0, stream: true, messages: [{ role: 'user', content }] })) out += chunk.choices[0]?.delta?.content ?? '';
    return out;
  };
  const first = await text('Please name the capital of Peru');
  const before = provider.requests.filter((one) => one.path.endsWith('/chat/completions')).length;
  assert.equal(await text('The main city of Peru?'), first);
  assert.equal(provider.requests.filter((one) => one.path.endsWith('/chat/completions')).length, before);
});

test('only: the look-up is made, and nothing else', async () => {
  const before = embeddings;
  const missing = await ask('acme', 'How do I bake bread?', {}, { 'X-KairosRoute-Cache': 'only' }).catch((error) => error);
  assert.equal(missing.status, 504);
  assert.equal(embeddings, before + 1);
  const receipt = await router.receipt(missing.headers.get('x-kairosroute-receipt'));
  assert.equal(receipt.attempts.length, 1);
  assert.ok(receipt.execution.actual_cost_usd > 0);
});

test('journal, ledger, budgets and views agree', async () => {
  await router.stop({ keep: true });
  run('verify', router.dataDir);
  const all = exported(router.dataDir);
  assert.ok(all.filter((one) => one.cache?.kind === 'semantic').length >= 3);
});
