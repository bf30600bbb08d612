// Receipts over OTLP, from the application's own trace to the provider; and what receivers do to an exporter.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { context, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import OpenAI from 'openai';
import { startReceiver } from './otlp_receiver.mjs';
import { startProvider, startRouter } from './support.mjs';

const hello = [{ role: 'user', content: 'Write a haiku about the sea.' }];
const quick = 'batch: {spans: 512, delay: 50ms}';
const destination = (id, url, more = '') => `{id: ${id}, endpoint: "${url}"${more}}`;
const otlp = (...destinations) => `otlp: {${quick}, metrics_interval: 1s, destinations: [${destinations.join(', ')}]}\n`;

let provider;
let receiver;
let router;
let openai;
const ended = new InMemorySpanExporter();
const tracer = trace.getTracer('application');

before(async () => {
  const sdk = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(ended)] });
  sdk.register();
  registerInstrumentations({ instrumentations: [new UndiciInstrumentation()] });
  provider = await startProvider();
  receiver = await startReceiver();
  router = await startRouter(provider, { extra: otlp(destination('a', receiver.url)) });
  openai = new OpenAI({ apiKey: 'kr-acme', baseURL: `${router.url}/v1`, maxRetries: 0 });
});
after(async () => {
  if (!router) return; // no test of these was asked for
  const end = await router.stop();
  provider.stop();
  receiver.stop();
  assert.equal(end.code, 0, router.log);
});

/// Runs `call` inside an application's span and gives back what the SDK recorded of it and what KairosRoute exported.
async function traced(call, from = receiver) {
  let receiptId;
  const span = await tracer.startActiveSpan('handle order', async (own) => {
    receiptId = await call();
    own.end();
    return own.spanContext();
  });
  const client = ended.getFinishedSpans().filter((one) => one.spanContext().traceId === span.traceId && one.kind === 2).at(-1).spanContext();
  const [own, ...attempts] = await from.of(receiptId);
  assert.equal(own.kind, 2, 'SERVER');
  assert.equal(own.traceId, span.traceId);
  assert.equal(own.parentSpanId, client.spanId, 'the receipt is the child of the SDK\'s HTTP span');
  assert.equal(Number(own.flags), 0x301);
  for (const attempt of attempts) {
    assert.equal(attempt.kind, 3, 'CLIENT');
    assert.equal(attempt.traceId, span.traceId);
    assert.equal(attempt.parentSpanId, own.spanId);
  }
  return { own, attempts, receipt: await router.receipt(receiptId) };
}

const id = (response) => response.headers.get('x-kairosroute-receipt');
const sentUpstream = () => provider.requests.at(-1).headers;

