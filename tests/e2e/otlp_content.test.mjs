// Prompts and answers on spans: only at a destination that captures content, only of tenants that keep it, only what they keep.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { startReceiver } from './otlp_receiver.mjs';
import { sha256, startProvider, startRouter } from './support.mjs';

const key = 'ab'.repeat(32);
const tenants = `  - {id: keeper, content: full, cache: exact, keys: [{id: keeper-key, sha256: ${sha256('kr-keeper')}}]}
  - {id: shy, content: redacted, keys: [{id: shy-key, sha256: ${sha256('kr-shy')}}]}
  - {id: careful, content: full, privacy_filter: {detect: [all], action: redact}, keys: [{id: careful-key, sha256: ${sha256('kr-careful')}}]}
content: {key_env: E2E_CONTENT_KEY}
`;
const kinds = ['gen_ai.input.messages', 'gen_ai.output.messages', 'gen_ai.system_instructions', 'kairosroute.content.truncated'];
const captured = (span) => Object.fromEntries(kinds.filter((kind) => kind in span.attributes).map((kind) => [kind, span.attributes[kind]]));
const messagesOf = (span, side) => JSON.parse(span.attributes[`gen_ai.${side}.messages`]);
const id = (response) => response.headers.get('x-kairosroute-receipt');

let provider;
let open;
let closed;
let router;
const env = { E2E_CONTENT_KEY: key };
const otlp = (...destinations) => `otlp: {batch: {spans: 512, delay: 50ms}, destinations: [${destinations.join(', ')}]}\n`;
before(async () => {
  provider = await startProvider();
  open = await startReceiver();
  closed = await startReceiver();
  router = await startRouter(provider, { log: 'debug', env,
    extra: tenants + otlp(`{id: open, endpoint: "${open.url}", capture_content: true}`, `{id: closed, endpoint: "${closed.url}"}`) });
});
after(async () => {
  if (!router) return; // no test of these was asked for
  const end = await router.stop();
  for (const one of [provider, open, closed]) one.stop();
  assert.equal(end.code, 0, router.log);
});

const client = (tenant, at = router) => new OpenAI({ apiKey: `kr-${tenant}`, baseURL: `${at.url}/v1`, maxRetries: 0 });
const chat = async (tenant, content, more = {}) => id((await client(tenant).chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content }], ...more }).withResponse()).response);
const answers = (text) => { provider.behave = () => ({ status: 200, body: { id: 'c', object: 'chat.completion', created: 1, model: 'gpt-4o-mini',
  choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } } }); };

test('what a tenant keeps stands on the span of the attempt that answered, as the conventions write it', async () => {
  answers('PLANTED-answer');
  const receipt = await chat('keeper', 'PLANTED-prompt', { messages: [{ role: 'system', content: 'PLANTED-system' }, { role: 'user', content: 'PLANTED-prompt' }] });
  provider.behave = () => undefined;
  const [own, attempt] = await open.of(receipt, 2);
  assert.deepEqual(captured(own), {});
  assert.deepEqual(messagesOf(attempt, 'input'), [{ role: 'system', parts: [{ type: 'text', content: 'PLANTED-system' }] }, { role: 'user', parts: [{ type: 'text', content: 'PLANTED-prompt' }] }]);
  assert.deepEqual(messagesOf(attempt, 'output'), [{ role: 'assistant', parts: [{ type: 'text', content: 'PLANTED-answer' }], finish_reason: 'stop' }]);
  assert.ok(Object.keys(attempt.attributes).length <= 32);
});

test('streams, and a system prompt that stands apart', async () => {
  const { data, response } = await client('keeper').chat.completions.create({ model: 'gpt-4o-mini', stream: true, messages: [{ role: 'user', content: 'PLANTED-stream' }] }).withResponse();
  for await (const chunk of data) assert.ok(chunk);
  const [, streamed] = await open.of(id(response), 2);
  assert.deepEqual(messagesOf(streamed, 'output')[0].parts, [{ type: 'text', content: 'Hello there' }]);
  const anthropic = new Anthropic({ authToken: 'kr-keeper', apiKey: null, baseURL: router.url, maxRetries: 0 });
  const receipt = id((await anthropic.messages.create({ model: 'claude-sonnet-4-6', max_tokens: 50, system: 'PLANTED-apart', messages: [{ role: 'user', content: 'PLANTED-hello' }] }).withResponse()).response);
  const [, attempt] = await open.of(receipt, 2);
  assert.deepEqual(JSON.parse(attempt.attributes['gen_ai.system_instructions']), [{ type: 'text', content: 'PLANTED-apart' }]);
  assert.deepEqual(messagesOf(attempt, 'input'), [{ role: 'user', parts: [{ type: 'text', content: 'PLANTED-hello' }] }]);
});

test('a fallback: only the attempt that answered; an answer of the cache: the receipt\'s span', async () => {
  let failed = 0;
  provider.behave = () => (failed++ === 0 ? { status: 503, body: { error: { message: 'PLANTED-error' } } } : undefined);
  const fallen = await open.of(await chat('keeper', 'PLANTED-fallback', { model: 'auto' }), 3);
  provider.behave = () => undefined;
  assert.deepEqual(fallen.map((span) => Object.keys(captured(span)).length > 0), [false, ...fallen.slice(2).map(() => false), true]);
  await open.of(await chat('keeper', 'PLANTED-again', { temperature: 0 }), 2);
  const [hit, ...none] = await open.of(await chat('keeper', 'PLANTED-again', { temperature: 0 }));
  assert.equal(none.length, 0);
  assert.equal(hit.attributes['kairosroute.cache.hit'], true);
  assert.equal(messagesOf(hit, 'input')[0].parts[0].content, 'PLANTED-again');
  assert.equal(messagesOf(hit, 'output')[0].parts[0].content, 'Hello there');
});

