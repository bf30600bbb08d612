// Somebody else's receivers, where they are at hand: what KairosRoute exports, read back from an OpenTelemetry Collector's
// detailed debug output and from Jaeger's query API. Both are programs that this project does not install:
//   OTELCOL=PATH JAEGER=PATH PROMTOOL=PATH ./dev receivers
// OTELCOL: a Collector with what docs/telemetry/collector.yaml names, which is validated too; JAEGER: jaeger-all-in-one 1.x; PROMTOOL: Prometheus' promtool,
// which checks the page, the rules and the dashboard's queries. What is not named is skipped.
// docs/telemetry/README.md says what they were built from, and what they said last.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { until } from '../e2e/alert_receivers.mjs';
import { launch, startProvider, startRouter } from '../e2e/support.mjs';

const { OTELCOL, JAEGER, PROMTOOL } = process.env;
const docs = fileURLToPath(new URL('../../docs/telemetry/', import.meta.url));
const app = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const folder = mkdtempSync(join(tmpdir(), 'kairos-receivers-'));
let provider;
before(async () => { provider = await startProvider(); });
after(() => { provider.stop(); rmSync(folder, { recursive: true, force: true }); });

/// Ports that were free a moment ago: these programs do not say which ones they chose.
async function freePorts(count) {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise((done) => { const server = createServer().listen(0, '127.0.0.1', () => done(server)); })));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

async function start(program, args, ready) {
  const child = launch(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const made = { log: '', stop: () => { child.kill('SIGTERM'); return new Promise((done) => child.on('exit', done)); } };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { made.log += text; });
  let ended = false;
  child.on('exit', () => { ended = true; });
  await until(`${program} is ready`, async () => {
    if (ended) throw new Error(`${program} ended: ${made.log.slice(-2000)}`);
    return fetch(ready).then(() => true, () => false);
  });
  return made;
}

/// A chat, a stream whose first attempt fails, a refusal: one trace, six spans. Gives back the receipts.
async function exercise(destinations) {
  const router = await startRouter(provider, { extra: `otlp: {batch: {spans: 512, delay: 50ms}, metrics_interval: 1s, destinations: [${destinations}]}\n` });
  const ask = async (body) => {
    const response = await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme', traceparent: `00-${app.traceId}-${app.spanId}-01` },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'PLANTED-prompt' }], ...body }) });
    await response.text();
    return response.headers.get('x-kairosroute-receipt');
  };
  const ids = [await ask({ model: 'gpt-4o-mini' })];
  let failed = 0;
  provider.behave = () => (failed++ === 0 ? { status: 503, body: { error: { message: 'overloaded' } } } : undefined);
  ids.push(await ask({ model: 'auto', stream: true }));
  provider.behave = () => undefined;
  ids.push(await ask({ model: 'no-such-model' }));
  const receipts = [];
  for (const id of ids) receipts.push(await router.receipt(id));
  return { router, receipts };
}

/// Id, parent, kind and status of each span, as the receipts say they should be.
const expected = (receipts) => receipts.flatMap((receipt) => [
  { id: receipt.trace.span_id, parent: app.spanId, kind: 'server', error: false, receipt: receipt.receipt_id },
  ...receipt.attempts.map((one) => ({ id: one.span_id, parent: receipt.trace.span_id, kind: 'client', error: one.status !== 'success', receipt: receipt.receipt_id })),
]).sort((a, b) => (a.id < b.id ? -1 : 1));

/// The spans that a debug exporter with `verbosity: detailed` has written.
function spansIn(text) {
  return text.split(/\nSpan #\d+\n/).slice(1).map((block) => {
    const field = (name) => block.match(new RegExp(`^ *${name} *: (.*)$`, 'm'))?.[1].trim();
    return { traceId: field('Trace ID'), id: field('ID'), parent: field('Parent ID'), kind: field('Kind')?.toLowerCase(), error: field('Status code') === 'Error',
      receipt: block.match(/-> kairosroute\.receipt\.id: Str\((.*)\)/)?.[1], block };
  });
}
const shape = ({ id, parent, kind, error, receipt }) => ({ id, parent, kind, error, receipt });

