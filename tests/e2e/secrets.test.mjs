// What is planted as a secret is found nowhere: client keys, providers' keys, prompts, answers, secrets of webhooks and of
// OTLP receivers. Logs at debug, everything in the data folder, metrics, every answer of the API, what is exported.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { startReceiver } from './otlp_receiver.mjs';
import { answer, ask, chunk, head, startScripted, until } from './scripted.mjs';
import { run, sha256, startRouter } from './support.mjs';

const planted = {
  'the client\'s key': 'kr-planted-client-key-5ecret', 'a provider\'s key': 'sk-planted-provider-key-5ecret', 'its second key': 'sk-planted-second-key-5ecret',
  'the prompt': 'planted prompt about aubergines in spring', 'the system prompt': 'planted system prompt about tramways', 'the answer': 'planted answer about lighthouses',
  'a tool\'s argument': 'planted tool argument of copper', 'the webhook\'s secret': 'planted-webhook-secret-5ecret', 'the OTLP receiver\'s secret': 'planted-otlp-secret-5ecret',
};
const everyFile = (folder) => readdirSync(folder, { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? everyFile(join(folder, one.name)) : one.isFile() ? [join(folder, one.name)] : []));

/// Each secret's bytes, plain and as JSON, base64 or URL text would hold it.
const forms = (secret) => [secret, Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(0, -1), encodeURIComponent(secret)];
function mustNotHold(what, bytes) {
  const text = Buffer.isBuffer(bytes) ? bytes.toString('latin1') : String(bytes);
  for (const [name, secret] of Object.entries(planted)) {
    for (const form of forms(secret)) {
      const at = text.indexOf(form);
      assert.ok(at < 0, `${name} stands in ${what}: …${text.slice(Math.max(0, at - 120), at + 60)}…`);
    }
  }
}

