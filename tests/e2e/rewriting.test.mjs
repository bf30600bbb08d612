// Prompt rewriting with the official SDKs: what reaches the provider, what the receipt says, and that caps cover what rules add.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import Anthropic from '@anthropic-ai/sdk';
import { exported, run, sha256, startProvider, startRouter } from './support.mjs';

const longRule = 'Follow the house style. '.repeat(2000); // some 48 kB
const extra = `  - {id: small, keys: [{id: small-key, sha256: ${sha256('kr-small')}}], budgets: [{id: small-total, period: total, cap_usd: "0.004"}]}
  - {id: long, keys: [{id: long-key, sha256: ${sha256('kr-long')}}], budgets: [{id: long-total, period: total, cap_usd: "0.004"}]}
  - {id: keeper, content: full, keys: [{id: keeper-key, sha256: ${sha256('kr-keeper')}}]}
  - {id: discreet, content: redacted, keys: [{id: discreet-key, sha256: ${sha256('kr-discreet')}}]}
content: {key_env: E2E_CONTENT_KEY}
routing:
  rewrite:
    - {id: kept, tenants: [keeper, discreet], system_end: "Be kind.", replace: [{find: "colour", with: "color"}]}
    - {id: house, tenants: [acme], system_end: "Be brief."}
    - {id: gpt-idiom, tenants: [acme], models: ["gpt-*"], user_end: "/gpt"}
    - {id: claude-idiom, tenants: [acme], models: ["claude-*"], user_start: "For Claude:"}
    - {id: tidy, tenants: [acme], collapse_whitespace: true, remove: ["Kindly, "]}
    - {id: verbose, tenants: [long], system_start: "${longRule}"}
`;

let provider;
let router;
before(async () => {
  provider = await startProvider();
  router = await startRouter(provider, { extra, env: { E2E_CONTENT_KEY: 'ab'.repeat(32) } });
});
after(() => provider?.stop());

const openai = (id) => new OpenAI({ apiKey: `kr-${id}`, baseURL: `${router.url}/v1`, maxRetries: 0 });
const chat = async (id, body) => {
  const { data, response } = await openai(id).chat.completions.create({ model: 'gpt-4o-mini', max_tokens: 50, ...body }).withResponse();
  return { data, receipt: await router.receipt(response.headers.get('x-kairosroute-receipt'), `kr-${id}`) };
};
const sha = (text) => createHash('sha256').update(text).digest('hex');

test('rules change the prompt; the receipt names them, both hashes and the difference in tokens', async () => {
  const { receipt } = await chat('acme', { messages: [{ role: 'system', content: 'You help.' }, { role: 'user', content: 'Kindly, say   hello.' }] });
  const sent = provider.requests.at(-1).body.messages;
  assert.deepEqual(sent, [{ role: 'system', content: 'You help.\n\nBe brief.' }, { role: 'user', content: 'say hello.\n\n/gpt' }]);
  assert.equal(receipt.decision.prompt_rewritten, true);
  assert.equal(receipt.decision.rewrite.rule, 'house,gpt-idiom,tidy');
  assert.match(receipt.decision.rewrite.before_sha256, /^[0-9a-f]{64}$/);
  assert.notEqual(receipt.decision.rewrite.before_sha256, receipt.decision.rewrite.after_sha256);
  assert.equal(typeof receipt.decision.rewrite.tokens_diff, 'number');
  assert.deepEqual(receipt.attempts[0].rewrite, receipt.decision.rewrite);
});

test('where content is kept, what was sent is kept beside what was asked, and what differs is told text by text', async () => {
  const { receipt } = await chat('keeper', { messages: [{ role: 'user', content: 'Which colour is the sky?' }] });
  const content = await (await router.get(`/api/v1/receipts/${receipt.receipt_id}/content`, 'kr-keeper')).json();
  assert.deepEqual(JSON.parse(content.request.body).messages, [{ role: 'user', content: 'Which colour is the sky?' }]);
  assert.deepEqual(JSON.parse(content.rewritten.body).messages, [{ role: 'system', content: 'Be kind.' }, { role: 'user', content: 'Which color is the sky?' }]);
  assert.equal(sha(content.rewritten.body), receipt.attempts.at(-1).rewrite.after_sha256);
  assert.deepEqual(content.rewritten.changes, [
    { path: '/messages/0', pieces: [{ op: 'insert', text: '{"role":"system","content":"Be kind."}' }] },
    { path: '/messages/1/content', pieces: [{ op: 'equal', text: 'Which ' }, { op: 'delete', text: 'colour ' }, { op: 'insert', text: 'color ' }, { op: 'equal', text: 'is the sky?' }] }]);

  const other = await chat('discreet', { messages: [{ role: 'user', content: 'Write to ann@example.com about the colour.' }] });
  assert.ok(provider.requests.at(-1).raw.includes('ann@example.com')); // this tenant redacts what is kept, not what is sent
  const redacted = await (await router.get(`/api/v1/receipts/${other.receipt.receipt_id}/content`, 'kr-discreet')).text();
  assert.ok(!redacted.includes('ann@'), redacted);
  assert.ok(JSON.parse(redacted).rewritten.changes.length > 0);
});

