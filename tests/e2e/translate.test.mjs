// Clients of one dialect served by providers of another: the official SDKs see nothing of it.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import OpenAI from 'openai';
import Anthropic from '@anthropic-ai/sdk';
import { startProvider, startRouter } from './support.mjs';

let provider;
let router;
let openai;
let anthropic;

before(async () => {
  provider = await startProvider();
  router = await startRouter(provider);
  openai = new OpenAI({ apiKey: 'kr-acme', baseURL: `${router.url}/v1`, maxRetries: 0 });
  anthropic = new Anthropic({ apiKey: 'kr-acme', baseURL: router.url, maxRetries: 0 });
});
after(async () => {
  if (!router) return; // no test of these was asked for
  const ended = await router.stop();
  provider.stop();
  assert.equal(ended.code, 0, router.log);
});
beforeEach(() => { provider.behave = () => undefined; });

const claude = 'claude-haiku-4-5';
const hello = [{ role: 'user', content: 'Hi' }];
const last = () => provider.requests.at(-1);
const receiptOf = (response) => router.receipt(response.headers.get('x-kairosroute-receipt'));
const tool = { type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } };

test('a chat client gets an Anthropic model', async () => {
  const { data, response } = await openai.chat.completions.create({ model: claude, messages: hello, max_tokens: 40 }).withResponse();
  assert.equal(last().path, '/v1/messages');
  assert.equal(last().headers['x-api-key'], 'sk-provider');
  assert.equal(last().headers['anthropic-version'], '2023-06-01');
  assert.equal(last().body.max_tokens, 40);
  assert.equal(data.object, 'chat.completion');
  assert.equal(data.choices[0].message.content, 'Hello there');
  assert.equal(data.choices[0].finish_reason, 'stop');
  assert.equal(data.usage.prompt_tokens, 20);
  assert.equal(data.usage.prompt_tokens_details.cached_tokens, 8);
  assert.equal(data.usage.completion_tokens, 5);
  const receipt = await receiptOf(response);
  assert.equal(receipt.request.endpoint, 'chat_completions');
  assert.equal(receipt.execution.finish_reason, 'end_turn', "the provider's own word");
  assert.equal(receipt.attempts[0].provider, 'anthropic');
  assert.equal(receipt.attempts[0].usage.source, 'provider');
});

test('… streamed, with usage and the receipt before the last event', async () => {
  const { data: stream, response } = await openai.chat.completions
    .create({ model: claude, messages: hello, stream: true, stream_options: { include_usage: true } }).withResponse();
  let text = '';
  let usage;
  let finish;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta?.content ?? '';
    finish = chunk.choices[0]?.finish_reason ?? finish;
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, 'Hello there');
  assert.equal(finish, 'stop');
  assert.equal(usage.total_tokens, 25);
  const receipt = await receiptOf(response);
  assert.equal(receipt.execution.status, 'success');
  assert.equal(receipt.usage.output_tokens, 5);
});

test('… and the raw stream ends as OpenAI ends it, after the receipt', async () => {
  const response = await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' },
    body: JSON.stringify({ model: claude, messages: hello, stream: true }) });
  const text = await response.text();
  assert.match(text, /\n: kairosroute \{"receipt_id":"rcpt_\w+","cost_usd":[0-9.]+\}\n\ndata: \[DONE\]\n\n$/);
  assert.doesNotMatch(text, /"usage"/, 'nobody asked for it');
});

test('a messages client gets an OpenAI model', async () => {
  const { data, response } = await anthropic.messages.create({ model: 'gpt-4o', max_tokens: 40, system: 'Be brief.', messages: hello }).withResponse();
  assert.equal(last().path, '/v1/chat/completions');
  assert.equal(last().headers.authorization, 'Bearer sk-provider');
  assert.deepEqual(last().body.messages, [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'Hi' }]);
  assert.equal(last().body.max_completion_tokens, 40);
  assert.equal(data.type, 'message');
  assert.deepEqual(data.content, [{ type: 'text', text: 'Hello there' }]);
  assert.equal(data.stop_reason, 'end_turn');
  assert.deepEqual(data.usage, { input_tokens: 12, cache_creation_input_tokens: 0, cache_read_input_tokens: 8, output_tokens: 7, output_tokens_details: { thinking_tokens: 2 } });
  assert.equal((await receiptOf(response)).execution.finish_reason, 'stop');
});

test('… streamed', async () => {
  const stream = anthropic.messages.stream({ model: 'gpt-4o', max_tokens: 40, messages: hello });
  const message = await stream.finalMessage();
  assert.equal(last().body.stream_options.include_usage, true);
  assert.equal(message.content[0].text, 'Hello there');
  assert.equal(message.stop_reason, 'end_turn');
  assert.equal(message.usage.input_tokens, 12);
  assert.equal(message.usage.output_tokens, 7);
});

