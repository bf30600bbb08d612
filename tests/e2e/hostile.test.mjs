// Hostile and odd clients: what they get, what it leaves, and that others go on meanwhile.
import assert from 'node:assert/strict';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { answer, ask, startScripted, twoPlaces, until } from './scripted.mjs';
import { exported } from './support.mjs';

let near;
let far;
let router;
before(async () => {
  near = await startScripted((call) => answer(call, 'from near'));
  far = await startScripted((call) => answer(call, 'from far'));
  router = await twoPlaces(near, far, { server: ', limits: {head_time: 400ms, body_time: 400ms, body_bytes: 1MiB, head_fields: 64}' });
});
after(async () => { await router?.stop(); near?.stop(); far?.stop(); });

/// Writes `pieces` (a number: a pause in ms) and gives back all that comes until the server closes or `done(text)`.
function raw(pieces, done = () => false) {
  return new Promise((end) => {
    let text = '';
    const socket = connect(Number(new URL(router.url).port), '127.0.0.1', async () => {
      for (const piece of pieces) {
        if (socket.destroyed) break;
        if (typeof piece === 'number') await new Promise((later) => setTimeout(later, piece));
        else if (!socket.write(piece)) await Promise.race([new Promise((later) => socket.once('drain', later)), new Promise((later) => socket.once('close', later))]);
      }
    });
    socket.on('data', (bytes) => { text += bytes; if (done(text)) socket.destroy(); });
    socket.on('error', () => undefined);
    socket.on('close', () => end(text));
  });
}
const post = (headers, body = '') => `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer kr-acme\r\n${headers}\r\n${body}`;
const body = JSON.stringify({ model: 'auto', max_tokens: 5, messages: [{ role: 'user', content: 'Hello' }] });
const good = post(`Content-Length: ${body.length}\r\n`, body);
const errorOf = (text) => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)).error;
const receiptIn = (text) => text.match(/x-kairosroute-receipt: (\S+)/i)?.[1];

test('a head that trickles is not waited for', async () => {
  const text = await raw(['POST /v1/chat/completions HTTP/1.1\r\n', ...Array.from({ length: 20 }, (_, i) => [`X-${i}: y\r\n`, 60]).flat()]);
  assert.match(text, /^HTTP\/1.1 408 /);
});

test('a body that trickles is not waited for, and has a receipt', async () => {
  const text = await raw([post('Content-Length: 1000\r\n'), ...Array.from({ length: 20 }, () => ['{', 60]).flat()]);
  assert.match(text, /^HTTP\/1.1 408 /);
  assert.equal((await router.receipt(receiptIn(text))).execution.status, 'refused');
});

test('bombs of heads', async () => {
  assert.match(await raw([post(Array.from({ length: 200 }, (_, i) => `X-${i}: y\r\n`).join(''))]), /^HTTP\/1.1 431 /);
  assert.match(await raw([post(`X-Long: ${'y'.repeat(100_000)}\r\n`)]), /^HTTP\/1.1 431 /);
  assert.match(await raw(['x'.repeat(200_000)]), /^HTTP\/1.1 4\d\d /);
});

test('a body of 100 MB, told beforehand or not, is refused in the API\'s shape with a receipt', async () => {
  const told = await raw([post('Content-Length: 104857600\r\n')]);
  assert.match(told, /^HTTP\/1.1 413 /);
  assert.match(errorOf(told).message, /larger than the limit/);
  assert.equal((await router.receipt(receiptIn(told))).execution.http_status, 413);
  const chunk = `10000\r\n${'x'.repeat(65536)}\r\n`;
  const untold = await raw([post('Transfer-Encoding: chunked\r\n'), ...Array.from({ length: 1600 }, () => chunk)]);
  assert.match(untold, /^HTTP\/1.1 413 /);
  assert.ok(receiptIn(untold));
});

test('a stranger learns nothing from sending much', async () => {
  const text = await raw([post('Content-Length: 104857600\r\n').replace('kr-acme', 'kr-nobody')]);
  assert.match(text, /^HTTP\/1.1 401 /);
  assert.equal(receiptIn(text), undefined);
});

