// What is kept of prompts and answers: readable for whom it should be, sealed on disk, gone everywhere once erased.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { run, sha256, startProvider, startRouter } from './support.mjs';

const marker = 'PLANTED-MARKER-7f3a';
const key = 'ab'.repeat(32);
const tenants = `  - id: keeper
    content: full
    retention: {content_days: 30}
    keys: [{id: keeper-key, sha256: ${sha256('kr-keeper')}}]
  - id: shy
    content: redacted
    keys: [{id: shy-key, sha256: ${sha256('kr-shy')}}]
  - id: masked
    content: full
    privacy_filter: {detect: [all], action: redact}
    keys: [{id: masked-key, sha256: ${sha256('kr-masked')}}]
  - id: watcher
    keys: [{id: watcher-key, sha256: ${sha256('kr-watcher')}, role: viewer}]
content: {key_env: E2E_CONTENT_KEY}
`;

let provider;
let router;
let dataDir;
const start = async () => {
  router = await startRouter(provider, { dataDir, extra: tenants, env: { E2E_CONTENT_KEY: key } });
  dataDir = router.dataDir;
};
before(async () => {
  provider = await startProvider();
  await start();
});
after(async () => {
  if (!router) return; // no test of these was asked for
  await router.stop();
  provider.stop();
});

const files = (folder) => readdirSync(folder).flatMap((name) => {
  const path = join(folder, name);
  const status = statSync(path, { throwIfNoEntry: false }); // the database's log comes and goes
  return status?.isDirectory() ? files(path) : status?.isFile() ? [path] : [];
});
/// Files of the data folder with the text in them.
const holding = (text) => files(dataDir).filter((path) => {
  try {
    return readFileSync(path).includes(text);
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
});

const openai = (apiKey = 'kr-keeper') => new OpenAI({ apiKey, baseURL: `${router.url}/v1`, maxRetries: 0 });
async function chat(text, apiKey = 'kr-keeper', more = {}) {
  const { response } = await openai(apiKey).chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: text }], ...more }).withResponse();
  const id = response.headers.get('x-kairosroute-receipt');
  await router.receipt(id, 'kr-ops');
  return id;
}
const content = async (id, apiKey = 'kr-keeper') => {
  const response = await router.get(`/api/v1/receipts/${id}/content`, apiKey);
  return { status: response.status, ...(await response.json()) };
};
const call = (method, path, apiKey = 'kr-keeper') => fetch(router.url + path, { method, headers: { authorization: `Bearer ${apiKey}` } });

test('prompt and answer are kept as they were, for the tenant and for operators', async () => {
  const id = await chat(`tell me about ${marker}`);
  const kept = await content(id);
  assert.equal(kept.kept, true, JSON.stringify(kept));
  assert.equal(kept.policy, 'full');
  assert.equal(JSON.parse(kept.request.body).messages[0].content, `tell me about ${marker}`);
  assert.equal(JSON.parse(kept.answer.body).choices[0].message.content, 'Hello there');
  assert.equal(kept.answer.text, 'Hello there');
  assert.equal(kept.answer.http_status, 200);
  assert.equal((await router.receipt(id, 'kr-keeper')).content_policy, 'full');
  assert.equal((await content(id, 'kr-ops')).kept, true);
  const audit = await (await router.get('/api/v1/audit?limit=5', 'kr-ops')).json();
  assert.ok(audit.entries.some((entry) => entry.kind === 'content_read' && entry.who.includes('ops-key') && entry.after.receipt_id === id), JSON.stringify(audit));
  assert.equal((await content(id, 'kr-rival')).status, 404);
  assert.equal((await content(id, 'kr-watcher')).status, 403);
});

test('a stream is kept as its events, and its text is put together', async () => {
  const stream = await openai().chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'stream it' }], stream: true });
  for await (const chunk of stream) assert.ok(chunk.id);
  let page = { receipts: [] };
  do page = await (await router.get('/api/v1/receipts?limit=1', 'kr-keeper')).json(); while (typeof page.receipts[0]?.ttft_ms !== 'number');
  let kept;
  do kept = await content(page.receipts[0].receipt_id); while (kept.why_not?.reason === 'pending');
  assert.equal(kept.answer.content_type, 'text/event-stream');
  assert.equal(kept.answer.text, 'Hello there');
  assert.ok(kept.answer.body.trimEnd().endsWith('data: [DONE]'));
  assert.ok(kept.answer.body.includes(': kairosroute {'));
});