test('one trace from the application through KairosRoute to the provider, field by field', async () => {
  const { own, attempts, receipt } = await traced(async () => {
    const { response } = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: hello, max_tokens: 50 },
      { headers: { 'X-KairosRoute-Workflow': 'poems' } }).withResponse();
    assert.match(response.headers.get('traceparent'), /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    return id(response);
  });
  assert.equal(attempts.length, 1);
  const [attempt] = attempts;
  assert.equal(sentUpstream().traceparent, `00-${own.traceId}-${attempt.spanId}-01`, 'the attempt\'s own context goes upstream');
  assert.equal(own.name, 'POST /v1/chat/completions');
  assert.equal(own.traceId, receipt.trace.trace_id);
  assert.equal(own.spanId, receipt.trace.span_id);
  assert.equal(own.startTimeUnixNano, String(BigInt(Date.parse(receipt.created_at)) * 1_000_000n + BigInt(receipt.created_at.slice(23, 26)) * 1000n));
  assert.equal(own.status, 0);
  assert.equal(own.schemaUrl, 'https://opentelemetry.io/schemas/1.41.0');
  assert.equal(own.scope.name, 'kairosroute');
  assert.equal(own.resource['service.name'], 'kairosroute');
  assert.equal(own.resource['service.instance.id'], 'e2e');
  const pick = (keys, from) => Object.fromEntries(keys.map((key) => [key, from[key]]));
  const expected = { 'http.request.method': 'POST', 'http.route': '/v1/chat/completions', 'url.path': '/v1/chat/completions', 'url.scheme': 'http',
    'http.response.status_code': 200, 'kairosroute.status': 'success', 'kairosroute.tenant.id': 'acme', 'kairosroute.workflow': 'poems',
    'kairosroute.api_key.id': 'acme-key', 'kairosroute.request.model': 'gpt-4o-mini', 'kairosroute.decision.model': 'gpt-4o-mini',
    'kairosroute.cost.total_usd': receipt.cost.total_usd, 'kairosroute.decision.reason': receipt.decision.reason,
    'kairosroute.policy.version': receipt.decision.policy_version, 'kairosroute.baseline.model': 'gpt-4o',
    'kairosroute.savings.usd': receipt.savings.savings_usd };
  assert.deepEqual(pick(Object.keys(expected), own.attributes), expected);
  const sent = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-4o-mini', 'gen_ai.request.max_tokens': 50,
    'gen_ai.response.model': receipt.attempts[0].response_model, 'gen_ai.response.id': 'chatcmpl-1', 'gen_ai.response.finish_reasons': ['stop'],
    'gen_ai.usage.input_tokens': 20, 'gen_ai.usage.cache_read.input_tokens': 8, 'gen_ai.usage.output_tokens': 7, 'gen_ai.usage.reasoning.output_tokens': 2,
    'server.address': '127.0.0.1', 'server.port': provider.port, 'http.response.status_code': 200, 'kairosroute.attempt.index': 0,
    'kairosroute.attempt.reason': 'first', 'kairosroute.cost.usd': receipt.attempts[0].cost_usd, 'kairosroute.cost.currency': 'USD' };
  assert.deepEqual(pick(Object.keys(sent), attempt.attributes), sent);
  assert.equal(attempt.name, 'chat gpt-4o-mini');
  for (const key of Object.keys(own.attributes)) assert.ok(!key.startsWith('gen_ai.'), `${key} would be counted twice`);
  for (const span of [own, attempt]) {
    assert.ok(Object.keys(span.attributes).length <= 32);
    assert.ok(!JSON.stringify(span).includes('haiku'), 'no content');
  }
});

test('candidates are bounded events', async () => {
  const { own, receipt } = await traced(async () => id((await openai.chat.completions.create({ model: 'auto', messages: hello }).withResponse()).response));
  assert.ok(own.events.length > 0 && own.events.length <= 8);
  assert.equal(own.events[0].name, 'kairosroute.candidate');
  assert.equal(own.events[0].attributes['kairosroute.candidate.model'], receipt.decision.model_id);
  assert.equal(own.events[0].attributes['kairosroute.candidate.rank'], 1);
  assert.equal(own.droppedEventsCount, receipt.candidates.length - own.events.length);
  assert.ok(own.events.every((event) => Object.keys(event.attributes).length <= 8));
});

test('streams', async () => {
  const { own, attempts } = await traced(async () => {
    const { data, response } = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: hello, stream: true }).withResponse();
    for await (const chunk of data) assert.ok(chunk);
    return id(response);
  });
  assert.equal(own.status, 0);
  assert.equal(attempts[0].attributes['gen_ai.request.stream'], true);
  assert.ok(attempts[0].attributes['gen_ai.response.time_to_first_chunk'] >= 0);
  assert.equal(attempts[0].attributes['gen_ai.usage.output_tokens'], 7);
});

test('a fallback is a second attempt; the receipt is no error', async () => {
  let failed = 0;
  provider.behave = () => (failed++ === 0 ? { status: 503, body: { error: { message: 'overloaded' } } } : undefined);
  const { own, attempts, receipt } = await traced(async () => id((await openai.chat.completions.create({ model: 'auto', messages: hello }).withResponse()).response));
  provider.behave = () => undefined;
  assert.equal(attempts.length, receipt.attempts.length);
  assert.ok(attempts.length >= 2);
  assert.equal(own.status, 0);
  assert.equal(own.attributes['error.type'], undefined);
  assert.equal(own.attributes['kairosroute.fallback.count'], attempts.length - 1);
  assert.equal(attempts[0].status, 2);
  assert.ok(attempts[0].attributes['error.type']);
  assert.equal(attempts[0].attributes['http.response.status_code'], 503);
  assert.equal(attempts.at(-1).status, 0);
  assert.ok(sentUpstream().traceparent.includes(attempts.at(-1).spanId));
});

