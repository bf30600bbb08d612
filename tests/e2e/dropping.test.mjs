// Old segments of the journal go, and nothing that was counted goes with them: history that lies days in the past is made
// by the demo, then served with journal.keep_days.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { binary, launch, run, sha256, startProvider, startRouter } from './support.mjs';

const folder = mkdtempSync(join(tmpdir(), 'kairos-dropping-'));
const dataDir = join(folder, 'data');
let provider;
let router;
let truth; // as it was with the whole journal
let oldest; // receipt, as it was exported

const tried = (...args) => spawnSync(binary, args, { encoding: 'utf8', maxBuffer: 1 << 30 });
const segments = (dir = dataDir) => readdirSync(join(dir, 'journal')).filter((name) => name.endsWith('.seg')).sort();
const pico = (text) => { const [whole, part = ''] = text.replace('-', '').split('.'); return BigInt(whole + part.padEnd(12, '0')) * (text.startsWith('-') ? -1n : 1n); };
const sum = (rows) => rows.reduce((so_far, row) => so_far + pico(row.cost_usd), 0n).toString();

async function until(what, ready) {
  for (let tries = 0; tries < 1200; ++tries) {
    if (await ready()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`${what} did not happen: ${router?.log}`);
}

/// The demo's configuration with another provider behind the same targets, and how long the journal is kept.
function settings(dir, { keep, more = '', edit = (text) => text }) {
  const text = readFileSync(join(dir, 'demo.yaml'), 'utf8')
    .replace(/^data_dir: .*$/m, `data_dir: "${dir}"`)
    .replace(/listen: "[^"]*"/, 'listen: "127.0.0.1:0"').replace('level: warn', 'level: info')
    .replace(/127\.0\.0\.1:\d+\/v1/g, `127.0.0.1:${provider.port}/v1`)
    .replace(/(id: quill-apps-key, sha256: )[0-9a-f]+/, `$1${sha256('kr-quill-apps')}`)
    .replace('segment_bytes: 4MiB', `segment_bytes: 4MiB${keep ? `, keep_days: ${keep}` : ''}`);
  return edit(text) + more;
}
const serve = (dir, parts) => startRouter(provider, { dataDir: dir, text: settings(dir, parts) });
const json = async (path, of = router) => { const answer = await of.get(path, 'kr-demo'); assert.equal(answer.status, 200, path); return answer.json(); };
const rows = async (path, of = router) => (await (await of.get(path, 'kr-demo')).text()).trim().split('\n').map((line) => JSON.parse(line));

/// Everything that money and views say, once the store has all.
async function figures(of = router) {
  const budgets = (await json('/api/v1/budgets', of)).budgets.filter((one) => one.id.endsWith('-month')).map((one) => [one.id, one.state.spent_usd, one.state.reserved_usd]);
  const days = await rows('/api/v1/ledger?format=json&grain=day', of);
  const hours = await rows('/api/v1/ledger?format=json&grain=hour', of);
  const ask = { measures: ['requests', 'cost', 'charged'], dimensions: ['tenant'], from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' };
  const answer = await fetch(`${of.url}/api/v1/query`, { method: 'POST', headers: { authorization: 'Bearer kr-demo' }, body: JSON.stringify(ask) });
  assert.equal(answer.status, 200, await answer.clone().text());
  return JSON.stringify({ budgets, days: [days.length, sum(days)], hours: [hours.length, sum(hours)], views: (await answer.json()).rows });
}

before(async () => {
  provider = await startProvider();
  const demo = launch(binary, ['demo', '--listen', '127.0.0.1:0', '--data-dir', dataDir, '--history', '6', '--receipts-per-day', '2500', '--rate', '0'],
    { env: { PATH: process.env.PATH, HOME: process.env.HOME }, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((done, failed) => {
    demo.stdout.on('data', (text) => { if (/listens on/.test(text)) done(); });
    demo.on('exit', () => failed(new Error('the demo ended')));
  });
  await new Promise((done) => { demo.removeAllListeners('exit'); demo.on('exit', done); demo.kill('SIGTERM'); });
  oldest = JSON.parse(spawnSync(binary, ['receipts', '--data-dir', dataDir, 'export'], { encoding: 'utf8', maxBuffer: 1 << 30 }).stdout.split('\n', 1)[0]);
  router = await serve(dataDir, {});
  assert.ok(segments().length >= 4, `${segments()}`);
  assert.match(run('verify', dataDir), /equal to the journal/);
  truth = await figures();
  await router.stop({ keep: true });
  cpSync(dataDir, join(folder, 'whole'), { recursive: true, filter: (source) => !source.endsWith('.sock') });
});
after(async () => {
  await router?.stop({ keep: true }).catch(() => undefined);
  provider?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a destination that is down holds the journal back, and is named', async () => {
  const dir = join(folder, 'held');
  cpSync(join(folder, 'whole'), dir, { recursive: true });
  writeFileSync(join(dir, 'otlp-down.cursor'), 'no place'); // so that it begins at the beginning
  const otlp = 'otlp: {destinations: [{id: down, endpoint: "http://127.0.0.1:9", metrics: false}]}\n';
  const held = await serve(dir, { keep: 2, more: otlp });
  await until('the warning', () => /needed_by=otlp_down/.test(held.log));
  const metrics = await (await held.get('/metrics', 'kr-demo')).text();
  assert.match(metrics, /kairosroute_journal_held_back_segments\{by="otlp_down"\} [1-9]/);
  assert.equal(segments(dir)[0], '0000000000000001.seg');
  await held.stop();
});

test('keep_days by a reload: old segments go, sums and budgets stay to the picodollar', async () => {
  router = await serve(dataDir, {});
  writeFileSync(join(dataDir, 'config.yaml'), settings(dataDir, { keep: 2 }));
  const all = segments();
  router.child.kill('SIGHUP');
  await until('dropping', () => /dropped old segments/.test(router.log));
  assert.ok(segments().length < all.length && segments()[0] > all[0], `${segments()}`);
  assert.equal(segments().at(-1), all.at(-1));
  assert.equal(await figures(), truth);
  assert.match(await (await router.get('/metrics', 'kr-demo')).text(), /kairosroute_journal_dropped_segments_total [1-9]/);
  const told = run('verify', dataDir);
  assert.match(told, /dropped: up to sequence \d+; the journal begins at .* receipts, [\d.]+ USD, equal to the store/);
  assert.match(told, /ledger and budgets: up to sequence/);
});

test('a dropped receipt says so, wherever it is asked for; its row is still found', async () => {
  const id = oldest.receipt_id;
  const post = { method: 'POST', headers: { authorization: 'Bearer kr-demo' } };
  for (const [path, init] of [['', {}], ['/content', {}], ['/corrections', {}], ['/replay', { ...post, body: '{}' }],
    ['/corrections', { ...post, body: '{"response_id":"x","reason":"r","cost_usd":"1"}' }]]) {
    const answer = await fetch(`${router.url}/api/v1/receipts/${id}${path}`, { headers: { authorization: 'Bearer kr-demo' }, ...init });
    assert.deepEqual([answer.status, answer.statusText], [410, 'Gone'], path);
    assert.match((await answer.json()).detail, /dropped with its part of the journal, which begins at .*journal\.keep_days.*row stays/, path);
  }
  const found = await json(`/api/v1/receipts?trace_id=${oldest.trace.trace_id}`);
  assert.deepEqual(found.receipts.map((row) => row.receipt_id), [id]);
  const got = tried('receipts', '--data-dir', dataDir, 'get', id);
  assert.equal(got.status, 1);
  assert.match(got.stderr, /the journal begins at sequence \d+ .*not kept any more/);
  const stream = await fetch(`${router.url}/api/v1/receipts/live`, { headers: { authorization: 'Bearer kr-demo', 'last-event-id': id } });
  let heard = '';
  for await (const piece of stream.body.pipeThrough(new TextDecoderStream())) {
    heard += piece;
    if (/\n\n[^]*\n\n/.test(heard)) break; // who comes back with it is told of a gap before anything else
  }
  assert.match(heard, /event: gap\ndata: \{"dropped":null,/);
  const erased = await fetch(`${router.url}/api/v1/receipts/${id}/content`, { method: 'DELETE', headers: { authorization: 'Bearer kr-demo' } });
  assert.equal(erased.status, 200); // what is kept of it can still be destroyed
});

test('what the journal cannot list any more is an error or told, never left out on the quiet', async () => {
  const whole = await router.get('/api/v1/ledger?format=json&grain=receipt', 'kr-demo');
  assert.equal(whole.status, 400);
  const { detail } = await whole.json();
  const from = detail.match(/receipts from (\S+) on/)[1];
  const listed = await rows(`/api/v1/ledger?format=json&grain=receipt&from=${from}`);
  assert.ok(listed.length > 0);
  const exported = tried('receipts', '--data-dir', dataDir, 'export', '--format', 'csv', '--grain', 'day');
  assert.equal(exported.status, 0, exported.stderr);
  const lines = tried('receipts', '--data-dir', dataDir, 'export');
  assert.match(lines.stderr, /older segments were dropped .*left out/);
  assert.equal(exported.stdout.trim().split('\r\n').length - 1, JSON.parse(truth).days[0]); // with the days of before
  // Bounds that are no whole hours: the journal would have to say it, not the books.
  assert.equal((await router.get('/api/v1/ledger?format=json&grain=hour&from=2020-01-01T00:00:01Z', 'kr-demo')).status, 400);
});

test('a restart, and one without the ledger file, begin with the same sums; caps hold', async () => {
  await router.stop({ keep: true });
  router = await serve(dataDir, { keep: 2 });
  assert.equal(await figures(), truth);
  await router.stop({ keep: true });
  rmSync(join(dataDir, 'ledger.books'));
  assert.match(run('verify', dataDir), /ledger: none is saved/);
  const budget = JSON.parse(truth).budgets.find(([id]) => id === 'quill-apps-month');
  const cap = (Number(budget[1]) + 0.000001).toFixed(6);
  router = await serve(dataDir, { keep: 2, edit: (text) => text.replace(/(quill-apps-month,.*?cap_usd: )"[^"]*"/, `$1"${cap}"`) });
  assert.equal(await figures(), truth);
  const refused = await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-quill-apps' },
    body: JSON.stringify({ model: 'gpt-4o-mini', max_tokens: 500, messages: [{ role: 'user', content: 'Hello' }] }) });
  assert.equal(refused.status, 402, await refused.text());
  assert.match(run('verify', dataDir), /ledger and budgets: up to sequence/);
  await router.stop({ keep: true });
});

test('rebuild keeps the rows that only the store has, and refuses to lose them unasked', async () => {
  assert.match(run('rebuild', dataDir), /kept \d+ rows up to sequence \d+[^]*rebuilt from \d+ receipts/);
  assert.match(run('verify', dataDir), /USD, equal to the store[^]*equal to the journal/);
  router = await serve(dataDir, { keep: 2 });
  const { budgets, days, views } = JSON.parse(await figures());
  const before = JSON.parse(truth);
  assert.deepEqual([budgets, days], [before.budgets, before.days]);
  const quill = (of) => of.find(([tenant]) => tenant === 'quill-apps');
  assert.deepEqual(views.filter((row) => row !== quill(views)), before.views.filter((row) => row !== quill(before.views))); // it has the refused one more
  assert.equal(Number(quill(views)[1]), Number(quill(before.views)[1]) + 1);
  await router.stop({ keep: true });
  rmSync(join(dataDir, 'receipts.duckdb'));
  const refused = tried('rebuild', dataDir);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /only a store has the rows[^]*--without-dropped/);
  assert.match(run('rebuild', dataDir, '--without-dropped'), /rebuilt from \d+ receipts/);
  assert.match(run('verify', dataDir), /which the store has no longer either/);
});

test('kill -9 while it drops: the next start has everything, and goes on with it', async () => {
  const dir = join(folder, 'killed');
  const mark = join(dir, 'journal', 'base.mark');
  const dead = [() => existsSync(mark), () => segments(dir)[0] !== '0000000000000001.seg'];
  for (const now of dead) {
    rmSync(dir, { recursive: true, force: true });
    cpSync(join(folder, 'whole'), dir, { recursive: true });
    const victim = await serve(dir, { keep: 2 });
    await new Promise((done) => { const look = () => (now() ? done() : setImmediate(look)); look(); });
    await victim.kill();
    rmSync(join(dir, 'ledger.books'), { force: true });
    router = await serve(dir, { keep: 2 });
    assert.equal(await figures(), truth);
    await until('dropping', () => segments(dir)[0] !== '0000000000000001.seg' && (/dropped old segments/.test(router.log) || segments(dir).length < 4));
    assert.equal(await figures(), truth);
    assert.match(run('verify', dir), /USD, equal to the store/);
    await router.stop({ keep: true });
    assert.match(run('verify', dir), /ledger and budgets: up to sequence/);
  }
});
