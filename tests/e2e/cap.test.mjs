// A hard cap of exactly k worst cases, 200 requests at once, a provider that answers nobody until all are decided:
// exactly k are admitted, at every endpoint, streamed or not, translated or not, and the receipts say so.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { binary, exported, launch, startRouter } from './support.mjs';

const kAdmitted = 7;
const kAsked = 200;

async function startSim() {
  const child = launch(binary, ['sim', '--latency-scale', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise((done) => child.stdout.on('data', (text) => done(String(text).match(/listen on (\S+)/)[1])));
  const post = (path, body = '') => fetch(url + path, { method: 'POST', body });
  return {
    port: new URL(url).port,
    hold: () => post('/sim/hold'),
    release: () => post('/sim/release'),
    held: async () => Number(await (await fetch(`${url}/sim/held`)).text()),
    count: async () => Number(await (await fetch(`${url}/sim/count`)).text()),
    stop: () => { child.kill('SIGTERM'); return new Promise((done) => child.on('exit', done)); },
  };
}

/// Plain completions, which the simulated providers do not speak; with the same holding of answers.
async function startCompletions() {
  const waiting = new Set();
  let holding = false;
  let count = 0;
  const answer = JSON.stringify({ id: 'cmpl-1', object: 'text_completion', created: 1, model: 'gpt-4o', choices: [{ index: 0, text: ' upon a time', finish_reason: 'stop' }],
    usage: { prompt_tokens: 5, completion_tokens: 4, total_tokens: 9 } });
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      ++count;
      response.on('close', () => waiting.delete(response));
      if (holding) waiting.add(response);
      else response.setHeader('content-type', 'application/json').end(answer);
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    port: server.address().port,
    hold: () => { holding = true; },
    release: () => { holding = false; for (const response of waiting) response.setHeader('content-type', 'application/json').end(answer); },
    held: async () => waiting.size,
    count: async () => count,
    stop: () => { server.closeAllConnections(); server.close(); },
  };
}

const messages = [{ role: 'user', content: 'Say hello to everyone' }];
/// Every endpoint that sends something to a provider, and once in another dialect than the provider's.
const endpoints = [
  { path: 'chat/completions', body: { model: 'gpt-4o', max_tokens: 100, messages }, streams: true },
  { path: 'chat/completions', body: { model: 'claude-sonnet-4-5', max_tokens: 100, messages }, streams: true },
  { path: 'responses', body: { model: 'gpt-4o', max_output_tokens: 100, input: 'Say hello to everyone' }, streams: true },
  { path: 'messages', body: { model: 'claude-sonnet-4-5', max_tokens: 100, messages }, streams: true },
  { path: 'embeddings', body: { model: 'text-embedding-3-small', input: 'Say hello to everyone' } },
  { path: 'completions', body: { model: 'gpt-4o', max_tokens: 100, prompt: 'Once' }, start: startCompletions },
];

const ask = (router, endpoint, stream) => fetch(`${router.url}/v1/${endpoint.path}`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' },
  body: JSON.stringify(stream ? { ...endpoint.body, stream } : endpoint.body) });

/// In picodollars, from what was held for one request.
async function worstCase(provider, endpoint, stream) {
  const router = await startRouter(provider, { extra: 'budgets: [{id: cap, scope: {tenant: acme}, period: day, cap_usd: "10"}]\n' });
  try {
    const response = await ask(router, endpoint, stream);
    assert.equal(response.status, 200, await response.text());
    const receipt = await router.receipt(response.headers.get('x-kairosroute-receipt'));
    return BigInt(Math.round(receipt.budget.reserved_usd * 1e12));
  } finally {
    await router.stop();
  }
}

const usd = (pico) => `${pico / 10n ** 12n}.${String(pico % 10n ** 12n).padStart(12, '0')}`;

async function admitsExactly(provider, endpoint, stream) {
  const cap = (await worstCase(provider, endpoint, stream)) * BigInt(kAdmitted);
  const before = await provider.count();
  const router = await startRouter(provider, { extra: `budgets: [{id: cap, scope: {tenant: acme}, period: day, cap_usd: "${usd(cap)}", on_exceed: refuse}]\n` });
  try {
    await provider.hold();
    let decided = 0;
    const answers = Array.from({ length: kAsked }, async () => {
      const response = await ask(router, endpoint, stream);
      if (response.status === 402) ++decided;
      await response.text();
      return response.status;
    });
    for (const deadline = Date.now() + 30_000; decided + (await provider.held()) < kAsked; await new Promise((done) => setTimeout(done, 20))) {
      assert.ok(Date.now() < deadline, `${decided} refused, ${await provider.held()} held`);
    }
    assert.equal(await provider.held(), kAdmitted);
    await provider.release();
    const statuses = await Promise.all(answers);
    assert.equal(statuses.filter((status) => status === 200).length, kAdmitted);
    assert.equal(statuses.filter((status) => status === 402).length, kAsked - kAdmitted);
    assert.equal(await provider.count() - before, kAdmitted); // no other request reached the provider
  } finally {
    await router.kill();
  }
  const receipts = exported(router.dataDir);
  const spent = receipts.reduce((sum, one) => sum + BigInt(Math.round((one.cost.total_usd ?? 0) * 1e12)), 0n);
  assert.equal(receipts.filter((one) => one.execution.status === 'success').length, kAdmitted);
  assert.ok(spent > 0n && spent <= cap);
}

for (const endpoint of endpoints) {
  for (const stream of endpoint.streams ? [false, true] : [false]) {
    test(`a cap of ${kAdmitted} worst cases admits exactly ${kAdmitted} of ${kAsked} at once: ${endpoint.path}, ${endpoint.body.model}, ${stream ? 'streamed' : 'whole'}`, async () => {
      const provider = await (endpoint.start ?? startSim)();
      try {
        await admitsExactly(provider, endpoint, stream);
      } finally {
        await provider.stop();
      }
    });
  }
}

test('a prompt whose bytes do not fit under a cap, but whose tokens do, is served', async () => {
  const sim = await startSim();
  const prompt = 'The quick brown fox jumps over the lazy dog. '.repeat(100); // 4,500 bytes, about 1,000 tokens
  const tell = (path, model) => ({ path, body: { model, max_tokens: 10, messages: [{ role: 'user', content: prompt }] } });
  // gpt-4o: 2.50 USD a million in, so 11,300 µUSD by its bytes and 2,700 µUSD by its tokens; o200k_base is carried
  const router = await startRouter(sim, { extra: 'budgets: [{id: tight, scope: {tenant: acme}, period: day, cap_usd: "0.005"}]\n' });
  const served = await ask(router, tell('chat/completions', 'gpt-4o'));
  assert.equal(served.status, 200);
  await served.text();
  const receipt = await router.receipt(served.headers.get('x-kairosroute-receipt'));
  assert.ok(receipt.budget.reserved_usd < 0.005 && receipt.execution.actual_cost_usd <= receipt.budget.reserved_usd, JSON.stringify(receipt.budget));
  const unknown = await ask(router, tell('messages', 'claude-sonnet-4-5')); // its tokenizer is not published: bytes are what can be promised
  assert.equal(unknown.status, 402);
  await router.stop();
  await sim.stop();
});