test('refusals and errors', async () => {
  const refused = await traced(async () => id(await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' },
    body: JSON.stringify({ model: 'no-such-model', messages: hello }) })));
  assert.equal(refused.attempts.length, 0);
  assert.equal(refused.own.status, 0, 'the caller was wrong, not the server');
  assert.equal(refused.own.attributes['kairosroute.status'], 'refused');
  assert.ok(refused.own.attributes['error.type']);
  provider.behave = () => ({ status: 500, body: { error: { message: 'broken' } } });
  const failed = await traced(async () => id(await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: hello }) })));
  provider.behave = () => undefined;
  assert.equal(failed.own.status, 2);
  assert.ok(failed.attempts.every((attempt) => attempt.status === 2));
});

/// Without the SDK, which would add a second traceparent.
const post = (at, headers = {}, body = { model: 'gpt-4o-mini', messages: hello }) => context.with(suppressTracing(context.active()), () => fetch(`${at.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme', ...headers }, body: JSON.stringify(body) }));

test('the sampled flag is for export only; a malformed context is replaced; nothing leaks upstream', async () => {
  const unsampled = await post(router, { traceparent: '00-11111111111111111111111111111111-2222222222222222-00', tracestate: 'secret=1', baggage: 'user=7' });
  const upstream = sentUpstream();
  assert.match(upstream.traceparent, /^00-11111111111111111111111111111111-[0-9a-f]{16}-00$/);
  assert.notEqual(upstream.traceparent.slice(36, 52), '2222222222222222');
  assert.equal(upstream.tracestate, undefined);
  assert.equal(upstream.baggage, undefined);
  const malformed = await post(router, { traceparent: '00-11111111111111111111111111111111-0000000000000000-01' });
  const [own] = await receiver.of(id(malformed));
  assert.notEqual(own.traceId, '11111111111111111111111111111111');
  assert.equal(own.parentSpanId, '');
  assert.equal(Number(own.flags), 0x101);
  const twice = await new Promise((done) => httpRequest(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme',
    traceparent: ['00-11111111111111111111111111111111-2222222222222222-01', '00-44444444444444444444444444444444-3333333333333333-01'] } }, done).end(JSON.stringify({ model: 'gpt-4o-mini', messages: hello })));
  assert.ok(!twice.headers.traceparent.includes('11111111111111111111111111111111'), 'contexts of two traces are none');
  assert.ok(!twice.headers.traceparent.includes('44444444444444444444444444444444'));
  twice.resume();
  assert.equal((await router.receipt(id(unsampled))).execution.status, 'success');
  assert.ok(!receiver.spans.some((span) => span.attributes['kairosroute.receipt.id'] === id(unsampled)), 'not sampled, not exported');
});

test('the caller\'s tracestate and baggage go upstream where the configuration says so', async () => {
  const openaiWith = (forward) => ({ providers: `providers: [{id: openai, base_url: "http://127.0.0.1:${provider.port}/v1", api_key_env: E2E_PROVIDER_KEY, forward: ${forward}}]\n` });
  const caller = { traceparent: '00-11111111111111111111111111111111-2222222222222222-01', tracestate: 'a=1, b=2', baggage: 'user=7' };
  const open = await startRouter(provider, openaiWith('{tracestate: true, baggage: true}'));
  await post(open, { ...caller, tracestate: 'a=1, broken, =x, ,b=2, c=\u00e9', baggage: 'no-value,user=7;secret=no, =y' });
  assert.equal(sentUpstream().tracestate, 'a=1,b=2', 'what is no member is left out');
  assert.equal(sentUpstream().baggage, 'user=7;secret=no');
  await post(open, caller);
  assert.equal(sentUpstream().tracestate, 'a=1, b=2');
  assert.equal(sentUpstream().baggage, 'user=7');
  await post(open, { ...caller, traceparent: 'nonsense', baggage: Array.from({ length: 200 }, (_, i) => `k${i}=v`).join(',') });
  assert.equal(sentUpstream().tracestate, undefined, 'a state without its parent says nothing');
  assert.equal(sentUpstream().baggage.split(',').length, 64);
  await open.stop();
  const closed = await startRouter(provider, openaiWith('{traceparent: false}'));
  assert.equal((await post(closed, caller)).status, 200);
  assert.equal(sentUpstream().traceparent, undefined);
  await closed.stop();
});

test('metrics over OTLP say what /metrics says', async () => {
  const names = await receiver.until('metrics with a request in them', () => {
    const found = new Map(receiver.metrics.map((metric) => [metric.name, metric]));
    return found.has('kairosroute_receipts_total') && found.has('gen_ai.client.operation.duration') && found.has('kairosroute_otlp_exported_spans_total') && found;
  });
  const cost = names.get('kairosroute_cost_usd_total');
  assert.equal(cost.unit, 'USD');
  assert.equal(cost.sum.aggregationTemporality, 2);
  assert.equal(cost.sum.isMonotonic, true);
  const duration = names.get('gen_ai.client.operation.duration');
  assert.equal(duration.unit, 's');
  assert.deepEqual(duration.histogram.dataPoints[0].explicitBounds, [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]);
  assert.equal(names.get('gen_ai.client.token.usage').unit, '{token}');
  const page = await (await router.get('/metrics', 'kr-ops')).text();
  for (const name of ['kairosroute_receipts_total{', 'kairosroute_receipts_lost_total 0', 'kairosroute_ledger_drift_picousd 0', 'kairosroute_projection_lag_seconds{projection="store"}', 'kairosroute_projection_lag_seconds{projection="ledger"}', 'kairosroute_queue_length{queue="content"} 0',
    'kairosroute_projection_lag_seconds{projection="otlp_a"}', 'kairosroute_journal_sync_seconds ', 'kairosroute_loop_lag_seconds_count ', 'kairosroute_journal_queue_records 0']) {
    assert.ok(page.includes(name), `${name}\n${page}`);
  }
});

test('the CPU time of threads by name', async () => {
  const names = ['kr-loop0', 'kr-metrics', 'kr-loader', 'kr-otlp-a', 'kr-otlpm-a', 'journal'];
  let page = '';
  for (const end = Date.now() + 15_000; Date.now() < end && !names.every((name) => page.includes(`{thread="${name}"}`)); await new Promise((done) => setTimeout(done, 100))) {
    page = await (await router.get('/metrics', 'kr-ops')).text(); // measured every 5 s
  }
  for (const name of names) assert.match(page, new RegExp(`kairosroute_thread_cpu_seconds_total\\{thread="${name}"\\} [0-9.e-]+`));
});

test('two destinations, one of them stalled: JSON with gzip arrives whole', async () => {
  const working = await startReceiver();
  const stalled = await startReceiver({ answer: () => true }); // never answers
  const two = await startRouter(provider, { extra: otlp(destination('stalled', stalled.url), destination('working', working.url, ', protocol: http/json, compression: gzip, headers: {x-scope: "7"}')) });
  const receipts = [];
  for (let i = 0; i < 20; ++i) receipts.push(id(await post(two)));
  for (const receipt of receipts) assert.equal((await working.of(receipt, 2)).length, 2);
  const { headers } = working.requests.find((request) => request.url === '/v1/traces');
  assert.equal(headers['content-type'], 'application/json');
  assert.equal(headers['content-encoding'], 'gzip');
  assert.equal(headers['x-scope'], '7');
  assert.match(headers['user-agent'], /^KairosRoute\/[\d.]+ OTel-OTLP-Exporter-Cpp\/[\d.]+$/);
  await stalled.until('a request that is not answered', () => stalled.requests.length >= 1);
  assert.equal((await two.stop()).code, 0, two.log);
  working.stop();
  stalled.stop();
});

/// A fault server: the first answers are these, then all is well. Each entry may look at the spans it gets.
async function withFaults(faults, { requests = 1, ...options } = {}, check = async () => {}) {
  const faulty = await startReceiver();
  let asked = 0;
  faulty.answer = (request, response) => {
    const fault = faults[asked++];
    if (!fault) return false;
    fault(request, response);
    return true;
  };
  const at = await startRouter(provider, { extra: `otlp: {${quick}, destinations: [{id: f, endpoint: "${faulty.url}", metrics: false, timeout: 500ms}]}\n`, ...options });
  const receipts = [];
  for (let i = 0; i < requests; ++i) receipts.push(id(await post(at)));
  const metric = async (name) => Number((await (await at.get('/metrics', 'kr-ops')).text()).match(new RegExp(`^${name} (\\S+)$`, 'm'))?.[1] ?? 0);
  try {
    await check({ faulty, at, receipts, metric });
  } finally {
    const end = await at.stop();
    faulty.stop();
    assert.equal(end.code, 0, at.log);
  }
}
const answer = (status, headers = {}, body = '') => (request, response) => response.writeHead(status, headers).end(body);

test('what may be retried is: 503, 502, 504, a reset, a hang, half an answer', async () => {
  const reset = (request) => request.socket.destroy();
  const hang = () => {};
  const half = (request, response) => { response.writeHead(200, { 'content-length': '100', 'content-type': 'application/x-protobuf' }); response.write('x'); setTimeout(() => request.socket.destroy(), 20); };
  for (const fault of [answer(503), answer(502), answer(504), reset, hang, half]) {
    await withFaults([fault], {}, async ({ faulty, receipts }) => {
      assert.equal((await faulty.of(receipts[0])).length, 2, String(fault));
      assert.equal(faulty.requests.length, 2);
      assert.ok(faulty.requests[1].at - faulty.requests[0].at >= 450, 'backs off');
    });
  }
});

test('429 and 503 say when: in seconds and as a date', async () => {
  await withFaults([answer(429, { 'retry-after': '2' })], {}, async ({ faulty, receipts }) => {
    await faulty.of(receipts[0]);
    const waited = faulty.requests[1].at - faulty.requests[0].at;
    assert.ok(waited >= 1950 && waited < 6000, `${waited} ms`);
  });
  let asked;
  await withFaults([(request, response) => { asked = Date.now(); answer(503, { 'retry-after': new Date(asked + 3000).toUTCString() })(request, response); }], {}, async ({ faulty, receipts }) => {
    await faulty.of(receipts[0]);
    const waited = faulty.requests[1].at - asked;
    assert.ok(waited >= 1000 && waited < 6000, `${waited} ms`);
  });
});

test('what must not be retried is dropped, counted and said', async () => {
  const bomb = gzipSync(Buffer.alloc(64 << 20));
  const cases = { http_500: answer(500), http_400: answer(400, { 'content-type': 'text/plain' }, 'no'), http_404: answer(404), http_301: answer(301, { location: 'http://127.0.0.1:1/' }),
    answer_too_large: answer(200, { 'content-type': 'application/x-protobuf' }, Buffer.alloc(5 << 20)) };
  const bombed = { ...cases, 'answer_too_large ': answer(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }, bomb) };
  for (const [reason, fault] of Object.entries(bombed)) {
    await withFaults([fault], {}, async ({ faulty, at, receipts, metric }) => {
      await faulty.until('a request', () => faulty.requests.length >= 1);
      const next = id(await post(at));
      await faulty.of(next);
      assert.ok(!faulty.spans.some((span) => span.attributes['kairosroute.receipt.id'] === receipts[0]), `${reason}: sent again`);
      assert.equal(await metric(`kairosroute_otlp_export_dropped_spans_total{destination="f",reason="${reason.trim()}"}`), 2, reason);
      assert.match(at.log, /spans are lost/);
      assert.ok(readRss(at) < 200, `${readRss(at)} MB`);
    });
  }
});

const readRss = ({ child }) => Number(readFileSync(`/proc/${child.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;

test('413: the batch is sent again in pieces that fit', async () => {
  const tooMany = (request, response, spans) => { if (spans.length <= 2) return false; response.writeHead(413).end(); return true; };
  const faulty = await startReceiver({ answer: tooMany });
  const at = await startRouter(provider, { extra: `otlp: {batch: {spans: 512, delay: 300ms}, destinations: [{id: f, endpoint: "${faulty.url}", metrics: false}]}\n` });
  const receipts = await Promise.all(Array.from({ length: 9 }, async () => id(await post(at))));
  await faulty.until('all', () => faulty.spans.length === 18);
  for (const receipt of receipts) assert.equal((await faulty.of(receipt)).length, 2);
  const page = await (await at.get('/metrics', 'kr-ops')).text();
  assert.match(page, /kairosroute_otlp_requests_total\{destination="f",outcome="too_large",signal="traces"\} [1-9]/);
  assert.ok(!page.includes('kairosroute_otlp_export_dropped_spans_total'), page);
  assert.equal((await at.stop()).code, 0, at.log);
  faulty.stop();
});

test('a partial success is counted and not repeated; an empty one is none', async () => {
  const partial = Buffer.from([0x0a, 0x06, 0x08, 0x01, 0x12, 0x02, 0x6e, 0x6f]);
  await withFaults([answer(200, { 'content-type': 'application/x-protobuf' }, partial)], {}, async ({ faulty, at, metric }) => {
    await faulty.until('the metric', () => /refused them/.test(at.log));
    await faulty.of(id(await post(at)));
    assert.equal(await metric('kairosroute_otlp_export_dropped_spans_total{destination="f",reason="rejected"}'), 1);
    assert.equal(faulty.requests.reduce((sum, request) => sum + request.spans, 0), 4);
  });
});

test('kill -9 loses no span, and a destination that was down gets everything', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'kairos-e2e-'));
  const down = await startReceiver({ answer: (request, response) => { request.socket.destroy(); return true; } });
  const extra = `otlp: {${quick}, destinations: [{id: d, endpoint: "${down.url}", metrics: false}]}\n`;
  let at = await startRouter(provider, { dataDir, extra });
  const receipts = new Set();
  const send = async (count) => {
    await Promise.all(Array.from({ length: 8 }, async () => { for (let i = 0; i < count / 8; ++i) receipts.add(id(await post(at))); }));
  };
  await send(200);
  await at.kill();
  at = await startRouter(provider, { dataDir, extra });
  await send(200);
  await at.kill();
  down.answer = () => false;
  at = await startRouter(provider, { dataDir, extra });
  await send(40);
  assert.equal(receipts.size, 440);
  await down.until('every span', () => new Set(down.spans.map((span) => span.spanId)).size === 880, 30_000);
  const arrived = new Set(down.spans.map((span) => span.attributes['kairosroute.receipt.id']));
  assert.deepEqual(arrived, receipts);
  assert.equal((await at.stop()).code, 0, at.log);
  down.stop();
});

