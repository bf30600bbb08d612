// kill -9 at random moments under load, again and again on the same data folder. KAIROS_KILLS says how often (20),
// KAIROS_SEED which moments (1); 500 of them: bench/kills.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
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
