// A hard cap of exactly k worst cases, 200 requests at once, a provider that answers nobody until all are decided:
// exactly k are admitted, streamed or not, and the receipts say so.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { binary, exported, startRouter } from './support.mjs';

const kAdmitted = 7;
const kAsked = 200;

async function startSim() {
  const child = spawn(binary, ['sim', '--latency-scale', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
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

const body = (stream) => JSON.stringify({ model: 'gpt-4o', max_tokens: 100, stream, messages: [{ role: 'user', content: 'Say hello to everyone' }] });

/// In picodollars, from what was held for one request.
async function worstCase(sim, stream) {
  const router = await startRouter(sim, { extra: 'budgets: [{id: cap, scope: {tenant: acme}, period: day, cap_usd: "10"}]\n' });
  const response = await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' }, body: body(stream) });
  await response.text();
  const receipt = await router.receipt(response.headers.get('x-kairosroute-receipt'));
  await router.stop();
  return BigInt(Math.round(receipt.budget.reserved_usd * 1e12));
}

const usd = (pico) => `${pico / 10n ** 12n}.${String(pico % 10n ** 12n).padStart(12, '0')}`;

for (const stream of [false, true]) {
  test(`a cap of ${kAdmitted} worst cases admits exactly ${kAdmitted} of ${kAsked} concurrent requests, ${stream ? 'streamed' : 'whole'}`, async () => {
    const sim = await startSim();
    const cap = (await worstCase(sim, stream)) * BigInt(kAdmitted);
    const before = await sim.count();
    const router = await startRouter(sim, { extra: `budgets: [{id: cap, scope: {tenant: acme}, period: day, cap_usd: "${usd(cap)}", on_exceed: refuse}]\n` });
    await sim.hold();
    let decided = 0;
    const answers = Array.from({ length: kAsked }, async () => {
      const response = await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' }, body: body(stream) });
      if (response.status === 402) ++decided;
      await response.text();
      return response.status;
    });
    for (const deadline = Date.now() + 30_000; decided + (await sim.held()) < kAsked; await new Promise((done) => setTimeout(done, 20))) {
      assert.ok(Date.now() < deadline, `${decided} refused, ${await sim.held()} held`);
    }
    assert.equal(await sim.held(), kAdmitted);
    await sim.release();
    const statuses = await Promise.all(answers);
    assert.equal(statuses.filter((status) => status === 200).length, kAdmitted);
    assert.equal(statuses.filter((status) => status === 402).length, kAsked - kAdmitted);
    assert.equal(await sim.count() - before, kAdmitted); // no other request reached the provider
    await router.kill();
    const receipts = exported(router.dataDir);
    const spent = receipts.reduce((sum, one) => sum + BigInt(Math.round((one.cost.total_usd ?? 0) * 1e12)), 0n);
    assert.equal(receipts.filter((one) => one.execution.status === 'success').length, kAdmitted);
    assert.ok(spent > 0n && spent <= cap);
    await sim.stop();
  });
}

test('a prompt whose bytes do not fit under a cap, but whose tokens do, is served', async () => {
  const sim = await startSim();
  const prompt = 'The quick brown fox jumps over the lazy dog. '.repeat(100); // 4,500 bytes, about 1,000 tokens
  const ask = (router, path, model) => fetch(`${router.url}/v1/${path}`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' },
    body: JSON.stringify({ model, max_tokens: 10, messages: [{ role: 'user', content: prompt }] }) });
  // gpt-4o: 2.50 USD a million in, so 11,300 µUSD by its bytes and 2,700 µUSD by its tokens; o200k_base is carried
  const router = await startRouter(sim, { extra: 'budgets: [{id: tight, scope: {tenant: acme}, period: day, cap_usd: "0.005"}]\n' });
  const served = await ask(router, 'chat/completions', 'gpt-4o');
  assert.equal(served.status, 200);
  await served.text();
  const receipt = await router.receipt(served.headers.get('x-kairosroute-receipt'));
  assert.ok(receipt.budget.reserved_usd < 0.005 && receipt.execution.actual_cost_usd <= receipt.budget.reserved_usd, JSON.stringify(receipt.budget));
  const unknown = await ask(router, 'messages', 'claude-sonnet-4-5'); // its tokenizer is not published: bytes are what can be promised
  assert.equal(unknown.status, 402);
  await router.stop();
  await sim.stop();
});