test('planted secrets are found nowhere', async () => {
  const receiver = await startReceiver();
  const hook = createServer((request, response) => { request.resume(); response.end(); });
  await new Promise((done) => hook.listen(0, '127.0.0.1', done));
  const near = await startScripted();
  const far = await startScripted();
  const provider = (id, port) => `  - {id: ${id}, dialect: openai, base_url: "http://127.0.0.1:${port}/v1", api_keys: [{env: E2E_PLANTED}, {env: E2E_PLANTED_TOO}], only_configured_models: true, limits: {timeouts: {first_byte: 300ms, idle: 300ms}}}\n`;
  const model = (id, at) => `  - {id: ${id}, provider: ${at}, quality: 0.8, context_length: 8000, capabilities: [streaming, tools, json_schema], prices: [{usd_per_million: {input_tokens: "1", output_tokens: "2"}}]}\n`;
  const router = await startRouter(near, { log: 'debug', providers: `providers:\n${provider('near', near.port)}${provider('far', far.port)}models:\n${model('cheap', 'near')}${model('dear', 'far')}`,
    env: { E2E_PLANTED: planted['a provider\'s key'], E2E_PLANTED_TOO: planted['its second key'], E2E_HOOK: planted['the webhook\'s secret'], E2E_OTLP: `Bearer ${planted['the OTLP receiver\'s secret']}` },
    extra: `  - {id: planted, keys: [{id: planted-key, sha256: ${sha256(planted['the client\'s key'])}}]}
routing: {strategy: hedge, hedge: {unmeasured: 100ms, most_share: 1}}
budgets: [{id: cap, scope: {tenant: planted}, period: total, cap_usd: 1}]
alerts: {interval: 1s, settle: 1s, allow_networks: ["127.0.0.0/8"], channels: [{id: hook, kind: webhook, url: "http://127.0.0.1:${hook.address().port}/", secret_env: E2E_HOOK}]}
otlp: {batch: {spans: 512, delay: 50ms}, metrics_interval: 1s, destinations: [{id: a, endpoint: "${receiver.url}", header_env: {authorization: E2E_OTLP}}]}
` });
  const key = planted['the client\'s key'];
  const messages = [{ role: 'system', content: planted['the system prompt'] }, { role: 'user', content: planted['the prompt'] },
    { role: 'assistant', content: null, tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: JSON.stringify({ x: planted['a tool\'s argument'] }) } }] }, { role: 'tool', tool_call_id: 'c', content: planted['the prompt'] }];
  const send = async (more = {}, bytes = undefined) => {
    const { headers = {}, signal, ...rest } = more;
    try {
      const response = await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', signal, headers: { authorization: `Bearer ${key}`, ...headers }, body: bytes ?? JSON.stringify({ model: 'auto', max_tokens: 40, messages, ...rest }) });
      return { response, text: await response.text() };
    } catch { return {}; }
  };
  const both = (script) => { near.script = script; far.script = script; };
  const echo = (status, code) => (call) => {
    call.response.writeHead(status, { 'content-type': 'application/json' });
    call.response.end(JSON.stringify({ error: { message: `no: ${call.headers.authorization} may not ask '${planted['the prompt']}' under '${planted['the system prompt']}'`, type: 'invalid_request_error', code } }));
  };
  const answers = [
    (call) => answer(call, planted['the answer']),
    echo(400, 'nonsense'), echo(401, 'invalid_api_key'), echo(403, 'no'), echo(429, 'rate_limit_exceeded'), echo(500, 'server_error'), echo(400, 'content_filter'), echo(400, 'context_length_exceeded'),
    (call) => { call.response.writeHead(502, { 'content-type': 'text/html' }); call.response.end(`<html>${planted['the prompt']}</html>`); },
    (call) => { head(call); call.response.write(chunk({ content: planted['the answer'] }), () => setTimeout(() => call.response.destroy(), 10)); },
    (call) => { head(call); call.response.end(`${chunk({ content: planted['the answer'] })}data: {"error":{"message":"stopped at ${planted['the prompt']} for ${call.headers.authorization}","type":"server_error"}}\n\n`); },
    (call) => { head(call); call.response.end(`data: {"error":{"message":"stopped at ${planted['the prompt']}","type":"server_error"}}\n\n`); },
    (call) => { call.response.writeHead(200, { 'content-type': 'application/json' }); call.response.end(`{"id": "${planted['the answer']}`); },
    (call) => call.request.socket.destroy(),
    (call) => { call.request.socket.end(`HTTP/9.9 nonsense ${planted['the answer']}\r\n\r\n`); },
    (call) => { call.request.socket.end(`HTTP/1.1 200 OK\r\n${planted['the answer']}\r\n\r\n`); },
    async (call) => { await call.closed; },
  ];
  let told = '';
  for (const script of answers) {
    both(script);
    for (const stream of [false, true]) {
      const { text } = await send({ stream });
      told += (text ?? '').replaceAll(planted['the prompt'], '').replaceAll(planted['the system prompt'], '').replaceAll(planted['the answer'], ''); // its own
    }
  }
  both(async (call) => { await call.closed; });
  await send({ signal: AbortSignal.timeout(30) });
  for (const bytes of [`{"model":"auto","messages":[{"role":"user","content":"${planted['the prompt']}"`, `{"model":"auto","messages":[{"role":"user","content":"${planted['the prompt']}","content":"twice"}],"messages":[]}`,
    JSON.stringify({ model: planted['the prompt'], messages: 7 }).replace(planted['the prompt'], 'auto'), JSON.stringify({ model: 'auto', messages, tools: planted['the prompt'] }), JSON.stringify({ model: 'auto', messages: planted['the prompt'] }),
    JSON.stringify({ model: 'auto', messages: [{ role: planted['the prompt'], content: 'x' }] }), JSON.stringify({ model: 'auto', messages, max_tokens: planted['the prompt'] }), JSON.stringify({ model: 'auto', messages, response_format: planted['the prompt'] })]) {
    told += (await send({}, bytes)).text ?? '';
  }
  for (const authorization of [`Bearer ${key}x`, `Basic ${key}`, key]) told += (await send({ headers: { authorization } })).text ?? '';
  mustNotHold('an answer to the client', told.replaceAll(planted['the prompt'], '')); // a client may be told its own prompt

  await until('spans', () => receiver.spans.length > 20);
  for (const path of ['/metrics', '/api/v1/receipts?limit=200', '/api/v1/tenants', '/api/v1/keys', '/api/v1/budgets', '/api/v1/alerts', '/api/v1/alerts/rules', '/api/v1/alerts/channels', '/api/v1/config', '/api/v1/health', '/api/v1/ledger', '/readyz', '/v1/models'])
    mustNotHold(path, await (await router.get(path, 'kr-ops')).text());
  const listed = await (await router.get('/api/v1/receipts?limit=200', 'kr-ops')).json();
  for (const one of listed.receipts ?? []) mustNotHold('a receipt', await (await router.get(`/api/v1/receipts/${one.receipt_id}`, 'kr-ops')).text());
  mustNotHold('spans', JSON.stringify(receiver.spans));
  mustNotHold('metrics over OTLP', JSON.stringify(receiver.metrics));

  router.child.kill('SIGABRT'); // a crash: what stands in files now is what a crash leaves
  await router.ended;
  mustNotHold('the log', router.log);
  for (const file of everyFile(router.dataDir)) {
    if (file.endsWith('config.yaml')) continue; // has the hash of the client's key, and names of variables
    mustNotHold(file, readFileSync(file));
    mustNotHold(file, unpacked(readFileSync(file)));
  }
  mustNotHold('config.yaml', readFileSync(join(router.dataDir, 'config.yaml')));
  mustNotHold('exported receipts', run('receipts', '--data-dir', router.dataDir, 'export'));
  assert.ok(statSync(join(router.dataDir, 'journal')).isDirectory());
  rmSync(router.dataDir, { recursive: true, force: true });
  near.stop(); far.stop(); receiver.stop(); hook.close();
});

/// What zstd frames in a file hold, as far as they can be read.
function unpacked(bytes) {
  if (zstdDecompressSync === undefined) return '';
  const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
  const parts = [];
  for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 4)) {
    const next = bytes.indexOf(magic, at + 4);
    try { parts.push(zstdDecompressSync(bytes.subarray(at, next < 0 ? undefined : next))); } catch { /* the frame ends before the next magic number, or is none */ }
  }
  return Buffer.concat(parts);
}