test('an OpenTelemetry Collector: protobuf, and JSON with gzip', { skip: OTELCOL ? false : 'OTELCOL names no Collector' }, async () => {
  const valid = spawnSync(OTELCOL, ['validate', '--config', join(docs, 'collector.yaml')], { encoding: 'utf8' });
  assert.equal(valid.status, 0, valid.stderr);
  const [port] = await freePorts(1);
  for (const how of ['', ', protocol: http/json, compression: gzip']) {
    const config = join(folder, 'collector.yaml');
    writeFileSync(config, `receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${port}"}}}}
exporters: {debug: {verbosity: detailed}}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], exporters: [debug]}, metrics: {receivers: [otlp], exporters: [debug]}}
`);
    const collector = await start(OTELCOL, ['--config', config], `http://127.0.0.1:${port}/`);
    const { router, receipts } = await exercise(`{id: c, endpoint: "http://127.0.0.1:${port}"${how}}`);
    const should = expected(receipts);
    await until('all spans and metrics', () => spansIn(collector.log).length >= should.length && /Name: gen_ai\.client\.operation\.duration/.test(collector.log));
    const spans = spansIn(collector.log);
    assert.deepEqual(spans.map(shape).sort((a, b) => (a.id < b.id ? -1 : 1)), should);
    assert.ok(spans.every((span) => span.traceId === app.traceId));
    assert.equal(should.filter((one) => one.error).length, 1);
    const chat = spans.find((span) => span.id === receipts[0].attempts[0].span_id).block;
    for (const line of ['gen_ai.operation.name: Str(chat)', 'gen_ai.provider.name: Str(openai)', 'gen_ai.request.model: Str(gpt-4o-mini)', 'gen_ai.usage.input_tokens: Int(20)',
      'gen_ai.usage.output_tokens: Int(7)', `kairosroute.cost.usd: Double(${receipts[0].attempts[0].cost_usd})`, 'gen_ai.response.finish_reasons: Slice(["stop"])', `server.port: Int(${provider.port})`])
      assert.ok(chat.includes(`-> ${line}`), `${line}\n${chat}`);
    assert.ok(collector.log.includes('Resource SchemaURL: https://opentelemetry.io/schemas/1.41.0'));
    assert.match(collector.log, /Name: kairosroute_cost_usd_total\n.*\n *-> Unit: USD\n *-> DataType: Sum\n *-> IsMonotonic: true\n *-> AggregationTemporality: Cumulative/);
    assert.ok(!collector.log.includes('PLANTED'));
    assert.equal((await router.stop()).code, 0, router.log);
    await collector.stop();
    console.log(`Collector${how || ', protobuf'}: ${spans.length} spans, ${new Set(collector.log.match(/-> Name: \S+/g)).size} metrics`);
  }
});

