// Memory under load: rounds of requests as fast as they are answered, and what the process holds after each. It may grow while
// buffers and the database's pages (`store_memory`) are taken into use, and must then stay.
//   ./dev build && KAIROSROUTE=$PWD/build/release/kairosroute node bench/memory.mjs [ROUNDS] [SECONDS]     (needs wrk)
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, startRouter } from '../tests/e2e/support.mjs';

const [rounds = '8', seconds = '12'] = process.argv.slice(2);
const sim = spawn(binary, ['sim', '--latency-scale', '0.001'], { stdio: ['ignore', 'pipe', 'inherit'] });
const url = await new Promise((done) => sim.stdout.on('data', (text) => done(String(text).match(/listen on (\S+)/)[1])));
const router = await startRouter({ port: new URL(url).port }, { extra: 'store_memory: 64MiB\n' });
const script = join(router.dataDir, 'wrk.lua');
writeFileSync(script, `wrk.method = "POST"
wrk.headers["authorization"] = "Bearer kr-acme"
wrk.headers["content-type"] = "application/json"
wrk.body = '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Write a haiku."}],"max_tokens":50}'
`);
const resident = () => Math.round(Number(readFileSync(`/proc/${router.child.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024);
console.log(`at the start: ${resident()} MiB`);
let all = 0;
for (let round = 0; round < Number(rounds); ++round) {
  const told = execFileSync('wrk', ['-t1', '-c16', `-d${seconds}s`, '-s', script, `${router.url}/v1/chat/completions`], { encoding: 'utf8' });
  all += Number(told.match(/(\d+) requests in/)[1]);
  console.log(`after ${all} requests: ${resident()} MiB`);
}
await router.stop();
sim.kill();
