// Corrections, reconciliation that applies them, and verify beside a running server: the books of the real binary.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { binary, run, startProvider, startRouter } from './support.mjs';

const extra = 'budgets: [{id: all, scope: {tenant: acme}, period: total, cap_usd: "5"}]\n';
let provider;
let router;
let calls = 0;

const pico = (text) => { const [whole, part = ''] = text.replace('-', '').split('.'); return BigInt(whole + part.padEnd(12, '0')) * (text.startsWith('-') ? -1n : 1n); };

async function chat() {
  const response = await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] }) });
  await response.text();
  return router.receipt(response.headers.get('x-kairosroute-receipt'), 'kr-ops');
}

const post = (path, body, key = 'kr-ops') => fetch(router.url + path, { method: 'POST', headers: { authorization: `Bearer ${key}` }, body: JSON.stringify(body) });
const spent = async () => (await (await router.get('/api/v1/budgets/all', 'kr-ops')).json()).state.spent_usd;
async function ledger(grain) {
  const text = await (await router.get(`/api/v1/ledger?format=json&grain=${grain}`, 'kr-ops')).text();
  return text.trim().split('\n').map((line) => JSON.parse(line));
}
const sum = (rows) => rows.reduce((so_far, row) => so_far + pico(row.cost_usd), 0n);

/// Runs to its end, whatever its exit code.
const tried = (...args) => spawnSync(binary, args, { encoding: 'utf8' });

function usageFile(rows) {
  const file = join(router.dataDir, 'usage.csv');
  writeFileSync(file, ['start_time,model,request_id,num_model_requests,input_tokens,input_cached_tokens,output_tokens', ...rows].join('\n'));
  return file;
}

before(async () => {
  provider = await startProvider();
  // Every answer has an id of its own, as a provider's have.
  provider.behave = () => ({ status: 200, body: { id: `chatcmpl-${++calls}`, object: 'chat.completion', created: 1, model: 'gpt-4o-mini',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 20, completion_tokens: 7, total_tokens: 27, prompt_tokens_details: { cached_tokens: 8 } } } });
  router = await startRouter(provider, { extra });
});
after(async () => {
  if (!router) return; // no test of these was asked for
  await router.stop();
  provider.stop();
});

test('hours, days and receipts sum to the same, at once after an answer', async () => {
  let total = 0n;
  for (let i = 0; i < 5; ++i) {
    const receipt = await chat();
    total += BigInt(Math.round(receipt.cost.total_usd * 1e12));
    for (const grain of ['hour', 'day', 'receipt']) assert.equal(sum(await ledger(grain)), total, grain);
  }
  const hours = await ledger('hour');
  const from = hours[0].period_start;
  const inRange = await (await router.get(`/api/v1/ledger?format=json&grain=hour&from=${from}`, 'kr-ops')).text();
  assert.equal(inRange.trim().split('\n').length, hours.length);
  const odd = await (await router.get(`/api/v1/ledger?format=json&grain=hour&from=${from.replace(':00:00', ':00:01')}`, 'kr-ops')).text(); // no whole hour: from the journal
  assert.ok(odd.length <= inRange.length);
});

test('a correction moves ledger and budget by its difference, and the receipt stays', async () => {
  const receipt = await chat();
  const before = [await spent(), sum(await ledger('hour'))];
  const id = receipt.attempts[0].response_id;
  const path = `/api/v1/receipts/${receipt.receipt_id}/corrections`;
  for (const [body, status] of [[{ response_id: id, reason: 'r' }, 400], [{ response_id: id, reason: 'r', cost_usd: '-1' }, 400], [{ response_id: id, reason: 'r', cost_usd: 'NaN' }, 400],
    [{ response_id: id, reason: 'r', cost_usd: 1 }, 400], [{ response_id: id, reason: 'r', usage: { input_tokens: -1 } }, 400], [{ response_id: id, reason: 'r', usage: [] }, 400],
    [{ response_id: id, cost_usd: '1' }, 400], [{ response_id: 'other', reason: 'r', cost_usd: '1' }, 404], [{ response_id: id, reason: 'r', cost_usd: '1', colour: 'red' }, 400]]) {
    const answer = await post(path, body);
    assert.equal(answer.status, status, `${JSON.stringify(body)}: ${await answer.text()}`);
  }
  assert.equal((await post(path, { response_id: id, reason: 'r', cost_usd: '1' }, 'kr-acme')).status, 403);
  const done = await post(path, { response_id: id, reason: 'invoice', cost_usd: '0.5' });
  assert.equal(done.status, 201, await done.clone().text());
  const difference = pico('0.5') - BigInt(Math.round(receipt.cost.total_usd * 1e12));
  assert.equal(pico(await spent()) - pico(before[0]), difference);
  const rows = await ledger('hour');
  assert.equal(sum(rows) - before[1], difference);
  assert.ok(rows.some((row) => row.correction));
  assert.equal((await post(path, { response_id: id, reason: 'again', cost_usd: '0.5' })).status, 409);
  assert.deepEqual(await router.receipt(receipt.receipt_id, 'kr-ops'), receipt);
  const listed = (await (await router.get(path, 'kr-ops')).json()).corrections;
  assert.equal(listed.length, 1);
  assert.equal(listed[0].cost_usd, '0.5');
  assert.match(listed[0].reason, /invoice \(key ops-key\)/);
});

