// The live feed under load: 200 clients (50 of them a tenant's) watch while requests come as fast as they are answered. Each client's
// receipts and declared gaps must add up to what was fed to it, a tenant's stream must name no other tenant, and memory must stay.
//   ./dev build && ninja -C build/release bench_live_readers && KAIROSROUTE=$PWD/build/release/kairosroute node bench/live.mjs [CLIENTS] [SECONDS]
// (needs nginx and wrk)
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { binary, startRouter } from '../tests/e2e/support.mjs';

const [clients, seconds] = [process.argv[2] ?? 200, process.argv[3] ?? 30].map(Number);
const ofTenant = Math.min(50, clients);
const build = dirname(binary);
// The provider is an nginx that answers from memory, so that the two cores are left to what is measured.
const work = mkdtempSync(join(tmpdir(), 'kairos-live-'));
const port = await new Promise((done) => { const server = createServer().listen(0, '127.0.0.1', () => { const chosen = server.address().port; server.close(() => done(chosen)); }); });
const answer = JSON.stringify({ id: 'chatcmpl-bench', object: 'chat.completion', created: 1, model: 'gpt-4o-mini',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Old pond; a frog leaps in.' } }],
  usage: { prompt_tokens: 12, completion_tokens: 9, total_tokens: 21 } });
writeFileSync(join(work, 'nginx.conf'), readFileSync(new URL('nginx.conf', import.meta.url), 'utf8').replaceAll('@DIR@', work).replaceAll('@NAME@', 'provider')
  .replace(/^ *@SERVER@$/m, () => `server { listen 127.0.0.1:${port}; location / { return 200 '${answer}'; } }`));
const provider = spawn('nginx', ['-p', work, '-e', join(work, 'error.log'), '-c', join(work, 'nginx.conf')], { stdio: 'inherit' });
const router = await startRouter({ port }, { extra: 'store_memory: 64MiB\n' });
const resident = () => Math.round(Number(readFileSync(`/proc/${router.child.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024);

const readers = spawn(join(build, 'bench_live_readers'), [new URL(router.url).port, 'kr-acme', 'acme', String(ofTenant), 'kr-ops', String(clients - ofTenant)], { stdio: ['pipe', 'pipe', 'inherit'] });
const said = [];
readers.stdout.on('data', (text) => said.push(...String(text).trim().split('\n')));
const until = async (true_) => { while (!true_()) await new Promise((done) => setTimeout(done, 50)); };
await until(() => said.includes('ready'));
const script = join(router.dataDir, 'wrk.lua');
writeFileSync(script, `local n = 0
request = function()
  n = n + 1
  return wrk.format("POST", "/v1/chat/completions", { authorization = n % 2 == 0 and "Bearer kr-acme" or "Bearer kr-rival", ["content-type"] = "application/json" },
    '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Write a haiku."}],"max_tokens":50}')
end
`);
const marks = [resident()];
const timer = setInterval(() => marks.push(resident()), 2000);
const { stdout } = await promisify(execFile)('wrk', ['-t1', '-c8', `-d${seconds}s`, '-s', script, router.url]);
const asked = Number(stdout.match(/(\d+) requests in/)[1]);
for (let before = ''; before !== said.at(-1);) { before = said.at(-1); await new Promise((done) => setTimeout(done, 3000)); }
clearInterval(timer);
const count = async (key) => {
  const answer = await fetch(`${router.url}/api/v1/query`, { method: 'POST', headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ measures: ['requests'], from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' }) });
  return (await answer.json()).rows[0][0];
};
let last = -1;
for (let now = await count('kr-ops'); now !== last; now = await count('kr-ops')) { last = now; await new Promise((done) => setTimeout(done, 2000)); }
const fed = { all: await count('kr-ops'), tenant: await count('kr-acme') };
readers.stdin.end();
await new Promise((done) => readers.on('close', done));
const seen = said.slice(-clients).map((line) => { const [kind, ...numbers] = line.split(' '); const [receipts, dropped, gaps, foreign] = numbers.map(Number); return { kind, receipts, dropped, gaps, foreign }; });
for (const one of seen) {
  assert.equal(one.receipts + one.dropped, fed[one.kind], `${one.kind}: ${one.receipts} receipts and ${one.dropped} in gaps of ${fed[one.kind]}`);
  assert.equal(one.foreign, 0);
}
const sum = (what) => seen.reduce((total, one) => total + one[what], 0);
console.log(`${clients} clients, ${asked} requests in ${seconds} s (${Math.round(asked / seconds)} a second)`);
console.log(`${sum('receipts')} receipts shown, ${sum('dropped')} in ${sum('gaps')} declared gaps (${(100 * sum('dropped') / (sum('receipts') + sum('dropped'))).toFixed(1)} %); every client's receipts and gaps add up to what it was fed; no foreign receipt`);
console.log(`resident memory, every two seconds: ${marks.join(' ')} MiB`);
await router.stop();
provider.kill();
rmSync(work, { recursive: true, force: true });
process.exit(0);
