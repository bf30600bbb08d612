// The endpoints beside chat: OpenAI's responses, embeddings and completions passed through, Anthropic's count_tokens answered here.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import Anthropic from '@anthropic-ai/sdk';
import { startRouter } from './support.mjs';

const requests = [];
let upstream;
let router;
let openai;

const usage = { input_tokens: 50, input_tokens_details: { cached_tokens: 20 }, output_tokens: 30, output_tokens_details: { reasoning_tokens: 10 }, total_tokens: 80 };
const whole = (status, extra) => ({ id: 'resp_1', object: 'response', created_at: 1, model: 'gpt-4o', status, output: [], ...extra });
const message = { id: 'msg_1', type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: 'Hello there', annotations: [] }] };

function answer(path, body, response) {
  const json = (value) => { response.writeHead(200, { 'content-type': 'application/json' }); response.end(JSON.stringify(value)); };
  if (path === '/v1/embeddings') {
    return json({ object: 'list', model: body.model, data: [{ object: 'embedding', index: 0, embedding: [0.25, -1] }], usage: { prompt_tokens: 8, total_tokens: 8 } });
  }
  if (path === '/v1/completions') {
    return json({ id: 'cmpl-1', object: 'text_completion', created: 1, model: body.model, choices: [{ index: 0, text: 'upon a time', finish_reason: 'stop' }],
      usage: { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 } });
  }
  if (!body.stream) return json(whole('completed', { output: [message], usage }));
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const events = [{ type: 'response.created', response: whole('in_progress') },
    { type: 'response.output_item.added', output_index: 0, item: { ...message, content: [] } },
    { type: 'response.content_part.added', item_id: 'msg_1', output_index: 0, content_index: 0, part: { type: 'output_text', text: '', annotations: [] } },
    { type: 'response.output_text.delta', item_id: 'msg_1', output_index: 0, content_index: 0, delta: 'Hello ' },
    { type: 'response.output_text.delta', item_id: 'msg_1', output_index: 0, content_index: 0, delta: 'there' },
    { type: 'response.output_item.done', output_index: 0, item: message },
    { type: 'response.completed', response: whole('completed', { output: [message], usage }) }];
  events.forEach((event, n) => response.write(`event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number: n })}\n\n`));
  return response.end();
}

before(async () => {
  upstream = createServer((request, response) => {
    let raw = '';
    request.on('data', (piece) => { raw += piece; });
    request.on('end', () => { requests.push({ path: request.url, raw }); answer(request.url, JSON.parse(raw), response); });
  });
  await new Promise((done) => upstream.listen(0, '127.0.0.1', done));
  router = await startRouter({ port: upstream.address().port });
  openai = new OpenAI({ apiKey: 'kr-acme', baseURL: `${router.url}/v1`, maxRetries: 0 });
});
after(async () => {
  if (!router) return; // no test of these was asked for
  const ended = await router.stop();
  upstream.closeAllConnections();
  upstream.close();
  assert.equal(ended.code, 0, router.log);
});

const receiptOf = (response) => router.receipt(response.headers.get('x-kairosroute-receipt'));

test('a response is passed through and metered', async () => {
  const { data, response } = await openai.responses.create({ model: 'gpt-4o', input: 'Hi' }).withResponse();
  assert.equal(data.output_text, 'Hello there');
  assert.equal(requests.at(-1).path, '/v1/responses');
  assert.ok(JSON.parse(requests.at(-1).raw).max_output_tokens > 0, 'a bound is always sent');
  const receipt = await receiptOf(response);
  assert.equal(receipt.request.endpoint, 'responses');
  assert.equal(receipt.execution.finish_reason, 'completed');
  assert.deepEqual({ ...receipt.usage }, { input_tokens: 30, cache_read_tokens: 20, cache_write_tokens: 0, output_tokens: 20, reasoning_tokens: 10, source: 'provider' });
});

test('a streamed response reaches its last event and leaves the same usage', async () => {
  const { data: stream, response } = await openai.responses.create({ model: 'gpt-4o', input: 'Hi', stream: true }).withResponse();
  const types = [];
  let text = '';
  for await (const event of stream) {
    types.push(event.type);
    if (event.type === 'response.output_text.delta') text += event.delta;
  }
  assert.equal(text, 'Hello there');
  assert.equal(types.at(-1), 'response.completed');
  const receipt = await receiptOf(response);
  assert.equal(receipt.execution.status, 'success');
  assert.equal(receipt.usage.reasoning_tokens, 10);
});

test('a response may be routed; one that goes on from another needs its model named', async () => {
  const { response } = await openai.responses.create({ model: 'auto', input: 'Hi' }).withResponse();
  assert.equal((await receiptOf(response)).execution.provider, 'openai');
  await assert.rejects(openai.responses.create({ model: 'auto', input: 'Hi', previous_response_id: 'resp_1' }),
    (error) => error.status === 400 && error.param === 'previous_response_id');
  await openai.responses.create({ model: 'gpt-4o', input: 'Hi', previous_response_id: 'resp_1' });
  assert.equal(JSON.parse(requests.at(-1).raw).previous_response_id, 'resp_1');
});

test('embeddings are passed through to the model that is named', async () => {
  const { data, response } = await openai.embeddings.create({ model: 'text-embedding-3-small', input: 'Hi', encoding_format: 'float' }).withResponse();
  assert.deepEqual(data.data[0].embedding, [0.25, -1]);
  assert.equal(requests.at(-1).raw, '{"model":"text-embedding-3-small","input":"Hi","encoding_format":"float"}');
  const receipt = await receiptOf(response);
  assert.equal(receipt.usage.input_tokens, 8);
  assert.ok(receipt.execution.actual_cost_usd > 0);
  await assert.rejects(openai.embeddings.create({ model: 'auto', input: 'Hi' }), (error) => error.status === 400 && error.param === 'model');
});

test('a completion is passed through', async () => {
  const { data, response } = await openai.completions.create({ model: 'gpt-4o', prompt: 'Once' }).withResponse();
  assert.equal(data.choices[0].text, 'upon a time');
  assert.equal((await receiptOf(response)).usage.output_tokens, 3);
});

test('tokens are counted without asking anybody', async () => {
  const anthropic = new Anthropic({ apiKey: 'kr-acme', baseURL: router.url, maxRetries: 0 });
  const before = requests.length;
  const counted = await anthropic.messages.countTokens({ model: 'claude-sonnet-4-5', messages: [{ role: 'user', content: 'How many tokens are these?' }] });
  assert.ok(counted.input_tokens > 4 && counted.input_tokens < 30, String(counted.input_tokens));
  assert.equal(requests.length, before);
  await assert.rejects(anthropic.messages.countTokens({ model: 'x', messages: 7 }), (error) => error.status === 400);
});
