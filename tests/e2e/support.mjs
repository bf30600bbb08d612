// What the end-to-end tests share: a provider that speaks OpenAI's and Anthropic's dialects, and the real binary in front of it.
import { createHash } from 'node:crypto';
import { spawn, execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

export const binary = process.env.KAIROSROUTE;

/// Starts a program that ends with this test process at the latest: a test that fails leaves nothing running, which the
/// test runner would wait for.
const launched = new Set();
export function launch(program, args, options) {
  const child = spawn(program, args, options);
  launched.add(child);
  child.on('exit', () => launched.delete(child));
  return child;
}
process.on('exit', () => { for (const child of launched) child.kill('SIGKILL'); });
const schema = JSON.parse(readFileSync(new URL('../../docs/receipt.schema.json', import.meta.url)));
const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
const matchesSchema = ajv.compile(schema);

export function checkReceipt(receipt) {
  if (!matchesSchema(receipt)) throw new Error(`receipt breaks its schema: ${ajv.errorsText(matchesSchema.errors)}\n${JSON.stringify(receipt)}`);
  return receipt;
}

const openaiUsage = { prompt_tokens: 20, completion_tokens: 7, total_tokens: 27, prompt_tokens_details: { cached_tokens: 8 },
  completion_tokens_details: { reasoning_tokens: 2 } };

function openaiChunk(model, delta, finish = null) {
  return `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
}

function answerOpenAi(request, response, behaviour) {
  if (request.stream) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(openaiChunk(request.model, { role: 'assistant', content: '' }));
    response.write(openaiChunk(request.model, { content: 'Hello ' }));
    if (behaviour === 'break') return setTimeout(() => response.destroy(), 20);
    if (behaviour === 'hang') return undefined;
    if (behaviour === 'babble') {
      const timer = setInterval(() => response.write(openaiChunk(request.model, { content: 'and so on and on, and then some more of the same; '.repeat(4) })), 2);
      return response.on('close', () => clearInterval(timer));
    }
    response.write(openaiChunk(request.model, { content: 'there' }));
    response.write(openaiChunk(request.model, {}, 'stop'));
    if (request.stream_options?.include_usage) {
      response.write(`data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: request.model, choices: [], usage: openaiUsage })}\n\n`);
    }
    return response.end('data: [DONE]\n\n');
  }
  const tool = request.tools?.[0]?.function?.name;
  const message = tool
    ? { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: tool, arguments: '{"city":"Bern"}' } }] }
    : { role: 'assistant', content: request.response_format ? '{"ok":true}' : 'Hello there' };
  response.writeHead(200, { 'content-type': 'application/json' });
  return response.end(JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: request.model,
    choices: [{ index: 0, message, finish_reason: tool ? 'tool_calls' : 'stop' }], usage: openaiUsage }));
}

function answerAnthropic(request, response) {
  const usage = { input_tokens: 12, cache_read_input_tokens: 8, cache_creation_input_tokens: 0, output_tokens: 5 };
  if (!request.stream) {
    response.writeHead(200, { 'content-type': 'application/json' });
    return response.end(JSON.stringify({ id: 'msg_1', type: 'message', role: 'assistant', model: request.model, content: [{ type: 'text', text: 'Hello there' }],
      stop_reason: 'end_turn', stop_sequence: null, usage }));
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (event) => response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  send({ type: 'message_start', message: { id: 'msg_1', type: 'message', role: 'assistant', model: request.model, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } } });
  send({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
  send({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello there' } });
  send({ type: 'content_block_stop', index: 0 });
  send({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 5 } });
  send({ type: 'message_stop' });
  return response.end();
}

/// A provider. `behave(request)` may return {status, body} to refuse, a promise to hold the answer back, 'break', 'hang', 'babble', 'truncate' or 'reset'.
export async function startProvider() {
  const provider = { requests: [], behave: () => undefined };
  const server = createServer((request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', async () => {
      const raw = Buffer.concat(pieces).toString();
      const body = JSON.parse(raw);
      provider.requests.push({ path: request.url, headers: request.headers, raw, body });
      const behaviour = await provider.behave(body, request.url, request.headers);
      if (behaviour === 'reset') return request.socket.destroy();
      if (behaviour === 'truncate') {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 });
        return response.write('{"id":"chatcmpl-1",', () => request.socket.destroy());
      }
      if (behaviour?.status) {
        response.writeHead(behaviour.status, { 'content-type': 'application/json', ...behaviour.headers });
        return response.end(JSON.stringify(behaviour.body));
      }
      return request.url.endsWith('/messages') ? answerAnthropic(body, response) : answerOpenAi(body, response, behaviour);
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  provider.port = server.address().port;
  provider.stop = () => { server.closeAllConnections(); server.close(); };
  return provider;
}

export const sha256 = (text) => createHash('sha256').update(text).digest('hex');

export function configuration(dataDir, providerPort, { extra = '', server = '', log = 'warn', providers }) {
  return `server: {listen: "127.0.0.1:0", threads: 2, log: {level: ${log}}${server}}