test('one connection: pipelined, chunked, with 100-continue, one after the other', async () => {
  const chunked = post('Transfer-Encoding: chunked\r\n', `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
  const answers = (text) => (text.match(/HTTP\/1.1 200 /g) ?? []).length;
  const text = await new Promise((end) => {
    let all = '';
    let asked = false;
    let sent = false;
    const socket = connect(Number(new URL(router.url).port), '127.0.0.1', () => socket.write(good + chunked + good));
    socket.on('error', () => undefined);
    socket.on('close', () => end(all));
    socket.on('data', (bytes) => {
      all += bytes;
      const heard = (all.match(/from near/g) ?? []).length;
      if (heard === 3 && !asked) { asked = true; socket.write(post(`Content-Length: ${body.length}\r\nExpect: 100-continue\r\n`)); }
      if (all.includes('100 Continue') && !sent) { sent = true; socket.write(body); }
      if (heard === 4) socket.destroy();
    });
  });
  assert.equal(answers(text), 4);
  assert.equal((text.match(/HTTP\/1.1 100 Continue/g) ?? []).length, 1);
  assert.equal(new Set(text.match(/rcpt_\w+/g)).size, 4, 'a receipt each');
});

const wrong = [
  ['not JSON', '{"model": "auto",', null], ['a list', '[]', null], ['a model that is a number', '{"model":7,"messages":[]}', 'model'],
  ['messages that are a text', '{"model":"auto","messages":"hi"}', 'messages'], ['a key twice, once escaped', '{"model":"auto","mod\\u0065l":"x","messages":[]}', 'model'],
  ['an absurd bound', '{"model":"auto","max_tokens":1e30,"messages":[{"role":"user","content":"x"}]}', 'max_tokens'],
  ['a bound of nothing', '{"model":"auto","max_tokens":-5,"messages":[{"role":"user","content":"x"}]}', 'max_tokens'],
  ['a stream that is a text', '{"model":"auto","stream":"yes","messages":[{"role":"user","content":"x"}]}', 'stream'],
  ['bytes that are no UTF-8', Buffer.from('{"model":"auto","messages":[{"role":"user","content":"\xff\xfe"}]}', 'latin1'), null],
  ['nested without end', `{"model":"auto","messages":${'['.repeat(5000)}${']'.repeat(5000)}}`, null],
];
for (const [what, bytes, param] of wrong) {
  test(`a body with ${what}`, async () => {
    const calls = near.calls.length;
    const response = await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' }, body: bytes });
    assert.equal(response.status, 400);
    const { error } = await response.json();
    assert.equal(error.type, 'invalid_request_error');
    if (param) assert.equal(error.param, param, error.message);
    assert.equal((await router.receipt(response.headers.get('x-kairosroute-receipt'))).execution.status, 'refused');
    assert.equal(near.calls.length, calls, 'nobody was asked');
  });
}

test('while hundreds of half-open connections wait, others are served', async () => {
  const idle = Array.from({ length: 300 }, () => { const socket = connect(Number(new URL(router.url).port), '127.0.0.1'); socket.on('error', () => undefined); socket.write('POST /v1/chat'); return socket; });
  for (let i = 0; i < 20; ++i) assert.equal((await ask(router)).status, 200);
  idle.forEach((socket) => socket.destroy());
});

test('a reload under load drops no request; SIGTERM lets what runs end', async () => {
  const own = await twoPlaces(near, far);
  const statuses = [];
  let more = true;
  const worker = async () => { while (more) statuses.push((await ask(own, { stream: statuses.length % 2 === 0 }).then(async (response) => { await response.text(); return response.status; }))); };
  const workers = Array.from({ length: 8 }, worker);
  const file = join(own.dataDir, 'config.yaml');
  const text = readFileSync(file, 'utf8');
  for (let i = 0; i < 10; ++i) {
    const changed = { 4: '', 5: 'providers: [' }[i] ?? `${text}# ${i}\n`; // an empty file or one with an error changes nothing
    writeFileSync(`${file}.new`, changed);
    renameSync(`${file}.new`, file); // an earlier reload may be reading it
    own.child.kill('SIGHUP');
    const so_far = statuses.length;
    await until('requests after the reload', () => statuses.length > so_far + 16);
  }
  more = false;
  await Promise.all(workers);
  assert.deepEqual([...new Set(statuses)], [200]);
  let release;
  let arrived;
  const there = new Promise((done) => { arrived = done; });
  near.script = async (call) => { arrived(); await new Promise((done) => { release = done; }); answer(call, 'at last'); };
  const last = ask(own);
  await there;
  own.child.kill('SIGTERM');
  await until('no new connections', () => fetch(`${own.url}/healthz`).then(() => false, () => true));
  release();
  const response = await last;
  near.script = (call) => answer(call, 'from near');
  assert.match(await response.text(), /at last/);
  assert.equal((await own.ended).code, 0);
  assert.equal(exported(own.dataDir).length, statuses.length + 1);
});
