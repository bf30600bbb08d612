// kill -9 at random moments under load, again and again on the same data folder. KAIROS_KILLS says how often (20),
// KAIROS_SEED which moments (1); 500 of them: bench/kills.mjs.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { until } from './scripted.mjs';
import { exported, run, startProvider, startRouter } from './support.mjs';

const kills = Number(process.env.KAIROS_KILLS ?? 20);
const cap = 0.5;

/// Mulberry32.
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/// Asks until the server is gone; notes the receipts of answers whose last byte came.
async function client(url, answered, stream) {
  const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Write a haiku.' }], max_tokens: 50, stream });
  while (true) {
    try {
      const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' }, body });
      const text = await response.text();
      if (!stream || text.endsWith('data: [DONE]\n\n')) answered.set(response.headers.get('x-kairosroute-receipt'), response.status);
    } catch { return; }
  }
}

test(`kill -9 at ${kills} moments under load: no answered request without its receipt, no cap passed, nothing held`, async (t) => {
  const next = random(Number(process.env.KAIROS_SEED ?? 1));
  const provider = await startProvider();
  let calls = 0;
  provider.behave = () => (++calls % 9 === 0 ? { status: 503, body: { error: { message: 'busy' } } } : undefined); // fallbacks and retries too
  const extra = `budgets: [{id: cap, scope: {tenant: acme}, period: total, cap_usd: "${cap}", on_exceed: refuse}]`;
  const answered = new Map();
  let dataDir;
  for (let life = 0; life < kills; ++life) {
    const router = await startRouter(provider, dataDir ? { dataDir, extra } : { extra });
    dataDir = router.dataDir;
    const clients = Array.from({ length: 8 }, (_, index) => client(router.url, answered, index % 2 === 1));
    await new Promise((done) => setTimeout(done, 10 + 290 * next()));
    await router.kill();
    await Promise.all(clients);
  }
  const last = await startRouter(provider, { dataDir, extra });
  const { budgets } = await (await last.get('/api/v1/budgets', 'kr-ops')).json();
  last.child.kill('SIGTERM');
  await last.ended;

  const receipts = exported(dataDir);
  const ids = new Set(receipts.map((receipt) => receipt.receipt_id));
  assert.ok(answered.size > kills, `only ${answered.size} answers`);
  for (const id of answered.keys()) assert.ok(ids.has(id), `${id} is lost`);
  assert.equal(ids.size, receipts.length, 'an id twice');
  receipts.forEach((receipt, index) => assert.equal(receipt.sequence, index + 1));

  const charged = receipts.flatMap((receipt) => receipt.budget_charges ?? []).reduce((sum, charge) => sum + charge.amount_usd, 0);
  assert.ok(charged <= cap + 1e-9, `${charged} of ${cap}`);
  const status = budgets.find((budget) => budget.id === 'cap').state;
  assert.equal(Number(status.held_usd), 0);
  assert.ok(Math.abs(Number(status.spent_usd) - charged) < 1e-9, `${status.spent_usd} and ${charged}`);

  const told = run('verify', dataDir);
  assert.match(told, /0 problems/);
  assert.match(told, /equal to the journal/);
  assert.match(run('rebuild', dataDir), /rebuilt from/);
  t.diagnostic(`${answered.size} answers seen to their last byte, ${receipts.length} receipts, ${receipts.filter(({ execution }) => execution.status === 'interrupted').length} of them interrupted`);
  provider.stop();
});

/// The receipt of one request whose router is killed while it waits for its provider: as soon as reached(router) is resolved.
async function killedWaiting(provider, reached, parts = {}) {
  const router = await startRouter(provider, parts);
  await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' }, body: '{"model":"nobody"}' }); // the journal's first
  const asked = client(router.url, new Map(), false);
  await reached(router);
  await router.kill();
  await asked;
  const last = await startRouter(provider, { dataDir: router.dataDir, ...parts });
  last.child.kill('SIGTERM');
  await last.ended;
  const [, receipt, ...more] = exported(router.dataDir);
  assert.equal(more.length, 0);
  assert.equal(receipt.execution.status, 'interrupted');
  assert.equal(receipt.attempts.length, 1);
  assert.ok(receipt.cost.total_usd > 0, 'what was reserved');
  assert.match(run('verify', router.dataDir), /0 problems/);
  return receipt;
}

const written = async (router) => Number((await (await router.get('/metrics', 'kr-ops')).text()).match(/^kairosroute_journal_records_total (\d+)$/m)?.[1] ?? 0);
function explained(receipt) {
  assert.match(receipt.decision.reason, /gpt-4o-mini/);
  assert.ok(receipt.candidates.some(({ model_id }) => model_id === 'gpt-4o-mini'));
}

test('kill -9 while a lone request waits for its answer: its receipt says what was considered and why', async () => {
  const provider = await startProvider();
  provider.behave = () => new Promise(() => {});
  explained(await killedWaiting(provider, (router) => until('OPEN and what follows it', async () => await written(router) >= 3)));
  provider.stop();
});

/// Killed while it connects, after `reached`: the provider takes connections and says nothing, so the TLS handshake never ends.
async function killedConnecting(reached) {
  const silent = createServer();
  await new Promise((done) => silent.listen(0, '127.0.0.1', done));
  const { port } = silent.address();
  const connected = new Promise((done) => { silent.once('connection', done); });
  const receipt = await killedWaiting({ port }, (router) => reached(router, connected), { providers: `providers: [{id: openai, base_url: "https://127.0.0.1:${port}/v1", api_key_env: E2E_PROVIDER_KEY}]\n` });
  silent.close();
  assert.equal(receipt.decision.model_id, 'gpt-4o-mini');
  return receipt;
}

test('kill -9 as soon as the provider is called: the receipt says where it was going and what was reserved', async () => {
  const receipt = await killedConnecting((router, connected) => connected);
  if (receipt.decision.reason === 'The process ended before the reason was written.') return assert.deepEqual(receipt.candidates, []); // within some milliseconds
  explained(receipt);
});

test('kill -9 while connecting takes its time: the receipt says what was considered and why', async () => {
  explained(await killedConnecting((router) => until('OPEN and what follows it', async () => await written(router) >= 3)));
});