data_dir: ${dataDir}
node_id: e2e
${providers ?? `providers:
  - {id: openai, base_url: "http://127.0.0.1:${providerPort}/v1", api_key_env: E2E_PROVIDER_KEY}
  - {id: anthropic, base_url: "http://127.0.0.1:${providerPort}/v1", api_key_env: E2E_PROVIDER_KEY}
`}tenants:
  - id: acme
    baseline_model: gpt-4o
    keys: [{id: acme-key, sha256: ${sha256('kr-acme')}}]
  - id: rival
    keys: [{id: rival-key, sha256: ${sha256('kr-rival')}}]
  - id: ops
    keys: [{id: ops-key, sha256: ${sha256('kr-ops')}, admin: true}]
${extra}`;
}

export async function startRouter(provider, { dataDir = mkdtempSync(join(tmpdir(), 'kairos-e2e-')), env = {}, ...parts } = {}) {
  const config = join(dataDir, 'config.yaml');
  writeFileSync(config, parts.text ?? configuration(dataDir, provider.port, parts));
  const child = launch(binary, ['serve', '--config', config], { env: { ...process.env, E2E_PROVIDER_KEY: 'sk-provider', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const router = { child, dataDir, log: '' };
  child.stderr.on('data', (text) => { router.log += text; });
  router.ended = new Promise((done) => child.on('exit', (code, signal) => done({ code, signal })));
  router.url = await new Promise((done, failed) => {
    let out = '';
    child.stdout.on('data', (text) => {
      out += text;
      const found = out.match(/listens on (\S+)/);
      if (found) done(found[1]);
    });
    router.ended.then(({ code }) => failed(new Error(`the server ended with ${code}: ${router.log}`)));
  });
  router.get = (path, key = 'kr-acme') => fetch(router.url + path, { headers: { authorization: `Bearer ${key}` } });
  router.receipt = async (id, key = 'kr-acme') => {
    for (let tries = 0; tries < 100; ++tries) {
      const response = await router.get(`/api/v1/receipts/${id}`, key);
      if (response.status === 200) return checkReceipt(await response.json());
      await new Promise((done) => setTimeout(done, 20)); // readable within 250 ms of its CLOSE
    }
    throw new Error(`no receipt ${id}`);
  };
  router.stop = async ({ keep = false } = {}) => {
    child.kill('SIGTERM');
    const ended = await router.ended;
    if (!keep) rmSync(dataDir, { recursive: true, force: true });
    return ended;
  };
  router.kill = async () => { child.kill('SIGKILL'); await router.ended; };
  return router;
}

export const run = (...args) => execFileSync(binary, args, { encoding: 'utf8', maxBuffer: 1 << 30 });
export const exported = (dataDir) => run('receipts', '--data-dir', dataDir, 'export').trim().split('\n').filter(Boolean).map((line) => checkReceipt(JSON.parse(line)));
