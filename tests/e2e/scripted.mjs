// A provider that does in each call what a test says, and a router with two such places: `near` is tried first, `far` next.
import { createServer } from 'node:http';
import { startRouter } from './support.mjs';

/// `script(call)` gets {body, url, request, response, closed}; `closed` is resolved when the router hangs up.
export async function startScripted(script = () => undefined) {
  const provider = { calls: [], script };
  const server = createServer((request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', async () => {
      const call = { body: JSON.parse(Buffer.concat(pieces).toString()), url: request.url, request, response, headers: request.headers };
      call.closed = new Promise((done) => response.on('close', done));
      provider.calls.push(call);
      await provider.script(call);
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  provider.port = server.address().port;
  provider.stop = () => { server.closeAllConnections(); server.close(); };
  return provider;
}

export const chunk = (delta, finish = null, more = {}) => `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm',
  choices: [{ index: 0, delta, finish_reason: finish }], ...more })}\n\n`;
export const usage = (input, output) => ({ prompt_tokens: input, completion_tokens: output, total_tokens: input + output });

export function head(call, type = 'text/event-stream') {
  call.response.writeHead(200, { 'content-type': type });
  call.response.flushHeaders();
}
/// A whole stream, or a whole answer if the request asks for none.
export function answer(call, text, { finish = 'stop', input = 10, output = 5 } = {}) {
  if (!call.body.stream) {
    head(call, 'application/json');
    return call.response.end(JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'm', usage: usage(input, output),
      choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: finish }] }));
  }
  head(call);
  call.response.write(chunk({ role: 'assistant', content: '' }));
  call.response.write(chunk({ content: text }));
  call.response.write(chunk({}, finish));
  return call.response.end(`data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage: usage(input, output) })}\n\ndata: [DONE]\n\n`);
}

export const places = (near, far, { dialect = 'openai', routing = '' } = {}) => `providers:
  - {id: near, dialect: ${dialect}, base_url: "http://127.0.0.1:${near.port}/v1", keyless: true, responses: ${dialect === 'openai'}, only_configured_models: true}
  - {id: far, dialect: ${dialect}, base_url: "http://127.0.0.1:${far.port}/v1", keyless: true, responses: ${dialect === 'openai'}, only_configured_models: true}
models:
  - {id: cheap, provider: near, quality: 0.8, context_length: 8000, capabilities: [streaming, tools, json_schema], prices: [{usd_per_million: {input_tokens: "1", output_tokens: "2"}}]}
  - {id: dear, provider: far, quality: 0.85, context_length: 100000, capabilities: [streaming, tools, json_schema], prices: [{usd_per_million: {input_tokens: "10", output_tokens: "20"}}]}
${routing}`;

export const twoPlaces = (near, far, { dialect, routing, ...more } = {}) => startRouter(near, { providers: places(near, far, { dialect, routing }), ...more });

export const paths = { chat: '/v1/chat/completions', responses: '/v1/responses', messages: '/v1/messages' };
export function ask(router, { endpoint = 'chat', headers = {}, signal, ...body } = {}) {
  const prompt = endpoint === 'responses' ? { input: 'Hello' } : { messages: [{ role: 'user', content: 'Hello' }] };
  const bound = endpoint === 'responses' ? { max_output_tokens: 50 } : { max_tokens: 50 };
  return fetch(router.url + paths[endpoint], { method: 'POST', signal, headers: { authorization: 'Bearer kr-acme', 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'auto', ...prompt, ...bound, ...body }) });
}
export const receiptOf = (router, response) => router.receipt(response.headers.get('x-kairosroute-receipt'));

/// Every attempt is costed, or says that its usage is not known; the sums are the attempts'.
export function costed(receipt) {
  const lines = receipt.cost.lines.reduce((sum, line) => sum + Math.round((line.cost_usd ?? 0) * 1e12), 0);
  const attempts = receipt.attempts.reduce((sum, one) => sum + Math.round((one.cost_usd ?? 0) * 1e12), 0);
  if (lines !== attempts) throw new Error(`lines ${lines}, attempts ${attempts}`);
  receipt.attempts.forEach((one, i) => {
    if (one.index !== i) throw new Error(`attempt ${i} says ${one.index}`);
    if (one.cost_usd === null && one.usage.source !== 'unknown') throw new Error(`attempt ${i} has no cost and does not say why`);
  });
  return receipt;
}

export async function until(what, condition, ms = 10_000) {
  for (const end = Date.now() + ms; Date.now() < end;) {
    const found = await condition();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error(`did not come: ${what}`);
}

/// {held, spent, cap} of a budget, in USD.
export async function budget(router, id) {
  const { cap_usd, state } = await (await router.get(`/api/v1/budgets/${id}`, 'kr-ops')).json();
  return { held: Number(state.held_usd), spent: Number(state.spent_usd), cap: Number(cap_usd) };
}