test('mutual TLS, headers from the environment, the standard variables', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kairos-tls-'));
  const openssl = (...words) => execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' });
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=ca');
  for (const name of ['server', 'client']) {
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1');
    openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', `${name}.pem`, '-days', '2', '-copy_extensions', 'copy');
  }
  const read = (name) => readFileSync(join(folder, name));
  const secure = await startReceiver({ tls: { key: read('server.key'), cert: read('server.pem'), ca: read('ca.pem'), requestCert: true, rejectUnauthorized: true } });
  const at = await startRouter(provider, { extra: `otlp: {${quick}}\n`, env: { OTEL_EXPORTER_OTLP_ENDPOINT: secure.url, OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20t-secret', OTEL_METRICS_EXPORTER: 'none',
    OTEL_EXPORTER_OTLP_CERTIFICATE: join(folder, 'ca.pem'), OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: join(folder, 'client.pem'), OTEL_EXPORTER_OTLP_CLIENT_KEY: join(folder, 'client.key'),
    OTEL_SERVICE_NAME: 'edge', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test' } });
  const [own] = await secure.of(id(await post(at)));
  assert.equal(own.resource['service.name'], 'edge');
  assert.equal(own.resource['deployment.environment.name'], 'test');
  assert.equal(secure.requests[0].headers.authorization, 'Bearer t-secret');
  assert.equal(secure.requests[0].client, 'client');
  assert.ok(!at.log.includes('t-secret'));
  const trusting = await startRouter(provider, { extra: `otlp: {${quick}}\n`, env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${secure.url}/v1/traces` } }); // without the authority
  const unsent = id(await post(trusting));
  await secure.until('a complaint', () => /they wait in the journal/.test(trusting.log));
  assert.match(trusting.log, /certificate/);
  assert.ok(!secure.spans.some((span) => span.attributes['kairosroute.receipt.id'] === unsent));
  assert.equal((await trusting.stop()).code, 0, trusting.log);
  assert.equal((await at.stop()).code, 0, at.log);
  secure.stop();
  rmSync(folder, { recursive: true });
});

test('no propagator: the caller\'s trace is not joined, and the provider is told of none', async () => {
  const alone = await startRouter(provider, { extra: otlp(destination('a', receiver.url)), env: { OTEL_PROPAGATORS: 'none' } });
  const [own] = await receiver.of(id(await post(alone, { traceparent: '00-11111111111111111111111111111111-2222222222222222-01' })));
  assert.equal(own.parentSpanId, '');
  assert.notEqual(own.traceId, '11111111111111111111111111111111');
  assert.equal(sentUpstream().traceparent, undefined);
  assert.equal((await alone.stop()).code, 0, alone.log);
});

test('log lines as JSON, with trace and receipt, levels by part', async () => {
  const logging = await startRouter(provider, { log: '"warn,receipts=debug", format: json' });
  const receipt = id(await post(logging));
  const refused = id(await post(logging, {}, { model: 'no-such-model', messages: hello }));
  const lines = await receiver.until('both lines', () => {
    const all = logging.log.split('\n').slice(0, -1).map((line) => JSON.parse(line)); // whole lines
    return [receipt, refused].every((one) => all.some((line) => line.receipt_id === one)) && all;
  });
  const [good, bad] = await Promise.all([receipt, refused].map((one) => logging.receipt(one)));
  for (const [one, level] of [[good, 'debug'], [bad, 'info']]) {
    const line = lines.find((each) => each.receipt_id === one.receipt_id);
    assert.deepEqual([line.part, line.level, line.trace_id, line.span_id], ['receipts', level, one.trace.trace_id, one.trace.span_id]);
  }
  assert.ok(lines.every((line) => line.part === 'receipts' || ['warn', 'error'].includes(line.level)));
  await logging.stop();
});

test('nothing configured: off, and said in one line', async () => {
  const off = await startRouter(provider, { log: 'info' });
  assert.equal((await post(off)).status, 200);
  const page = await (await off.get('/metrics', 'kr-ops')).text();
  assert.ok(!page.includes('kairosroute_otlp'));
  assert.equal(off.log.match(/OTLP is off/g).length, 1, off.log);
  await off.stop();
});

test('the dashboard and the alert rules ask for metrics that exist', () => {
  const folder = new URL('../../src/telemetry/', import.meta.url);
  const sources = readdirSync(folder).filter((file) => file.endsWith('.cc') && !file.endsWith('_test.cc')).map((file) => readFileSync(new URL(file, folder), 'utf8')).join('');
  for (const file of ['grafana-dashboard.json', 'prometheus-rules.yaml']) {
    const names = new Set(readFileSync(new URL(`../../docs/telemetry/${file}`, import.meta.url), 'utf8').match(/kairosroute_[a-z_]+/g));
    assert.ok(names.size > 8);
    for (const name of names) assert.ok(sources.includes(`"${name.replace(/_bucket$/, '')}"`), `${file}: ${name}`);
  }
});
