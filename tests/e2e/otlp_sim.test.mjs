// One trace from the application's span, made by OpenTelemetry's Node SDK, through KairosRoute into `kairosroute sim`: who
// is whose parent, for each way a request can go. In front of the simulated provider stands a recorder of contexts.
import assert from 'node:assert/strict';
import { createServer, request as httpRequest } from 'node:http';
import { after, before, test } from 'node:test';
import { trace } from '@opentelemetry/api';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { startReceiver } from './otlp_receiver.mjs';
import { binary, launch, startRouter } from './support.mjs';

const messages = [{ role: 'user', content: 'Write a haiku about the sea.' }];
const ended = new InMemorySpanExporter();
const tracer = trace.getTracer('application');
const id = (response) => response.headers.get('x-kairosroute-receipt');
let sim;
let recorder;
let receiver;
let router;
let openai;
let export_;

async function startSim() {
  const child = launch(binary, ['sim', '--latency-scale', '0.05'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise((done) => child.stdout.on('data', (text) => done(String(text).match(/listen on (\S+)/)[1])));
  return { port: Number(new URL(url).port), stop: () => { child.kill('SIGTERM'); return new Promise((done) => child.on('exit', done)); } };
}

/// Notes each traceparent and hands the request on. `fail(path)` may give a status to answer with instead, or 'hold'.
async function startRecorder(port) {
  const made = { contexts: [], held: [], fail: () => undefined };
  const server = createServer((request, response) => {
    made.contexts.push({ path: request.url, traceparent: request.headers.traceparent, baggage: request.headers.baggage });
    const status = made.fail(request.url);
    if (status === 'hold') return made.held.push(new Promise((done) => response.on('close', done))); // until the caller hangs up
    if (status) { request.resume(); return response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":{"message":"down"}}'); }
    const json = { '/v1/embeddings': { object: 'list', model: 'text-embedding-3-small', data: [{ object: 'embedding', index: 0, embedding: [0.25] }], usage: { prompt_tokens: 8, total_tokens: 8 } },
      '/v1/responses': { id: 'resp_1', object: 'response', created_at: 1, model: 'gpt-4o', status: 'completed', output: [], usage: { input_tokens: 5, output_tokens: 3, total_tokens: 8 } } }[request.url];
    if (json) { request.resume(); return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(json)); }
    const onward = httpRequest({ port, host: '127.0.0.1', path: request.url, method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    return request.pipe(onward);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  made.port = server.address().port;
  made.stop = () => { server.closeAllConnections(); server.close(); };
  return made;
}

before(async () => {
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(ended)] }).register();
  registerInstrumentations({ instrumentations: [new UndiciInstrumentation()] });
  sim = await startSim();
  recorder = await startRecorder(sim.port);
  receiver = await startReceiver();
  export_ = `otlp: {batch: {spans: 512, delay: 50ms}, destinations: [{id: a, endpoint: "${receiver.url}", metrics: false}]}\n`;
  router = await startRouter(recorder, { log: 'debug', env: { E2E_OTLP: 'Bearer planted-otlp-secret' },
    extra: `otlp: {batch: {spans: 512, delay: 50ms}, destinations: [{id: a, endpoint: "${receiver.url}", header_env: {authorization: E2E_OTLP}}]}\n` });
  openai = new OpenAI({ apiKey: 'kr-acme', baseURL: `${router.url}/v1`, maxRetries: 0 });
});
after(async () => {
  if (!router) return; // no test of these was asked for
  const end = await router.stop();
  recorder.stop();
  receiver.stop();
  await sim.stop();
  assert.equal(end.code, 0, router.log);
});

/// Runs `call` in an application's span; gives back the receipt's span, the attempts' and what the provider saw, all checked.
async function traced(call) {
  recorder.contexts.length = 0;
  let receiptId;
  const application = await tracer.startActiveSpan('handle order', async (own) => {
    receiptId = await call();
    own.end();
    return own.spanContext();
  });
  const [own, ...attempts] = await receiver.of(receiptId);
  const clients = ended.getFinishedSpans().filter((one) => one.spanContext().traceId === application.traceId && one.kind === 2);
  const innermost = clients.filter((one) => !clients.some((other) => other.parentSpanContext?.spanId === one.spanContext().spanId));
  assert.equal(own.kind, 2, 'SERVER');
  assert.equal(own.traceId, application.traceId);
  assert.deepEqual(innermost.map((one) => one.spanContext().spanId), [own.parentSpanId], 'child of the span that is nearest to the wire');
  assert.deepEqual(attempts.map((one) => [one.kind, one.traceId, one.parentSpanId]), attempts.map(() => [3, application.traceId, own.spanId]));
  assert.deepEqual(recorder.contexts.map((one) => one.traceparent), attempts.map((one) => `00-${application.traceId}-${one.spanId}-01`),
    'each attempt\'s own context goes to the provider, in order');
  assert.equal(new Set([own, ...attempts].map((one) => one.spanId)).size, attempts.length + 1);
  return { own, attempts, receiptId };
}

test('a whole answer and a stream', async () => {
  const whole = await traced(async () => id((await openai.chat.completions.create({ model: 'gpt-4o-mini', messages }).withResponse()).response));
  assert.equal(whole.attempts[0].name, 'chat gpt-4o-mini');
  assert.ok(whole.attempts[0].attributes['gen_ai.usage.output_tokens'] > 0);
  const streamed = await traced(async () => {
    const { data, response } = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages, stream: true }).withResponse();
    for await (const chunk of data) assert.ok(chunk);
    return id(response);
  });
  assert.equal(streamed.attempts[0].attributes['gen_ai.request.stream'], true);
});

test('Anthropic\'s SDK, which adds a traceparent of its own before the instrumentation does', async () => {
  const anthropic = new Anthropic({ authToken: 'kr-acme', apiKey: null, baseURL: router.url, maxRetries: 0 });
  const { own, attempts } = await traced(async () => id((await anthropic.messages.create({ model: 'claude-sonnet-4-6', max_tokens: 50, messages }).withResponse()).response));
  assert.equal(own.name, 'POST /v1/messages');
  assert.equal(attempts[0].attributes['gen_ai.provider.name'], 'anthropic');
});

test('a fallback: both attempts below the receipt, each with its own context', async () => {
  let failed = 0;
  recorder.fail = () => (failed++ === 0 ? 503 : undefined);
  const { own, attempts } = await traced(async () => id((await openai.chat.completions.create({ model: 'auto', messages }).withResponse()).response));
  recorder.fail = () => undefined;
  assert.ok(attempts.length >= 2);
  assert.deepEqual([own.status, attempts[0].status, attempts.at(-1).status], [0, 2, 0]);
});

test('a hedge: both legs below the receipt, the loser marked and no error', async () => {
  const hedging = await startRouter(recorder, { extra: `routing: {strategy: hedge, hedge: {unmeasured: 60ms, most_share: 1}}\n${export_}` });
  const client = new OpenAI({ apiKey: 'kr-acme', baseURL: `${hedging.url}/v1`, maxRetries: 0 });
  for (const stream of [false, true]) {
    let asked = 0;
    recorder.held.length = 0;
    recorder.fail = () => (asked++ === 0 ? 'hold' : undefined);
    const { own, attempts } = await traced(async () => {
      const { data, response } = await client.chat.completions.create({ model: 'auto', messages, stream }).withResponse();
      if (stream) for await (const chunk of data) assert.ok(chunk);
      return id(response);
    });
    recorder.fail = () => undefined;
    await Promise.all(recorder.held); // it was hung up on
    assert.deepEqual(attempts.map((one) => [one.attributes['kairosroute.attempt.reason'], one.attributes['kairosroute.attempt.status'], one.attributes['kairosroute.attempt.cancelled_for'], one.status]),
      [['first', 'cancelled', 'hedge_lost', 0], ['hedge', 'success', undefined, 0]]);
    assert.equal(own.status, 0);
    assert.equal(own.attributes['kairosroute.decision.strategy'], 'hedge');
    const [first, second] = attempts.map((one) => [BigInt(one.startTimeUnixNano), BigInt(one.endTimeUnixNano)]);
    assert.ok(second[0] > first[0] && second[0] < first[1] + 1_000_000n, 'they overlap; latencies are whole milliseconds');
  }
  assert.equal((await hedging.stop()).code, 0, hedging.log);
});

test('a cache hit: the receipt\'s span alone says so, and the provider hears nothing', async () => {
  const caching = await startRouter(recorder, { extra: `cache: {mode: exact}\n${export_}` });
  const client = new OpenAI({ apiKey: 'kr-acme', baseURL: `${caching.url}/v1`, maxRetries: 0 });
  const ask = async () => id((await client.chat.completions.create({ model: 'gpt-4o-mini', temperature: 0, messages }).withResponse()).response);
  const miss = await traced(ask);
  assert.equal(miss.attempts.length, 1);
  assert.equal(miss.own.attributes['kairosroute.cache.hit'], undefined);
  const hit = await traced(ask);
  assert.equal(hit.attempts.length, 0);
  assert.equal(recorder.contexts.length, 0);
  const { attributes } = hit.own;
  assert.deepEqual([attributes['kairosroute.cache.hit'], attributes['kairosroute.cache.kind'], attributes['kairosroute.cost.total_usd'], attributes['kairosroute.status']], [true, 'exact', 0, 'success']);
  assert.equal(attributes['kairosroute.cache.avoided_cost_usd'], miss.attempts[0].attributes['kairosroute.cost.usd']);
  assert.notEqual(hit.own.traceId, miss.own.traceId, 'the trace of who asked now');
  assert.equal((await caching.stop()).code, 0, caching.log);
});

test('a refusal has no attempt; the provider hears nothing', async () => {
  const { own, attempts, receiptId } = await traced(async () => id(await fetch(`${router.url}/v1/chat/completions`, { method: 'POST',
    headers: { authorization: 'Bearer kr-acme' }, body: JSON.stringify({ model: 'planted-model-name', messages }) })));
  assert.equal(attempts.length, 0);
  assert.equal(own.attributes['kairosroute.status'], 'refused');
  await receiver.until('its log line', () => router.log.includes(receiptId));
  const line = router.log.split('\n').find((one) => one.includes(receiptId));
  assert.ok(line.includes(`trace_id=${own.traceId}`) && line.includes('level=info') && line.includes('part=receipts'), line);
});

test('a client that leaves: cancelled, no error', async () => {
  const { own, attempts } = await traced(async () => {
    const { data, response } = await openai.chat.completions.create({ model: 'gpt-4o-mini', max_tokens: 2000, stream: true,
      messages: [{ role: 'user', content: 'Tell a very long story. '.repeat(50) }] }).withResponse();
    for await (const chunk of data) { assert.ok(chunk); break; } // ends the connection
    return id(response);
  });
  assert.ok(['cancelled', 'success'].includes(own.attributes['kairosroute.status']), own.attributes['kairosroute.status']);
  assert.equal(own.status, 0);
  assert.equal(attempts.length, 1);
});

test('embeddings and responses, passed through', async () => {
  const embedded = await traced(async () => id((await openai.embeddings.create({ model: 'text-embedding-3-small', input: 'Hi', encoding_format: 'float' }).withResponse()).response));
  assert.equal(embedded.attempts[0].name, 'embeddings text-embedding-3-small');
  assert.equal(embedded.own.name, 'POST /v1/embeddings');
  const responded = await traced(async () => id((await openai.responses.create({ model: 'gpt-4o', input: 'Hi' }).withResponse()).response));
  assert.equal(responded.own.name, 'POST /v1/responses');
  assert.equal(responded.attempts[0].name, 'chat gpt-4o');
});

test('logs at debug name receipts and traces, and hold no secret, prompt or name that a client made up', async () => {
  const { own, receiptId } = await traced(async () => id((await openai.chat.completions.create({ model: 'gpt-4o-mini', user: 'planted-user',
    messages: [{ role: 'user', content: 'planted-prompt' }] }, { headers: { 'X-KairosRoute-Workflow': 'planted-workflow', baggage: 'planted-baggage=1' } }).withResponse()).response));
  await receiver.until('its log line', () => router.log.includes(receiptId));
  assert.ok(router.log.includes(own.traceId));
  assert.ok(recorder.contexts.every((one) => one.baggage === undefined), 'baggage is not for third parties');
  for (const secret of ['planted-', 'kr-acme', 'sk-provider']) assert.ok(!router.log.includes(secret), `${secret} in ${router.log}`);
});
