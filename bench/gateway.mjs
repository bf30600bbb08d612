// The request path against nginx's proxy_pass in front of the same provider (an nginx that answers from memory), in one
// run: CPU per request, added latency, 1,000 streams, receipts per second, bytes per receipt, loading.
// Run by `./dev bench`. Absolute figures depend on the machine; the ratios are what counts. Prints one table and writes
// build/bench/gateway.json.
import { createHash } from 'node:crypto';
import { spawn, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, loadavg, tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const build = process.env.KAIROS_BUILD ?? join(root, 'build/release');
const binary = process.env.KAIROSROUTE ?? join(build, 'kairosroute');
const seconds = Number(process.env.BENCH_SECONDS ?? 4);
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const pairs = Number(process.env.BENCH_PAIRS ?? 10000);
const work = mkdtempSync(join(tmpdir(), 'kairos-bench-'));
const key = 'kr-bench';
const children = [];

const body = JSON.stringify({ model: 'auto', max_tokens: 200, messages: [
  { role: 'system', content: 'You are a helpful assistant of a travel agency. Answer briefly and in a friendly tone.' },
  { role: 'user', content: 'I would like to spend three days in Lisbon in May with two children. What should we see, where could we stay, and what will it cost? '.repeat(4) }] });
const answer = JSON.stringify({ id: 'chatcmpl-bench', object: 'chat.completion', created: 1, model: 'bench', choices: [{ index: 0, finish_reason: 'stop',
  message: { role: 'assistant', content: 'Three days are enough for Belem, the castle and a day at the beach in Cascais. '.repeat(5) } }],
usage: { prompt_tokens: 160, completion_tokens: 95, total_tokens: 255, prompt_tokens_details: { cached_tokens: 0 } } });

const freePort = () => new Promise((done) => {
  const server = createServer().listen(0, '127.0.0.1', () => { const { port } = server.address(); server.close(() => done(port)); });
});
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function reachable(port) {
  for (let tries = 0; tries < 200; ++tries) {
    try { await fetch(`http://127.0.0.1:${port}/healthz`); return; } catch { await sleep(25); }
  }
  throw new Error(`nothing listens on ${port}`);
}

async function nginx(name, server) {
  const port = await freePort();
  const text = readFileSync(join(root, 'bench/nginx.conf'), 'utf8').replaceAll('@DIR@', work).replaceAll('@NAME@', name).replace(/^ *@SERVER@$/m, () => server(port));
  const file = join(work, `${name}.conf`);
  writeFileSync(file, text);
  const child = spawn('nginx', ['-p', work, '-e', join(work, `${name}.error.log`), '-c', file], { stdio: 'inherit' });
  children.push(child);
  await reachable(port);
  const [worker] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
  children.push({ kill: (signal) => process.kill(Number(worker), signal) }); // it outlives its master
  return { port, pid: Number(worker), child };
}

async function kairosroute(name, upstream, threads) {
  const dataDir = join(work, name);
  mkdirSync(dataDir);
  const config = join(work, `${name}.yaml`);
  writeFileSync(config, `server: {listen: "127.0.0.1:0", threads: ${threads}, log: {level: warn}}
data_dir: ${dataDir}
node_id: bench
providers:
  - {id: openai, base_url: "http://127.0.0.1:${upstream}/v1", api_key_env: BENCH_KEY}
  - {id: local, dialect: openai, base_url: "http://127.0.0.1:${upstream}/v1", keyless: true}
models:
  - {id: bench-model, provider: local, dialects: [openai], capabilities: [streaming], context_length: 100000, max_output_tokens: 8000, quality: 0.2,
     prices: [{usd_per_million: {input_tokens: "1", output_tokens: "2"}}]}
tenants:
  - id: bench
    baseline_model: gpt-4o
    keys: [{id: bench-key, sha256: ${createHash('sha256').update(key).digest('hex')}, admin: true}]
budgets:
  - {id: month, scope: {tenant: bench}, period: month, cap_usd: 1000000, on_exceed: refuse}
`);
  const child = spawn(binary, ['serve', '--config', config], { env: { ...process.env, BENCH_KEY: 'sk-bench' }, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const port = await new Promise((done, failed) => {
    child.on('exit', () => failed(new Error('kairosroute ended')));
    child.stdout.on('data', (text) => { const found = String(text).match(/:(\d+)\s/); if (found) done(Number(found[1])); });
  });
  return { port, pid: child.pid, child, dataDir };
}

/// Nanoseconds of CPU used so far, by thread name.
function cpu(pid) {
  const used = {};
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const name = readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8').trim();
      used[name] = (used[name] ?? 0) + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch { /* the thread has ended */ }
  }
  return used;
}
/// Share of its CPU time that a thread spent in the kernel: sockets, above all. In ticks of 10 ms, so only of long runs.
function kernelTicks(pid, name) {
  const ticks = { kernel: 0, all: 0 };
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      if (!readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8').startsWith(name)) continue;
      const fields = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8').split(') ')[1].split(' ').map(Number);
      ticks.kernel += fields[12];
      ticks.all += fields[11] + fields[12];
    } catch { /* the thread has ended */ }
  }
  return ticks;
}
const total = (used) => Object.values(used).reduce((a, b) => a + b, 0);
const resident = (pid) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;

