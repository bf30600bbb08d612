// `kairosroute receipts …`: receipts in a shell, from a running server and from its data folder.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { binary, launch, startProvider, startRouter } from './support.mjs';

let provider;
let router;

before(async () => {
  provider = await startProvider();
  router = await startRouter(provider);
  for (let i = 0; i < 3; ++i) await chat('kr-acme');
  await chat('kr-acme', 'no-such-model');
  await seen(4);
});
after(async () => {
  if (!router) return; // no test of these was asked for
  await router.stop();
  provider.stop();
});

async function chat(key, model = 'gpt-4o-mini') {
  const response = await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }) });
  await response.text();
  return response.headers.get('x-kairosroute-receipt');
}
const run = (...args) => {
  const options = typeof args.at(-1) === 'object' ? args.pop() : {};
  return new Promise((done) => execFile(binary, args, { encoding: 'utf8', maxBuffer: 1 << 26, ...options }, (error, stdout, stderr) => done({ code: error ? error.code : 0, stdout, stderr })));
};
const lines = (text) => text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));

/// Waits until a search finds that many.
async function seen(count) {
  for (let tries = 0; tries < 400; ++tries) {
    const found = await run('receipts', '--data-dir', router.dataDir, 'search');
    if (found.code === 0 && lines(found.stdout).length >= count) return;
    await new Promise((done) => setTimeout(done, 25));
  }
  assert.fail(`${count} receipts were not found`);
}

test('search filters, pages and prints one receipt a line, newest first', async () => {
  const all = await run('receipts', '--data-dir', router.dataDir, 'search');
  assert.equal(all.code, 0, all.stderr);
  const times = lines(all.stdout).map((row) => row.created_at);
  assert.equal(times.length, 4);
  assert.deepEqual(times, [...times].sort().reverse());
  const refused = await run('receipts', '--data-dir', router.dataDir, 'search', 'status=refused', 'tenant=acme');
  assert.deepEqual(lines(refused.stdout).map((row) => row.status), ['refused']);
  const two = await run('receipts', '--data-dir', router.dataDir, 'search', '--limit', '2');
  assert.equal(lines(two.stdout).length, 2);
  const none = await run('receipts', '--data-dir', router.dataDir, 'search', 'workflow=a b&c');
  assert.deepEqual([none.code, none.stdout], [0, '']);
});

test('get prints the whole receipt that search names', async () => {
  const [row] = lines((await run('receipts', '--data-dir', router.dataDir, 'search', '--limit', '1')).stdout);
  const one = await run('receipts', '--data-dir', router.dataDir, 'get', row.receipt_id);
  const receipt = JSON.parse(one.stdout);
  assert.equal(receipt.receipt_id, row.receipt_id);
  assert.ok(receipt.candidates && receipt.integrity.hash);
});

test('tail prints receipts as they close', async () => {
  const child = launch(binary, ['receipts', '--data-dir', router.dataDir, 'tail', 'tenant=acme'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = createInterface({ input: child.stdout });
  const first = new Promise((done) => output.once('line', done));
  let stop = false;
  const sent = new Set();
  const sending = (async () => { // the stream may begin after the first of these
    while (!stop) { sent.add(await chat('kr-acme')); await new Promise((done) => setTimeout(done, 50)); }
  })();
  const row = JSON.parse(await first);
  stop = true;
  await sending;
  child.kill('SIGINT');
  assert.ok(sent.has(row.receipt_id), `${row.receipt_id} is not one of ${[...sent]}`);
  assert.equal(row.tenant, 'acme');
});

test('over HTTP, with the key of the environment; wrong ones are told apart', async () => {
  const remote = (env, ...args) => run('receipts', '--server', router.url, ...args, { env: { ...process.env, ...env } });
  const good = await remote({ KAIROSROUTE_KEY: 'kr-acme' }, 'search', '--limit', '1');
  assert.equal(lines(good.stdout)[0].tenant, 'acme');
  assert.match((await remote({ KAIROSROUTE_KEY: 'kr-nobody' }, 'search')).stderr, /answers 401/);
  assert.match((await remote({ KAIROSROUTE_KEY: '' }, 'search')).stderr, /KAIROSROUTE_KEY/);
});

test('what is asked wrongly is said, and the exit code is 1', async () => {
  for (const [args, message] of [
    [['--data-dir', router.dataDir, 'search', 'status'], /'status' is not a filter like status=error/],
    [['--data-dir', router.dataDir, 'search', 'statsu=error'], /statsu/],
    [['--data-dir', '/nonexistent', 'search'], /no server runs on/],
    [['--data-dir', router.dataDir, 'get', 'rcpt_x'], /is not a receipt id/],
    [['--server', 'localhost:1', 'tail'], /http/],
  ]) {
    const ended = await run('receipts', ...args, { env: { ...process.env, KAIROSROUTE_KEY: 'x' } });
    assert.equal(ended.code, 1, args.join(' '));
    assert.match(ended.stderr, message);
    assert.equal(ended.stderr.trim().split('\n').length, 1);
  }
});
