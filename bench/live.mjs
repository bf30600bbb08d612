// The live feed under load: 200 clients (50 of them a tenant's) watch while requests come as fast as they are answered. Each client's
// receipts and declared gaps must add up to what was fed to it, a tenant's stream must name no other tenant, and memory must stay.
//   ./dev build && KAIROSROUTE=$PWD/build/release/kairosroute node bench/live.mjs [CLIENTS] [SECONDS]     (needs wrk)
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { binary, startRouter } from '../tests/e2e/support.mjs';

const [clients = '200', seconds = '30'] = process.argv.slice(2);
const sim = spawn(binary, ['sim', '--latency-scale', '0.001'], { stdio: ['ignore', 'pipe', 'inherit'] });
const url = await new Promise((done) => sim.stdout.on('data', (text) => done(String(text).match(/listen on (\S+)/)[1])));
const router = await startRouter({ port: new URL(url).port }, { extra: 'store_memory: 64MiB\n' });
const resident = () => Math.round(Number(readFileSync(`/proc/${router.child.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024);

const kReceipt = Buffer.from('event: receipt');
const kTenant = Buffer.from('"tenant":"');
const kGap = Buffer.from('event: gap');
const occurrences = (bytes, what) => { let n = 0; for (let at = bytes.indexOf(what); at >= 0; at = bytes.indexOf(what, at + what.length)) ++n; return n; };

/// Counts the events of one stream in its bytes: to read each as JSON would cost more than all that is measured.
function watch(key) {
  const seen = { key, receipts: 0, dropped: 0, gaps: 0, foreign: 0 };
  return new Promise((done) => get(`${router.url}/api/v1/receipts/live`, { agent: false, headers: { authorization: `Bearer ${key}` } }, (response) => {
    assert.equal(response.statusCode, 200);
    let rest = Buffer.alloc(0);
    response.on('data', (piece) => {
      const bytes = rest.length > 0 ? Buffer.concat([rest, piece]) : piece;
      const end = bytes.lastIndexOf('\n\n') + 2;
      if (end < 2) { rest = bytes; return; }
      const whole = bytes.subarray(0, end);
      rest = bytes.subarray(end);
      seen.receipts += occurrences(whole, kReceipt);
      if (key !== 'kr-ops') seen.foreign += occurrences(whole, kTenant) - occurrences(whole, Buffer.from('"tenant":"acme"'));
      for (let at = whole.indexOf(kGap); at >= 0; at = whole.indexOf(kGap, at + 1)) {
        ++seen.gaps;
        seen.dropped += JSON.parse(whole.subarray(whole.indexOf('data: ', at) + 6, whole.indexOf('\n\n', at)).toString()).dropped;
      }
    });
    seen.close = () => response.destroy();
    done(seen);
  }));
}
const watchers = await Promise.all(Array.from({ length: Number(clients) }, (_, i) => watch(i < 50 ? 'kr-acme' : 'kr-ops')));
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
const settled = () => watchers.map((one) => one.receipts + one.dropped).join();
for (let before = ''; before !== settled();) { before = settled(); await new Promise((done) => setTimeout(done, 3000)); }
clearInterval(timer);
const count = async (key) => {
  const answer = await fetch(`${router.url}/api/v1/query`, { method: 'POST', headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ measures: ['requests'], from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' }) });
  return (await answer.json()).rows[0][0];
};
let last = -1;
for (let now = await count('kr-ops'); now !== last; now = await count('kr-ops')) { last = now; await new Promise((done) => setTimeout(done, 2000)); }
const fed = { 'kr-ops': await count('kr-ops'), 'kr-acme': await count('kr-acme') };
for (const one of watchers) {
  assert.equal(one.receipts + one.dropped, fed[one.key], `${one.key}: ${one.receipts} receipts and ${one.dropped} in gaps of ${fed[one.key]}`);
  assert.equal(one.foreign, 0);
}
const shown = watchers.reduce((sum, one) => sum + one.receipts, 0);
const lost = watchers.reduce((sum, one) => sum + one.dropped, 0);
console.log(`${watchers.length} clients, ${asked} requests in ${seconds} s (${Math.round(asked / Number(seconds))} a second)`);
console.log(`${shown} receipts shown, ${lost} in ${watchers.reduce((sum, one) => sum + one.gaps, 0)} declared gaps (${(100 * lost / (shown + lost)).toFixed(1)} %); every client's receipts and gaps add up to what it was fed; no foreign receipt`);
console.log(`resident memory, every two seconds: ${marks.join(' ')} MiB`);
for (const one of watchers) one.close();
await router.stop();
sim.kill();
process.exit(0);