test('embeddings are sent as they came: nothing is rewritten', async () => {
  const answer = await openai('keeper').embeddings.create({ model: 'text-embedding-3-small', input: 'colour' }).withResponse().catch((error) => error);
  const id = answer.response?.headers.get('x-kairosroute-receipt') ?? answer.headers?.get('x-kairosroute-receipt');
  await router.receipt(id, 'kr-keeper');
  const content = await (await router.get(`/api/v1/receipts/${id}/content`, 'kr-keeper')).json();
  assert.equal(content.kept, true);
  assert.equal(content.rewritten, null);
});

test('before_sha256 is that of the bytes that the client sent, and other bytes stay as they were', async () => {
  const body = '{ "model":"gpt-4o-mini", "x_unknown": {"a":[1, 2.50]},\n "messages":[{"role":"user","content":"h\\u00e9"}], "max_tokens": 50 }';
  const response = await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' }, body });
  const receipt = await router.receipt(response.headers.get('x-kairosroute-receipt'));
  assert.equal(receipt.decision.rewrite.before_sha256, sha(body));
  assert.ok(provider.requests.at(-1).raw.includes('"x_unknown": {"a":[1, 2.50]},\n "messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"h\\u00e9\\n\\n/gpt"}]'), provider.requests.at(-1).raw);
  assert.ok(receipt.decision.rewrite.tokens_diff > 0);
});

test('in streams and in Anthropic\'s dialect', async () => {
  const stream = await openai('acme').chat.completions.create({ model: 'gpt-4o-mini', stream: true, messages: [{ role: 'user', content: 'Hi' }] });
  for await (const chunk of stream) assert.ok(chunk.id);
  assert.equal(provider.requests.at(-1).body.messages.at(-1).content, 'Hi\n\n/gpt');
  const anthropic = new Anthropic({ apiKey: 'kr-acme', baseURL: router.url, maxRetries: 0 });
  await anthropic.messages.create({ model: 'claude-sonnet-4-5', max_tokens: 50, messages: [{ role: 'user', content: 'Hi' }] });
  assert.equal(provider.requests.at(-1).body.system, 'Be brief.');
  assert.equal(provider.requests.at(-1).body.messages[0].content, 'For Claude:\n\nHi');
});

test('a fallback gets the rules for its own model, from what the client sent', async () => {
  const first = [];
  provider.behave = (body) => {
    first.push(body.model);
    return first.length === 1 ? { status: 500, body: { error: { message: 'down' } } } : undefined;
  };
  const { receipt } = await chat('acme', { model: 'auto', messages: [{ role: 'user', content: 'Say hello.' }] });
  provider.behave = () => undefined;
  assert.equal(receipt.attempts.length, 2);
  for (const [i, attempt] of receipt.attempts.entries()) {
    const sent = provider.requests.at(i - 2).body.messages;
    const gpt = attempt.model_id.startsWith('gpt-');
    assert.equal(sent.length, 2);
    assert.equal(sent[0].content, 'Be brief.');
    assert.equal(sent[1].content, gpt ? 'Say hello.\n\n/gpt' : 'Say hello.');
    assert.equal(attempt.rewrite.rule, gpt ? 'house,gpt-idiom' : 'house');
  }
});

test('off without a rule that matches: nothing of it is on the receipt', async () => {
  const { receipt } = await chat('rival', { messages: [{ role: 'user', content: 'Kindly, say   hello.' }] });
  assert.equal(provider.requests.at(-1).body.messages[0].content, 'Kindly, say   hello.');
  assert.equal(receipt.decision.prompt_rewritten, false);
  assert.equal(receipt.decision.rewrite, undefined);
  assert.equal(receipt.attempts[0].rewrite, undefined);
});

test('what a rule adds is held too: a cap that has no room for it refuses', async () => {
  const messages = [{ role: 'user', content: 'Say hello.' }];
  assert.equal((await chat('small', { messages })).receipt.execution.status, 'success'); // the same without the rule
  const refused = await chat('long', { messages }).catch((error) => error);
  assert.equal(refused.status, 402);
  const after = await (await router.get('/api/v1/budgets', 'kr-ops')).json();
  assert.equal(Number(after.budgets.find((one) => one.id === 'long-total').state.spent_usd), 0);
});

test('POST /v1/route says that a prompt would be rewritten', async () => {
  const answer = await fetch(`${router.url}/v1/route`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' }, body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] }) });
  assert.equal((await answer.json()).decision.rewrite.rule, 'house,gpt-idiom');
});

test('the journal verifies', async () => {
  await router.stop({ keep: true });
  assert.ok(exported(router.dataDir).length > 5);
  run('verify', router.dataDir);
});