const script = join(work, 'post.lua');
writeFileSync(script, `wrk.method = "POST"\nwrk.body = [==[${body}]==]\nwrk.headers["Content-Type"] = "application/json"\nwrk.headers["Authorization"] = "Bearer ${key}"\n`);

/// Loads a server and tells what a request cost it, in microseconds of CPU.
async function load(target) {
  const before = cpu(target.pid);
  const child = spawn('wrk', ['-t1', '-c32', `-d${seconds}s`, '-s', script, `http://127.0.0.1:${target.port}/v1/chat/completions`], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (text) => { out += text; });
  await new Promise((done) => child.on('exit', done));
  if (/Non-2xx|Socket errors/.test(out)) throw new Error(out);
  const requests = Number(out.match(/(\d+) requests in/)[1]);
  const after = cpu(target.pid);
  const per = (names) => names.reduce((sum, name) => sum + (after[name] ?? 0) - (before[name] ?? 0), 0) / requests / 1000;
  const threads = Object.keys(after);
  return { requests, rate: requests / seconds, loops: per(threads.filter((name) => name.startsWith('kr-loop'))), whole: per(threads),
    by: Object.fromEntries(threads.map((name) => [name, per([name])]).filter(([, value]) => value > 0.05)) };
}

function requestFile(name, port) {
  const file = join(work, name);
  writeFileSync(file, `POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  return file;
}
function addedLatency(a, b) {
  return JSON.parse(execFileSync(join(build, 'bench_latency_pairs'), [a.port, requestFile('a.http', a.port), b.port, requestFile('b.http', b.port), pairs].map(String), { encoding: 'utf8' }));
}

async function streams(count, events, intervalMs) {
  const port = await freePort();
  const provider = spawn(join(build, 'bench_streams'), ['serve', port, events, intervalMs].map(String), { stdio: 'inherit' });
  children.push(provider);
  await sleep(100);
  const router = await kairosroute('streams', port, 1);
  await sleep(500);
  const idle = resident(router.pid);
  const before = cpu(router.pid);
  const reading = spawn(join(build, 'bench_streams'), ['read', router.port, key, count].map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  reading.stdout.on('data', (text) => { out += text; });
  const memory = [];
  const timer = setInterval(() => memory.push(resident(router.pid)), 250);
  await new Promise((done) => reading.on('exit', done));
  clearInterval(timer);
  const result = JSON.parse(out);
  const used = (total(cpu(router.pid)) - total(before)) / 1000;
  const third = Math.floor(memory.length / 3);
  const outcome = { ...result, idle_mib: idle, first_third_mib: Math.max(...memory.slice(0, third)), last_third_mib: Math.max(...memory.slice(-third)), cpu_us_per_event: used / count / events };
  router.child.kill('SIGTERM');
  provider.kill('SIGKILL');
  await new Promise((done) => router.child.on('exit', done));
  return outcome;
}

const folderSize = (dir) => readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
const row = (name, ...values) => console.log(`${name.padEnd(58)}${values.join('  ')}`);
const us = (value) => `${value.toFixed(1)} µs`;

try {
  const provider = await nginx('provider', (port) => `server { listen 127.0.0.1:${port} backlog=4096; location / { return 200 '${answer}'; } }`);
  const proxy = await nginx('proxy', (port) => `upstream provider { server 127.0.0.1:${provider.port}; keepalive 512; keepalive_requests 100000000; }
  server { listen 127.0.0.1:${port} backlog=4096; location / { proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; proxy_request_buffering off; } }`);
  const load1 = loadavg()[0]; // of others: what is started here comes later
  const router = await kairosroute('load', provider.port, 1);
  await sleep(1000);
  const idle = resident(router.pid);
  for (const target of [proxy, router]) await load(target); // warm
  const ticksBefore = [kernelTicks(proxy.pid, 'nginx'), kernelTicks(router.pid, 'kr-loop')];
  const runs = { direct: [], again: [], nginx: [], kairosroute: [] };
  for (let round = 0; round < rounds; ++round) {
    runs.direct.push(await load(provider));
    runs.nginx.push(await load(proxy));
    runs.kairosroute.push(await load(router));
    runs.again.push(await load(provider));
  }
  const kernelShare = [kernelTicks(proxy.pid, 'nginx'), kernelTicks(router.pid, 'kr-loop')].map((ticks, i) => (ticks.kernel - ticksBefore[i].kernel) / Math.max(ticks.all - ticksBefore[i].all, 1));
  const of = (name, what) => median(runs[name].map((run) => run[what]));
  const ratios = (what) => median(runs.kairosroute.map((run, i) => run[what] / runs.nginx[i].whole));
  const latency = addedLatency(provider, router);
  const nullLatency = addedLatency(provider, provider);
  const proxyLatency = addedLatency(provider, proxy);
  const receipts = Number(JSON.parse(execFileSync('curl', ['-s', '-H', `Authorization: Bearer ${key}`, '-d', '{"measures":["requests"]}', `http://127.0.0.1:${router.port}/api/v1/query`], { encoding: 'utf8' })).rows?.[0]?.requests ?? 0);
  router.child.kill('SIGTERM');
  await new Promise((done) => router.child.on('exit', done));
  const journalBytes = folderSize(join(router.dataDir, 'journal'));
  const began = Date.now();
  const rebuilt = execFileSync(binary, ['rebuild', router.dataDir], { encoding: 'utf8' });
  const rebuildSeconds = (Date.now() - began) / 1000;
  const count = Number(rebuilt.match(/(\d+)/)[1]);
  const storeBytes = statSync(join(router.dataDir, 'receipts.duckdb')).size;
  const streaming = await streams(1000, 100, 100);

  const result = { machine: { cores: cpus().length, load_before: load1 }, cpu: { nginx_us: of('nginx', 'whole'), loops_us: of('kairosroute', 'loops'), whole_us: of('kairosroute', 'whole'), loops_ratio: ratios('loops'), whole_ratio: ratios('whole'),
    kernel_share: { nginx: kernelShare[0], loops: kernelShare[1] }, by_thread_us: runs.kairosroute.at(-1).by, null_ratio: median(runs.again.map((run, i) => run.whole / runs.direct[i].whole)) },
  latency, nullLatency, proxyLatency, receipts_per_second: of('kairosroute', 'rate'), nginx_per_second: of('nginx', 'rate'), receipts: count, asked: receipts,
  journal_bytes_per_receipt: journalBytes / count, store_bytes_per_receipt: storeBytes / count, loader_rows_per_second: count / rebuildSeconds, idle_mib: idle, streaming };
  mkdirSync(join(root, 'build/bench'), { recursive: true });
  writeFileSync(join(root, 'build/bench/gateway.json'), JSON.stringify(result, null, 1));

  row('Program', basename(binary));
  row('Machine', `${result.machine.cores} cores`, `load of others before the run ${load1.toFixed(1)}`);
  row('CPU per request', `nginx ${us(result.cpu.nginx_us)}`, `KairosRoute's request thread ${us(result.cpu.loops_us)}`, `whole process ${us(result.cpu.whole_us)}`);
  row('  ratio to nginx', `request thread ${result.cpu.loops_ratio.toFixed(2)}×`, `whole ${result.cpu.whole_ratio.toFixed(2)}×`, `(null run: ${result.cpu.null_ratio.toFixed(2)}×)`);
  row('  of it in the kernel', `nginx ${us(result.cpu.nginx_us * kernelShare[0])}`, `request thread ${us(result.cpu.loops_us * kernelShare[1])}`);
  row('  by thread', Object.entries(result.cpu.by_thread_us).map(([name, value]) => `${name} ${us(value)}`).join(', '));
  row('Added latency over direct, one connection, paired', `p50 ${us(latency.added.p50)}`, `p99 ${us(latency.added.p99)}`);
  row('  nginx / null run (direct against direct)', `p50 ${us(proxyLatency.added.p50)} / ${us(nullLatency.added.p50)}`, `p99 ${us(proxyLatency.added.p99)} / ${us(nullLatency.added.p99)}`);
  row('Requests and receipts per second, one request thread', `${Math.round(result.receipts_per_second)}`, `(nginx ${Math.round(result.nginx_per_second)})`);
  row('Bytes per receipt', `journal ${result.journal_bytes_per_receipt.toFixed(0)}`, `store ${result.store_bytes_per_receipt.toFixed(0)}`, `(${count} receipts)`);
  row('Journal checked and store rebuilt', `${Math.round(result.loader_rows_per_second)} receipts/s`);
  row('1,000 streams at once, 10 events/s each', `${streaming.whole} whole`, `memory ${streaming.first_third_mib.toFixed(0)} → ${streaming.last_third_mib.toFixed(0)} MiB`, `${us(streaming.cpu_us_per_event)} CPU per event`);
  row('Idle memory', `${idle.toFixed(0)} MiB`);
} finally {
  for (const child of children) child.kill('SIGKILL');
  rmSync(work, { recursive: true, force: true });
}