test('nothing of it is on the disk in the clear', () => {
  assert.deepEqual(holding(marker), []);
  assert.ok(files(join(dataDir, 'content')).length >= 2);
});

test('a tenant with the policy none keeps nothing', async () => {
  const id = await chat(`private ${marker}`, 'kr-acme');
  const kept = await content(id, 'kr-acme');
  assert.equal(kept.kept, false);
  assert.equal(kept.why_not.reason, 'policy');
  assert.equal((await router.receipt(id)).content_policy, undefined);
});

test('redacted content has no addresses, numbers and secrets in it, not even in a stream', async () => {
  const text = 'write to jane.doe@example.com about card 4111 1111 1111 1111';
  const id = await chat(text, 'kr-shy');
  const kept = await content(id, 'kr-shy');
  assert.equal(kept.kept, true, JSON.stringify(kept));
  assert.equal(kept.redacted, true);
  assert.ok(!/jane|4111/.test(JSON.stringify(kept)), JSON.stringify(kept));
  assert.match(kept.request.body, /\[EMAIL_1\]/);
  const response = await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-shy' },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: text }], stream: true, stream_options: { include_usage: true } }) });
  const told = JSON.parse((await response.text()).match(/^: kairosroute (.*)$/m)[1]);
  await router.receipt(told.receipt_id, 'kr-shy');
  let streamed;
  do streamed = await content(told.receipt_id, 'kr-shy'); while (streamed.why_not?.reason === 'pending');
  assert.equal(streamed.answer.text, 'Hello there');
  assert.ok(!/jane|4111/.test(JSON.stringify(streamed)));
});

test('erasing up to a time that is still to come erases up to now, and keeps what comes later', async () => {
  const goes = await chat('already there', 'kr-masked');
  const erased = await (await call('DELETE', '/api/v1/tenants/masked/content?before=2099-01-01T00:00:00Z', 'kr-ops')).json();
  assert.ok(Date.parse(erased.before) <= Date.now(), erased.before);
  assert.equal((await content(goes, 'kr-masked')).why_not.reason, 'erased');
  const stays = await chat('comes later', 'kr-masked');
  assert.equal((await content(stays, 'kr-masked')).kept, true);
});

test('what the privacy filter took out of a prompt is not kept either', async () => {
  const id = await chat('write to jane.doe@example.com', 'kr-masked');
  const kept = await content(id, 'kr-masked');
  assert.equal(kept.kept, true, JSON.stringify(kept));
  assert.equal(JSON.parse(kept.request.body).messages[0].content, 'write to [EMAIL_1]');
});

test('what is kept can be searched in, each tenant in its own', async () => {
  const id = await chat('a needle in a haystack: "quoted"\nand a line');
  const range = `from=${new Date(Date.now() - 3.6e6).toISOString()}&to=${new Date(Date.now() + 3.6e6).toISOString()}`;
  const find = async (text, apiKey = 'kr-keeper', more = '') => (await call('GET', `/api/v1/content?contains=${encodeURIComponent(text)}&${range}${more}`, apiKey)).json();
  const found = await find('NEEDLE IN A HAY');
  assert.deepEqual(found.receipts.map((row) => row.receipt_id), [id], JSON.stringify(found));
  assert.equal(found.complete, true);
  assert.equal((await find('"quoted"\nand')).receipts.length, 1);
  assert.equal((await find('needle in a hay', 'kr-rival')).receipts.length, 0);
  assert.equal((await find('needle in a hay', 'kr-ops', '&tenant=keeper')).receipts.length, 1);
  assert.equal((await call('GET', `/api/v1/content?contains=needle&${range}&tenant=keeper`, 'kr-rival')).status, 403);
  assert.equal((await call('GET', '/api/v1/content?contains=needle')).status, 400);
});

