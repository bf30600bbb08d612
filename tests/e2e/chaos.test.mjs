// Chaos: between KairosRoute and the simulated providers stands a gate that does to connections what networks do, clients
// come and go, and afterwards every request has its receipt, every attempt its cost, nothing is held and the books agree.
//   CHAOS_REQUESTS=10000 CHAOS_SEED=7 ./dev e2e chaos
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { test } from 'node:test';
import { deadPort, kinds, random, startGate } from './gate.mjs';
import { budget, costed, until } from './scripted.mjs';
import { binary, exported, launch, run, startRouter } from './support.mjs';

const kRequests = Number(process.env.CHAOS_REQUESTS ?? 2000);
const kSeed = Number(process.env.CHAOS_SEED ?? 1);
const kAtOnce = 48;
const draw = random(kSeed);
const pick = (list) => list[Math.floor(draw() * list.length)];

async function startSim() {
  const child = launch(binary, ['sim', '--latency-scale', '0.01'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise((done) => child.stdout.on('data', (text) => done(String(text).match(/listen on (\S+)/)[1])));
  return { port: Number(new URL(url).port), stop: () => { child.kill('SIGTERM'); return new Promise((done) => child.on('exit', done)); } };
}

const memory = (pid) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;

/// Gates of many tempers, so that circuits open for the bad ones while others go on.
const tempers = [{}, { slice: 0.5, delay: 0.3 }, Object.fromEntries(kinds.filter((kind) => kind !== 'pass').map((kind) => [kind, 0.06])),
  { close_mid_event: 0.25, reset: 0.2, close_after_head: 0.1, close_in_head: 0.1 }, { corrupt: 0.6 }, { flood: 0.3, stall: 0.05 }, { stall: 1 }];

function configuration(gates, dead, strategy) {
  const limits = 'limits: {timeouts: {connect: 500ms, first_byte: 400ms, idle: 400ms, total: 3s}}';
  const regions = [...gates.map((gate) => gate.port), dead].map((port, i) => `{id: r${i}, base_url: "http://127.0.0.1:${port}/v1"}`).join(', ');
  const provider = (id, dialect) => `  - {id: ${id}, dialect: ${dialect}, regions: [${regions}], keyless: true, only_configured_models: true, ${limits}}\n`;
  const model = (id, at, price) => `  - {id: ${id}, provider: ${at}, quality: 0.8, context_length: 100000, max_output_tokens: 4096, capabilities: [streaming, tools, json_schema], prices: [{usd_per_million: {input_tokens: "${price}", output_tokens: "${4 * price}"}}]}\n`;
  return { providers: `providers:\n${provider('chatty', 'openai')}${provider('wordy', 'anthropic')}models:\n${model('c1', 'chatty', 1)}${model('c2', 'chatty', 2)}${model('w1', 'wordy', 1)}${model('w2', 'wordy', 3)}`,
    extra: `routing: {strategy: ${strategy}, fallback: {max_attempts: 5}, hedge: {unmeasured: 60ms, least: 5ms, most_share: 0.5}, on_client_gone: ${pick(['cancel', 'drain'])}, drain_time: 2s}\nstore_memory: 64MiB\nbudgets: [{id: cap, scope: {tenant: acme}, period: total, cap_usd: "1000", on_exceed: refuse}, {id: tight, scope: {tenant: rival}, period: total, cap_usd: "0.05", on_exceed: refuse}]\n` };
}

/// One request; some clients leave in the middle. What it came to: {id, left}.
function oneRequest(url, agent, i) {
  const messages = draw() < 0.4;
  const stream = draw() < 0.6;
  const leaves = draw() < 0.12 ? draw() * 60 : undefined;
  const slow = draw() < 0.05;
  const model = draw() < 0.8 ? 'auto' : pick(messages ? ['w1', 'w2'] : ['c1', 'c2']);
  const body = JSON.stringify({ model, stream, max_tokens: 200, messages: [{ role: 'user', content: `Request ${i}: ${'tell me more '.repeat(1 + Math.floor(draw() * 40))}` }] });
  return new Promise((done) => {
    const result = { id: undefined, left: false, status: undefined };
    const end = () => done(result);
    const request = httpRequest(`${url}${messages ? '/v1/messages' : '/v1/chat/completions'}`, { method: 'POST', agent, headers: {
      authorization: `Bearer ${draw() < 0.9 ? 'kr-acme' : 'kr-rival'}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } });
    request.on('error', end);
    request.on('close', end);
    request.on('response', (response) => {
      result.id = response.headers['x-kairosroute-receipt'];
      result.status = response.statusCode;
      response.on('error', end);
      response.on('data', (piece) => { result.bytes = (result.bytes ?? 0) + piece.length; if (slow) { response.pause(); setTimeout(() => response.resume(), 10); } });
      response.on('end', end);
    });
    request.end(body);
    if (leaves !== undefined) setTimeout(() => { result.left = true; request.destroy(); }, leaves);
  });
}

test(`chaos: ${kRequests} requests, seed ${kSeed}`, { timeout: 3_600_000 }, async (t) => {
  const sim = await startSim();
  const gates = [];
  for (const temper of tempers) gates.push(await startGate(sim.port, temper, draw));
  const router = await startRouter(sim, { ...configuration(gates, await deadPort(), 'hedge'), log: 'off' });
  const agent = new Agent({ keepAlive: true, maxSockets: kAtOnce });
  const results = [];
  const marks = [];
  let next = 0;
  const worker = async () => {
    while (next < kRequests) {
      const i = next++;
      results.push(await oneRequest(router.url, agent, i));
      if (results.length % Math.ceil(kRequests / 20) === 0) marks.push(Math.round(memory(router.child.pid)));
    }
  };
  await Promise.all(Array.from({ length: kAtOnce }, worker));
  agent.destroy();
  t.diagnostic(`memory: ${marks.join(' ')} MiB`);
  assert.equal(router.child.exitCode, null, `it lives: ${router.log}`);

  const budgets = () => Promise.all(['cap', 'tight'].map((id) => budget(router, id)));
  await until('nothing is held', async () => (await budgets()).every(({ held }) => held === 0), 20_000);
  for (const { spent, cap } of await budgets()) assert.ok(spent <= cap, `${spent} of ${cap}`);
  const lines = (await (await router.get('/metrics', 'kr-ops')).text()).split('\n').filter((line) => /requests_in_flight/.test(line) && !line.startsWith('#'));
  for (const line of lines) assert.match(line, / 0$/);
  const { code } = await router.stop({ keep: true });
  assert.equal(code, 0, router.log);

  const receipts = exported(router.dataDir); // each is held against the schema
  const byId = new Map(receipts.map((receipt) => [receipt.receipt_id, receipt]));
  for (const { id, left, status } of results) {
    if (id) assert.ok(byId.has(id), `no receipt ${id}`);
    else assert.ok(left, `a request without a receipt: status ${status}`);
  }
  const asked = receipts.reduce((sum, receipt) => sum + (receipt.count ?? 1), 0);
  const silent = results.filter(({ id }) => !id).length; // left before its answer began; if its bytes arrived, it has a receipt
  assert.ok(asked <= kRequests && asked >= kRequests - silent, `${asked} receipts of ${kRequests} requests, ${silent} without an answer`);
  receipts.forEach(costed);
  for (const receipt of receipts) {
    if (receipt.execution.status === 'success' && receipt.request.stream) assert.equal(receipt.attempts.filter((one) => one.status === 'success').length, 1);
  }
  assert.match(run('verify', router.dataDir), /equal to the journal/);
  const early = Math.max(...marks.slice(4, 10));
  const late = Math.max(...marks.slice(-4));
  assert.ok(late < early * 1.3 + 48, `memory grows: ${marks.join(' ')} MiB`);

  const count = (of) => Object.entries(receipts.reduce((sums, receipt) => { for (const key of of(receipt)) sums[key] = (sums[key] ?? 0) + 1; return sums; }, {})).sort((a, b) => b[1] - a[1]).map(([key, n]) => `${key} ${n}`).join(', ');
  const drawn = kinds.map((kind) => `${kind} ${gates.reduce((sum, gate) => sum + gate.drawn[kind], 0)}`).join(', ');
  t.diagnostic(`connections: ${drawn}`);
  t.diagnostic(`requests: ${count((receipt) => [receipt.execution.status])}; attempts: ${count((receipt) => receipt.attempts.map((one) => `${one.reason}/${one.status}`))}`);
  t.diagnostic(`attempt errors: ${count((receipt) => receipt.attempts.map((one) => one.error_type).filter(Boolean))}`);
  for (const gate of gates) gate.stop();
  await sim.stop();
});