test('Jaeger: the trace as its query API gives it', { skip: JAEGER ? false : 'JAEGER names no jaeger-all-in-one' }, async () => {
  const [otlp, query, ...others] = await freePorts(8);
  const at = (name, port) => `--${name}.host-port=127.0.0.1:${port}`;
  const jaeger = await start(JAEGER, [at('collector.otlp.http', otlp), at('query.http-server', query), at('collector.otlp.grpc', others[0]), at('collector.grpc-server', others[1]),
    at('collector.http-server', others[2]), at('query.grpc-server', others[3]), at('admin.http', others[4])], `http://127.0.0.1:${query}/api/services`);
  const { router, receipts } = await exercise(`{id: j, endpoint: "http://127.0.0.1:${otlp}", metrics: false}`);
  const should = expected(receipts);
  const found = await until('the trace', async () => {
    const response = await fetch(`http://127.0.0.1:${query}/api/traces/${app.traceId}`);
    const trace = response.ok ? (await response.json()).data[0] : undefined;
    return trace?.spans.length >= should.length && trace;
  });
  const tags = (span) => Object.fromEntries(span.tags.map(({ key, value }) => [key, value]));
  const spans = found.spans.map((span) => ({ id: span.spanID, parent: span.references.find((one) => one.refType === 'CHILD_OF')?.spanID, kind: tags(span)['span.kind'], error: tags(span).error === true, receipt: tags(span)['kairosroute.receipt.id'] }));
  assert.deepEqual(spans.sort((a, b) => (a.id < b.id ? -1 : 1)), should);
  assert.ok(found.spans.every((span) => span.traceID === app.traceId));
  const chat = found.spans.find((span) => span.spanID === receipts[0].attempts[0].span_id);
  assert.equal(chat.operationName, 'chat gpt-4o-mini');
  assert.deepEqual([tags(chat)['gen_ai.usage.input_tokens'], tags(chat)['kairosroute.cost.usd']], [20, receipts[0].attempts[0].cost_usd]);
  const routed = found.spans.find((span) => span.spanID === receipts[1].trace.span_id);
  assert.ok(routed.logs.length >= 1 && routed.logs.length <= 8, 'candidates');
  assert.equal(Object.values(found.processes)[0].serviceName, 'kairosroute');
  assert.ok(!JSON.stringify(found).includes('PLANTED'));
  assert.equal((await router.stop()).code, 0, router.log);
  await jaeger.stop();
  console.log(`Jaeger: ${found.spans.length} spans of trace ${app.traceId}, ${routed.logs.length} candidates on the routed one`);
});

test('promtool: the page, the rules and their tests, the scrape configuration, the dashboard\'s queries', { skip: PROMTOOL ? false : 'PROMTOOL names no promtool' }, async () => {
  const check = (words, input) => {
    const done = spawnSync(PROMTOOL, words, { cwd: docs, input, encoding: 'utf8' });
    assert.equal(done.status, 0, `promtool ${words.join(' ')}: ${done.stdout}${done.stderr}`);
    assert.equal(done.stderr, '', 'no complaint');
  };
  const { router } = await exercise('');
  const page = await until('metrics of what was asked', async () => {
    const text = await (await router.get('/metrics', 'kr-ops')).text();
    return text.includes('kairosroute_refusals_total{') && text.includes('kairosroute_queue_length{') && text;
  });
  check(['check', 'metrics'], page);
  assert.equal((await router.stop()).code, 0, router.log);
  check(['check', 'rules', 'prometheus-rules.yaml']);
  const secret = join(folder, 'admin-key'); // the file that the configuration names is on nobody's machine
  writeFileSync(secret, 'kr-ops');
  copyFileSync(join(docs, 'prometheus-rules.yaml'), join(folder, 'prometheus-rules.yaml'));
  const scrape = join(folder, 'prometheus.yaml');
  writeFileSync(scrape, readFileSync(join(docs, 'prometheus.yaml'), 'utf8').replace(/\/run\/secrets\/\S+/, secret));
  check(['check', 'config', scrape]);
  check(['test', 'rules', 'prometheus-rules-test.yaml']);
  const exprs = (node) => Object.entries(node ?? {}).flatMap(([key, value]) => (key === 'expr' ? [value] : typeof value === 'object' ? exprs(value) : []));
  const queries = exprs(JSON.parse(readFileSync(join(docs, 'grafana-dashboard.json'), 'utf8')));
  assert.ok(queries.length >= 20, `${queries.length} queries`);
  const asRules = join(folder, 'dashboard.yaml');
  const plain = (query) => query.replaceAll('$__rate_interval', '5m').replaceAll('$__range', '1h').replaceAll('$__interval', '1m').replace(/\$\{?[a-z_]+\}?/g, '.*');
  writeFileSync(asRules, JSON.stringify({ groups: [{ name: 'dashboard', rules: queries.map((query, i) => ({ record: `dashboard:query_${i}`, expr: plain(query) })) }] }));
  check(['check', 'rules', asRules]);
  console.log(`promtool: ${page.split('\n').filter((line) => line.startsWith('# TYPE')).length} metrics, ${queries.length} queries`);
});
