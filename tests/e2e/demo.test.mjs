// The demo as a new user meets it: one command, one key, a curl line, receipts of yesterday; and what it must not do.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { binary, checkReceipt, exported, launch, run } from './support.mjs';

const withoutKeys = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.endsWith('_API_KEY')));

async function startDemo(dataDir, options = [], env = withoutKeys) {
  const child = launch(binary, ['demo', '--listen', '127.0.0.1:0', '--data-dir', dataDir, ...options], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const demo = { child, out: '', log: '' };
  child.stderr.on('data', (text) => { demo.log += text; });
  demo.ended = new Promise((done) => child.on('exit', (code) => done(code)));
  await new Promise((done, failed) => {
    child.stdout.on('data', (text) => {
      demo.out += text;
      if (demo.out.includes('Say hello')) done();
    });
    demo.ended.then((code) => failed(new Error(`the demo ended with ${code}: ${demo.log}`)));
  });
  demo.url = demo.out.match(/listens on (\S+)/)[1];
  demo.key = demo.out.match(/key: (\S+)/)[1];
  demo.stop = async () => { child.kill('SIGTERM'); assert.equal(await demo.ended, 0); };
  return demo;
}

const ask = (demo, body = { model: 'auto', messages: [{ role: 'user', content: 'Say hello' }] }) =>
  fetch(`${demo.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer ${demo.key}` }, body: JSON.stringify(body) });

async function eventually(what, probe) {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await new Promise((done) => setTimeout(done, 50))) {
    const found = await probe();
    if (found) return found;
  }
  throw new Error(`not within 20 s: ${what}`);
}

test('a history that verifies, an answer by curl, running traffic, a quick second start, and clearing', async () => {
  const dataDir = join(mkdtempSync(join(tmpdir(), 'kairos-demo-')), 'demo');
  const began = new Date().toISOString();
  const demo = await startDemo(dataDir, ['--history', '3', '--rate', '20']);
  assert.equal(demo.key, 'kr-demo');
  assert.match(demo.out, /made 3 days of demo history: \d{4} receipts/);
  const answered = execFileSync('curl', ['-s', '-i', `${demo.url}/v1/chat/completions`, '-H', 'Authorization: Bearer kr-demo',
    '-d', '{"model":"auto","messages":[{"role":"user","content":"Say hello"}]}'], { encoding: 'utf8' });
  assert.match(answered, /^HTTP\/1.1 200/);
  assert.match(answered, /X-KairosRoute-Model: \S+/i);
  const newest = async () => {
    const answer = await fetch(`${demo.url}/api/v1/receipts?limit=5&tenant=nova-labs-prod`, { headers: { authorization: 'Bearer kr-demo' } });
    return answer.status === 200 ? (await answer.json()).receipts : [];
  };
  await eventually('history and generated traffic in the store', async () => (await newest()).filter((one) => one.created_at > began).length === 5);
  await demo.stop();
  assert.match(run('verify', dataDir), /, 0 problems\nstore: \d+ receipts, .* equal to the journal/);
  const receipts = exported(dataDir);
  assert.ok(receipts.every((one) => one.node_id === 'demo'));
  const generated = receipts.filter((one) => one.tenant !== 'demo');
  assert.ok(generated.length > 2500 && generated.every((one) => one.tags.demo === 'true' && checkReceipt(one)));
  assert.ok(generated.every((one) => !one.execution.provider || one.execution.provider.startsWith('sim-')));

  const again = await startDemo(dataDir, ['--history', '3', '--rate', '0']);
  assert.doesNotMatch(again.out, /made/);
  assert.equal((await ask(again)).status, 200);
  const held = spawnSync(binary, ['demo', '--clear', '--data-dir', dataDir], { encoding: 'utf8' });
  assert.equal(held.status, 1); // while it runs
  await again.stop();
  assert.equal(spawnSync(binary, ['demo', '--clear', '--data-dir', dataDir]).status, 0);
  assert.ok(!existsSync(dataDir));
});

test('other hosts are refused, other addresses are not listened on, other folders are left alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kairos-demo-'));
  const demo = await startDemo(join(folder, 'demo'), ['--history', '0', '--rate', '0']);
  const port = new URL(demo.url).port;
  for (const [host, wanted] of [['evil.example.com', 403], ['127.0.0.1.evil.com', 403], [`localhost:${port}`, 200]]) {
    const status = await new Promise((done, failed) => request({ port, host: '127.0.0.1', path: '/healthz', headers: { host } }, (answer) => {
      answer.resume();
      done(answer.statusCode);
    }).on('error', failed).end());
    assert.equal(status, wanted, host);
  }
  await demo.stop();
  for (const address of ['0.0.0.0:0', '192.0.2.1:8787', '[::]:0', 'example.com:80']) {
    assert.equal(spawnSync(binary, ['demo', '--listen', address, '--data-dir', join(folder, 'x')]).status, 2, address);
  }
  writeFileSync(join(folder, 'precious.txt'), 'mine');
  assert.equal(spawnSync(binary, ['demo', '--data-dir', folder]).status, 1);
  assert.equal(spawnSync(binary, ['demo', '--clear', '--data-dir', folder]).status, 1);
  assert.ok(existsSync(join(folder, 'precious.txt')));
  rmSync(folder, { recursive: true });
});

test('with a real key in the environment: a random admin key, a dollar a day on each real model, none for the traffic', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kairos-demo-'));
  const demo = await startDemo(join(folder, 'demo'), ['--history', '0', '--rate', '0'], { ...withoutKeys, OPENAI_API_KEY: 'sk-not-real' });
  assert.match(demo.key, /^kr-[0-9a-f]{32}$/);
  const config = execFileSync('cat', [join(folder, 'demo', 'demo.yaml')], { encoding: 'utf8' });
  assert.ok(!config.includes('sk-not-real') && !config.includes(demo.key));
  for (const model of ['gpt-4.1', 'gpt-4.1-mini', 'gpt-4.1-nano', 'gpt-4o', 'gpt-4o-mini', 'o4-mini']) {
    assert.match(config, new RegExp(`model: ${model}}, period: day, cap_usd: "1"`));
  }
  assert.equal(config.match(/providers: {allow: \["sim-\*"\]}/g).length, 5);
  const decision = await (await fetch(`${demo.url}/v1/route`, { method: 'POST', headers: { authorization: `Bearer ${demo.key}` },
    body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] }) })).json();
  assert.equal(decision.decision.provider, 'openai'); // sim-openai is not for this key
  assert.equal((await fetch(`${demo.url}/v1/models`, { headers: { authorization: 'Bearer kr-demo' } })).status, 401);
  await demo.stop();
  rmSync(folder, { recursive: true });
});

test('`traffic` through the front of a server, against `sim`', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kairos-demo-'));
  const demo = await startDemo(join(folder, 'demo'), ['--history', '0', '--rate', '0']);
  const out = run('traffic', '--url', demo.url, '--requests', '40', '--rate', '200', '--seed', '7');
  assert.match(out, /^40 sent: \d+ ok, \d+ refused \(402, 429\), \d+ errors, \d+ clients left\nlatency of the good ones: p50 \d+ ms, p95 \d+ ms\n$/);
  assert.ok(Number(out.match(/(\d+) ok/)[1]) >= 30, out);
  await demo.stop();
  assert.equal(exported(join(folder, 'demo')).length, 40);
  rmSync(folder, { recursive: true });
});