test('nothing of a tenant that keeps nothing; what is redacted stays so; what was found in a prompt is taken out', async () => {
  const private_ = 'PLANTED write to jane.doe@example.com about card 4111 1111 1111 1111';
  const spans = await open.of(await chat('acme', private_), 2);
  assert.deepEqual(spans.map(captured), [{}, {}]);
  for (const tenant of ['shy', 'careful']) {
    const [, attempt] = await open.of(await chat(tenant, private_), 2);
    assert.match(messagesOf(attempt, 'input')[0].parts[0].content, /^PLANTED write to \[EMAIL_1\] about card \[CARD_1\]$/, tenant);
    assert.equal(messagesOf(attempt, 'output')[0].parts[0].content, 'Hello there');
    const { data, response } = await client(tenant).chat.completions.create({ model: 'gpt-4o-mini', stream: true, messages: [{ role: 'user', content: private_ }] }).withResponse();
    for await (const chunk of data) assert.ok(chunk);
    const [, streamed] = await open.of(id(response), 2);
    assert.equal(messagesOf(streamed, 'output')[0].parts[0].content, 'Hello there');
  }
  assert.ok(!/jane|4111/.test(JSON.stringify(open.spans)));
});

test('of a request under zero retention there is nothing', async () => {
  const zdr = `providers:\n  - {id: openai, base_url: "http://127.0.0.1:${provider.port}/v1", api_key_env: E2E_PROVIDER_KEY, privacy: {may_train: false, zero_retention: true}}\n`;
  const at = await startRouter(provider, { env, providers: zdr, extra: tenants + otlp(`{id: open, endpoint: "${open.url}", metrics: false, capture_content: true}`) });
  const { response } = await client('keeper', at).chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'PLANTED-zdr' }] }, { headers: { 'X-KairosRoute-Zdr': 'true' } }).withResponse();
  assert.deepEqual((await open.of(id(response), 2)).map(captured), [{}, {}]);
  assert.equal((await at.stop()).code, 0, at.log);
});

test('texts stay within 2,000 bytes, are valid JSON, and say that they were cut', async () => {
  const long = Array.from({ length: 60 }, (_, i) => ({ role: i % 2 ? 'assistant' : 'user', content: `turn ${i} "quoted" \n ${'ü'.repeat(i * 10)}` }));
  const [, attempt] = await open.of(await chat('keeper', '', { messages: [...long, { role: 'user', content: 'the newest' }] }), 2);
  assert.ok(Buffer.byteLength(attempt.attributes['gen_ai.input.messages']) <= 2000);
  assert.ok(Buffer.byteLength(attempt.attributes['gen_ai.input.messages']) > 1900);
  assert.equal(attempt.attributes['kairosroute.content.truncated'], true);
  const kept = messagesOf(attempt, 'input');
  assert.equal(kept.at(-1).parts[0].content, 'the newest');
  assert.match(kept.at(-2).parts[0].content, /^turn 59 /);
});

test('content that is erased while the destination is down never reaches it', async () => {
  let down = true;
  const late = await startReceiver({ answer: (request, response) => { if (down) response.writeHead(503).end(); return down; } });
  const at = await startRouter(provider, { env, extra: tenants + otlp(`{id: late, endpoint: "${late.url}", metrics: false, capture_content: true}`) });
  const ask = async (content) => id((await client('keeper', at).chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content }] }).withResponse()).response);
  const [goes, stays] = [await ask('PLANTED-goes'), await ask('PLANTED-stays')];
  await late.until('a refused request', () => late.requests.length >= 1);
  await at.receipt(goes, 'kr-keeper');
  const erased = await fetch(`${at.url}/api/v1/receipts/${goes}/content`, { method: 'DELETE', headers: { authorization: 'Bearer kr-keeper' } });
  assert.deepEqual(await erased.json(), { receipt_id: goes, erased: 1 });
  down = false;
  const [, attempt] = await late.of(goes, 2);
  assert.deepEqual(captured(attempt), {});
  assert.equal(messagesOf((await late.of(stays, 2))[1], 'input')[0].parts[0].content, 'PLANTED-stays');
  assert.equal((await at.stop()).code, 0, at.log);
  late.stop();
});

test('the standard variable opts in for the destination that variables name', async () => {
  for (const [word, expected] of [['true', true], ['false', false]]) {
    const at = await startRouter(provider, { extra: tenants, env: { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: open.url, OTEL_METRICS_EXPORTER: 'none', OTEL_BSP_SCHEDULE_DELAY: '50', OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: word } });
    const { response } = await client('keeper', at).chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'PLANTED-variable' }] }).withResponse();
    const [, attempt] = await open.of(id(response), 2);
    assert.equal('gen_ai.input.messages' in attempt.attributes, expected, word);
    assert.equal((await at.stop()).code, 0, at.log);
  }
});

test('nothing of all that was planted reached the other destination, the metrics or the log', async () => {
  const last = await chat('keeper', 'PLANTED-last');
  const spans = await closed.of(last, 2);
  assert.deepEqual(spans.map(captured), [{}, {}]);
  assert.ok(closed.spans.length >= 20);
  for (const [what, text] of Object.entries({ spans: JSON.stringify(closed.spans), metrics: JSON.stringify([open.metrics, closed.metrics]), log: router.log }))
    assert.ok(!/PLANTED|Hello there/.test(text), what);
  assert.ok(!JSON.stringify(open.spans).includes('PLANTED-error'), 'an error of a provider is no answer');
});
