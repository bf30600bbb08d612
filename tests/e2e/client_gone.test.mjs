// Clients that leave, and clients that read slowly.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { answer, ask, chunk, costed, head, startScripted, twoPlaces, until, usage } from './scripted.mjs';
import { exported } from './support.mjs';

let near;
let far;
before(async () => { near = await startScripted(); far = await startScripted((call) => answer(call, 'from far')); });
after(() => { near?.stop(); far?.stop(); });

const only = async (router) => {
  router.child.kill('SIGTERM');
  await router.ended;
  const receipts = exported(router.dataDir);
  assert.equal(receipts.length, 1);
  return costed(receipts[0]);
};
const policy = (name) => ({ routing: `routing: {on_client_gone: ${name}, drain_time: 10s}\n` });

test('cancel, streamed: the provider is hung up on, and what came is costed', async () => {
  const router = await twoPlaces(near, far, policy('cancel'));
  let hungUp;
  near.script = (call) => { hungUp = call.closed; head(call); call.response.write(chunk({ role: 'assistant', content: '' }) + chunk({ content: 'a few words of an answer ' })); };
  const leave = new AbortController();
  const response = await ask(router, { stream: true, signal: leave.signal });
  await response.body.getReader().read();
  leave.abort();
  await hungUp;
  const receipt = await only(router);
  assert.deepEqual([receipt.execution.status, receipt.execution.ended_by, receipt.attempts[0].status], ['cancelled', 'client', 'cancelled']);
  assert.equal(receipt.attempts[0].usage.source, 'estimated');
  assert.ok(receipt.attempts[0].usage.output_tokens >= 4);
});

test('drain, streamed: the answer is read to its end, and costs what the provider says', async () => {
  const router = await twoPlaces(near, far, policy('drain'));
  let left;
  const gone = new Promise((done) => { left = done; });
  near.script = async (call) => {
    head(call);
    call.response.write(chunk({ role: 'assistant', content: '' }) + chunk({ content: 'a few words ' }));
    await gone;
    for (let i = 0; i < 20; ++i) { call.response.write(chunk({ content: `more ${i} ` })); await new Promise((done) => setTimeout(done, 5)); }
    call.response.end(`${chunk({}, 'stop')}data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage: usage(33, 44) })}\n\ndata: [DONE]\n\n`);
  };
  const leave = new AbortController();
  const response = await ask(router, { stream: true, signal: leave.signal });
  await response.body.getReader().read();
  leave.abort();
  left();
  const receipt = await only(router);
  assert.deepEqual([receipt.execution.status, receipt.execution.ended_by, receipt.attempts[0].status], ['cancelled', 'client', 'success']);
  assert.deepEqual([receipt.usage.source, receipt.usage.input_tokens, receipt.usage.output_tokens], ['provider', 33, 44]);
  assert.equal(receipt.cost.total_usd, 33e-6 + 88e-6);
});

for (const name of ['cancel', 'drain']) {
  test(`${name}, whole: ${name === 'drain' ? 'the provider\'s usage is waited for' : 'what was produced is not known, and that is said'}`, async () => {
    const router = await twoPlaces(near, far, policy(name));
    let called;
    const arrived = new Promise((done) => { called = done; });
    let release;
    const go = new Promise((done) => { release = done; });
    near.script = async (call) => { called(call); await Promise.race([go, call.closed]); if (!call.response.destroyed) answer(call, 'too late', { input: 33, output: 44 }); };
    const leave = new AbortController();
    const asked = ask(router, { signal: leave.signal }).catch(() => undefined);
    const call = await arrived;
    leave.abort();
    await asked;
    if (name === 'cancel') await call.closed;
    else setTimeout(release, 50);
    const receipt = await only(router);
    assert.equal(receipt.execution.status, 'cancelled');
    assert.equal(receipt.attempts[0].usage.source, name === 'drain' ? 'provider' : 'unknown');
    if (name === 'drain') assert.equal(receipt.cost.total_usd, 33e-6 + 88e-6);
    else assert.equal(receipt.cost.total_usd, null);
  });
}

test('drain ends after its time', async () => {
  const router = await twoPlaces(near, far, { routing: 'routing: {on_client_gone: drain, drain_time: 200ms}\n' });
  let hungUp;
  near.script = (call) => { hungUp = call.closed; head(call); call.response.write(chunk({ content: 'a few words ' })); };
  const leave = new AbortController();
  const response = await ask(router, { stream: true, signal: leave.signal });
  await response.body.getReader().read();
  leave.abort();
  await hungUp;
  const receipt = await only(router);
  assert.equal(receipt.execution.status, 'cancelled');
  assert.equal(receipt.attempts[0].usage.source, 'estimated');
});

test('no other target is asked for a client that has left', async () => {
  const router = await twoPlaces(near, far, policy('drain'));
  const before_ = far.calls.length;
  let called;
  const arrived = new Promise((done) => { called = done; });
  let release;
  near.script = async (call) => { called(); await new Promise((done) => { release = done; }); call.response.writeHead(503, {}); call.response.end('{}'); };
  const leave = new AbortController();
  const asked = ask(router, { signal: leave.signal }).catch(() => undefined);
  await arrived;
  leave.abort();
  await asked;
  setTimeout(() => release(), 50);
  const receipt = await only(router);
  assert.deepEqual(receipt.attempts.map((one) => one.status), ['error']);
  assert.equal(receipt.execution.status, 'cancelled');
  assert.equal(far.calls.length, before_);
});

const rss = (pid) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;

test('a client that reads slowly slows the provider, and nothing piles up in between', async () => {
  const router = await twoPlaces(near, far);
  const mine = 200 * 1024 * 1024;
  let sent = 0;
  let full = false;
  near.script = (call) => {
    head(call);
    const piece = chunk({ content: 'x'.repeat(16 * 1024) });
    const pump = () => { while (sent < mine) { sent += piece.length; if (!call.response.write(piece)) { full = true; call.response.once('drain', () => { full = false; pump(); }); return; } } };
    pump();
  };
  const body = JSON.stringify({ model: 'auto', stream: true, max_tokens: 50, messages: [{ role: 'user', content: 'Hello' }] });
  const before_ = rss(router.child.pid);
  const socket = connect(Number(new URL(router.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer kr-acme\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  await new Promise((done) => socket.once('data', done));
  socket.pause();
  let last = -1;
  await until('the provider to be stopped', async () => { const still = full && sent === last; last = sent; await new Promise((done) => setTimeout(done, 300)); return still; });
  assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were taken for a client that takes none`);
  assert.ok(rss(router.child.pid) - before_ < 64, `${rss(router.child.pid)} MiB after ${before_}`);
  const stood = sent;
  socket.resume();
  await until('it goes on', () => sent > stood + 1024 * 1024);
  socket.destroy();
  await router.stop();
});