test('verify asks the running server and proves receipts, ledger, views and counters', async () => {
  const told = run('verify', router.dataDir);
  assert.match(told, /0 problems/);
  assert.match(told, /equal to the journal/);
  assert.match(told, /ledger and budgets: up to sequence \d+, equal to the receipts/);
  assert.match(told, /corrections: 1, /);
  assert.equal((await post('/api/v1/verify', {}, 'kr-acme')).status, 403);
});

test('reconcile --apply corrects what is named by request id, through the server and without it, once', async () => {
  const [first, second] = [await chat(), await chat()];
  const ids = [first, second].map((receipt) => receipt.attempts[0].response_id);
  const at = Math.floor(Date.parse(first.attempts[0].started_at) / 1000) - 60;
  const row = (id, input) => `${at},gpt-4o-mini,${id},1,${input},8,7`;
  const before = pico(await spent());
  const equal = tried('reconcile', '--provider', 'openai', '--data-dir', router.dataDir, usageFile([row(ids[0], 20)]));
  assert.match(equal.stdout, /^equal 1, drifting 0, only at the provider 0/);
  const drifts = tried('reconcile', '--provider', 'openai', '--data-dir', router.dataDir, usageFile([row(ids[0], 1020), row(ids[1], 20)]));
  assert.match(drifts.stdout, /^equal 1, drifting 1, only at the provider 0/);
  assert.equal(drifts.status, 1);
  assert.equal(pico(await spent()), before, 'without --apply nothing changes');
  const applied = tried('reconcile', '--provider', 'openai', '--apply', '--data-dir', router.dataDir, usageFile([row(ids[0], 1020), row(ids[1], 20)]));
  assert.match(applied.stdout, /corrected 1 receipts, 0 drifting lines left/, applied.stdout + applied.stderr);
  assert.equal(pico(await spent()) - before, 150_000_000n); // 1000 tokens at 0.15 USD per million
  const again = tried('reconcile', '--provider', 'openai', '--apply', '--data-dir', router.dataDir, usageFile([row(ids[0], 1020), row(ids[1], 20)]));
  assert.match(again.stdout, /^equal 2, drifting 0/);
  assert.match(run('verify', router.dataDir), /corrections: 2, /);

  const own = router;
  await own.kill();
  const offline = tried('reconcile', '--provider', 'openai', '--apply', '--data-dir', own.dataDir, usageFile([row(ids[1], 2020)]));
  assert.match(offline.stdout, /corrected 1 receipts/, offline.stdout + offline.stderr);
  const told = run('verify', own.dataDir);
  assert.match(told, /corrections: 3, /);
  assert.match(told, /ledger and budgets: up to sequence/);
  router = await startRouter(provider, { dataDir: own.dataDir, extra });
  assert.equal(pico(await spent()) - before, 450_000_000n);
  assert.match(run('verify', router.dataDir), /corrections: 3, /);
});

test('a damaged ledger file is named by verify and made anew by a start', async () => {
  const own = router;
  const before = await spent();
  own.child.kill('SIGTERM');
  await own.ended;
  const file = join(own.dataDir, 'ledger.books');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(/^(h \d+ \d+ \d+ )(\d+)/m, (_, head, cost) => head + (BigInt(cost) + 1n)));
  const told = tried('verify', own.dataDir);
  assert.equal(told.status, 1);
  assert.match(told.stdout, /ledger\.books: the saved ledger is damaged/);
  router = await startRouter(provider, { dataDir: own.dataDir, extra });
  assert.match(router.log, /made anew/);
  assert.equal(await spent(), before);
  assert.match(run('verify', router.dataDir), /ledger and budgets: up to sequence/);
});