test('erasing a receipt’s content leaves the receipt and the chain, and is audited', async () => {
  const id = await chat(`erase ${marker}`);
  const bodies = files(join(dataDir, 'content')).filter((path) => path.endsWith('.keys')).map((path) => readFileSync(path));
  assert.equal((await call('DELETE', `/api/v1/receipts/${id}/content`, 'kr-rival')).status, 404);
  assert.equal((await call('DELETE', `/api/v1/receipts/${id}/content`, 'kr-watcher')).status, 403);
  const erased = await (await call('DELETE', `/api/v1/receipts/${id}/content`)).json();
  assert.deepEqual(erased, { receipt_id: id, erased: 1 });
  const kept = await content(id);
  assert.equal(kept.kept, false);
  assert.equal(kept.why_not.reason, 'erased');
  assert.ok(kept.why_not.at);
  const audit = await (await router.get('/api/v1/audit?limit=5', 'kr-ops')).json();
  assert.ok(audit.entries.some((entry) => entry.kind === 'content_erasure' && entry.who.includes('keeper-key') && entry.after.receipt_id === id));
  const now = files(join(dataDir, 'content')).filter((path) => path.endsWith('.keys')).map((path) => readFileSync(path));
  assert.notDeepEqual(bodies, now);
  assert.equal((await router.receipt(id, 'kr-keeper')).receipt_id, id);
  const verified = await (await call('POST', '/api/v1/verify', 'kr-ops')).json();
  assert.equal(verified.ok, true, JSON.stringify(verified));
});

test('content survives kill -9, and so does an erasure', async () => {
  const stays = await chat('stays after the crash');
  const goes = await chat(`goes ${marker}`);
  assert.equal((await content(stays)).kept, true);
  assert.equal((await call('DELETE', `/api/v1/receipts/${goes}/content`)).status, 200);
  await router.kill();
  assert.deepEqual(holding(marker), []);
  await start();
  await router.receipt(stays, 'kr-keeper');
  assert.equal((await content(stays)).answer.text, 'Hello there');
  assert.equal((await content(goes)).why_not.reason, 'erased');
});

test('kill -9 in the middle of many requests leaves a vault that opens, and no torn content', async () => {
  const ids = new Set();
  let dead = false;
  const client = async () => {
    while (!dead) {
      try {
        const { response } = await openai().chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: marker.repeat(50) }] }).withResponse();
        ids.add(response.headers.get('x-kairosroute-receipt'));
      } catch {
        if (!dead) throw new Error(router.log);
      }
    }
  };
  const clients = Array.from({ length: 8 }, client);
  while (ids.size < 60) await new Promise((done) => setTimeout(done, 5));
  dead = true;
  await router.kill();
  await Promise.all(clients);
  await start();
  let kept = 0;
  for (const id of ids) {
    await router.receipt(id, 'kr-keeper');
    const one = await content(id);
    if (one.kept) {
      kept += 1;
      assert.equal(JSON.parse(one.request.body).messages[0].content, marker.repeat(50));
    } else {
      assert.ok(['lost', 'pending'].includes(one.why_not.reason), JSON.stringify(one));
    }
  }
  assert.ok(kept > 0);
});

test('erasing a tenant’s content up to now leaves none of it', async () => {
  const id = await chat(`tenant ${marker}`);
  assert.equal((await call('DELETE', '/api/v1/tenants/keeper/content')).status, 403);
  const erased = await (await call('DELETE', '/api/v1/tenants/keeper/content', 'kr-ops')).json();
  assert.ok(erased.erased > 5, JSON.stringify(erased));
  assert.equal((await content(id)).why_not.reason, 'erased');
  const range = `from=${new Date(Date.now() - 3.6e6).toISOString()}&to=${new Date(Date.now() + 3.6e6).toISOString()}`;
  const found = await (await call('GET', `/api/v1/content?contains=${marker}&${range}`)).json();
  assert.deepEqual([found.receipts, found.searched], [[], 0]);
  const later = await chat('after the erasure');
  assert.equal((await content(later)).kept, true);
  assert.deepEqual(holding(marker), []);
});

test('a change of master keys: old content stays readable with the old key, then with the new one alone', async () => {
  const id = await chat('sealed by the first key');
  assert.equal((await content(id)).kept, true);
  await router.stop({ keep: true });
  const second = 'cd'.repeat(32);
  const both = tenants.replace('{key_env: E2E_CONTENT_KEY}', '{key_env: E2E_NEW_KEY, old_keys: [{key_env: E2E_CONTENT_KEY}]}');
  router = await startRouter(provider, { dataDir, extra: both, env: { E2E_CONTENT_KEY: key, E2E_NEW_KEY: second }, log: 'info' });
  while (!router.log.includes('sealed anew')) await new Promise((done) => setTimeout(done, 20));
  await router.stop({ keep: true });
  router = await startRouter(provider, { dataDir, extra: tenants, env: { E2E_CONTENT_KEY: second } });
  await router.receipt(id, 'kr-keeper');
  assert.equal((await content(id)).answer?.text, 'Hello there');
});