test('… with a tool', async () => {
  const message = await anthropic.messages.create({ model: 'gpt-4o', max_tokens: 40, messages: hello,
    tools: [{ name: 'weather', input_schema: tool.function.parameters }] });
  assert.equal(last().body.tools[0].function.name, 'weather');
  assert.equal(message.stop_reason, 'tool_use');
  assert.deepEqual(message.content, [{ type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Bern' } }]);
});

test('a responses client gets an Anthropic model', async () => {
  const { data, response } = await openai.responses.create({ model: claude, input: 'Hi', instructions: 'Be brief.' }).withResponse();
  assert.equal(last().path, '/v1/messages');
  assert.equal(data.output_text, 'Hello there');
  assert.equal(data.status, 'completed');
  assert.equal(data.instructions, 'Be brief.');
  assert.equal(data.usage.total_tokens, 25);
  assert.equal((await receiptOf(response)).request.endpoint, 'responses');
});

test('… streamed', async () => {
  const stream = await openai.responses.create({ model: claude, input: 'Hi', stream: true });
  let text = '';
  let ended;
  let next = 0;
  for await (const event of stream) {
    assert.equal(event.sequence_number, next++);
    if (event.type === 'response.output_text.delta') text += event.delta;
    ended = event;
  }
  assert.equal(text, 'Hello there');
  assert.equal(ended.type, 'response.completed');
  assert.equal(ended.response.output[0].content[0].text, 'Hello there');
});

test('what cannot be carried over is refused by its name', async () => {
  const before = provider.requests.length;
  const refused = (promise, param) => assert.rejects(promise, (error) => {
    assert.equal(error.status, 400);
    assert.equal(error.error.param ?? error.error.error?.param, param);
    return true;
  });
  await refused(openai.chat.completions.create({ model: claude, messages: hello, logit_bias: { 1: 2 } }), 'logit_bias');
  await refused(openai.chat.completions.create({ model: claude, messages: hello, seed: 1 }), 'seed');
  await refused(openai.responses.create({ model: claude, input: 'Hi', previous_response_id: 'resp_1' }), 'previous_response_id');
  await refused(anthropic.messages.create({ model: 'gpt-4o', max_tokens: 10, messages: hello, top_k: 3 }), 'top_k');
  assert.equal(provider.requests.length, before);
});

test('auto considers only models that can be given the whole request', async () => {
  const explain = async (extra) => {
    const response = await fetch(`${router.url}/v1/route`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' },
      body: JSON.stringify({ model: 'auto', messages: hello, ...extra }) });
    const decision = await response.json();
    return decision.candidates.filter((one) => one.filtered_out_by === null).map((one) => one.provider);
  };
  assert.deepEqual([...new Set(await explain({}))].sort(), ['anthropic', 'openai']);
  assert.deepEqual([...new Set(await explain({ seed: 1 }))], ['openai']);
});

test('hints without a counterpart are left out, and named', async () => {
  const { response } = await openai.chat.completions.create({ model: claude, messages: hello, prompt_cache_key: 'k' }).withResponse();
  assert.equal(response.headers.get('x-kairosroute-left-out'), 'prompt_cache_key');
  const native = await openai.chat.completions.create({ model: 'gpt-4o', messages: hello, prompt_cache_key: 'k' }).withResponse();
  assert.equal(native.response.headers.get('x-kairosroute-left-out'), null);
  assert.equal(last().body.prompt_cache_key, 'k');
});

test("a provider's refusal comes in the client's words", async () => {
  provider.behave = () => ({ status: 400, body: { type: 'error', error: { type: 'invalid_request_error', message: 'too odd' } } });
  await assert.rejects(openai.chat.completions.create({ model: claude, messages: hello }), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.error.message, 'too odd');
    assert.equal(error.type, 'invalid_request_error');
    return true;
  });
  provider.behave = () => ({ status: 429, headers: { 'retry-after': '0' }, body: { error: { message: 'slow down', type: 'requests', code: 'rate_limit_exceeded' } } });
  await assert.rejects(anthropic.messages.create({ model: 'gpt-4o', max_tokens: 10, messages: hello }), (error) => {
    assert.ok(error instanceof Anthropic.RateLimitError);
    assert.equal(error.error.type, 'error');
    assert.equal(error.error.error.type, 'rate_limit_error');
    assert.equal(error.error.error.message, 'slow down');
    return true;
  });
});

test('a stream that breaks off ends in an error of the client’s dialect', async () => {
  provider.behave = () => 'break';
  const stream = anthropic.messages.stream({ model: 'gpt-4o', max_tokens: 10, messages: hello });
  await assert.rejects(stream.finalMessage(), (error) => error instanceof Anthropic.APIError && /broke off/.test(error.message));
});
