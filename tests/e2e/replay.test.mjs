// Asking a receipt's request again: one, many, and another policy over past receipts.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import OpenAI from 'openai';
import { binary, configuration, exported, sha256, startProvider, startRouter } from './support.mjs';

const extra = `  - id: keeper
    content: full
    keys: [{id: keeper-key, sha256: ${sha256('kr-keeper')}}]
  - id: poor
    content: full
    keys: [{id: poor-key, sha256: ${sha256('kr-poor')}}]
  - id: masked
    content: full
    privacy_filter: {detect: [email], action: redact}
    keys: [{id: masked-key, sha256: ${sha256('kr-masked')}}]
  - id: narrowed
    content: full
    privacy_filter: {detect: [email], action: narrow}
    keys: [{id: narrowed-key, sha256: ${sha256('kr-narrowed')}}]
  - id: bound
    content: full
    providers: {allow: [openai]}
    keys: [{id: bound-key, sha256: ${sha256('kr-bound')}}]
content: {key_env: E2E_CONTENT_KEY}
budgets:
  - {id: poor-cap, scope: {tenant: poor}, period: total, cap_usd: "0.002"}
`;
let provider;
let router;
before(async () => {
  provider = await startProvider();
  router = await startRouter(provider, { extra, env: { E2E_CONTENT_KEY: 'ab'.repeat(32) } });
});
after(async () => {
  if (!router) return; // no test of these was asked for
  await router.stop();
  provider.stop();
});

async function chat(apiKey, more = {}, headers = {}) {
  const openai = new OpenAI({ apiKey, baseURL: `${router.url}/v1`, maxRetries: 0 });
  const { response } = await openai.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Say hello' }], ...more }, { headers }).withResponse();
  const id = response.headers.get('x-kairosroute-receipt');
  await router.receipt(id, 'kr-ops');
  return id;
}
const send = (method, path, body, apiKey = 'kr-keeper') =>
  fetch(router.url + path, { method, headers: { authorization: `Bearer ${apiKey}` }, body: body === undefined ? undefined : JSON.stringify(body) });
const replay = async (id, body = {}, apiKey = 'kr-keeper') => {
  const response = await send('POST', `/api/v1/receipts/${id}/replay`, body, apiKey);
  return { http: response.status, ...(await response.json()) };
};

test('a replay is a new receipt that names the old one; both sides and what differs are told', async () => {
  const id = await chat('kr-keeper', { temperature: 0 }, { 'X-KairosRoute-Workflow': 'poems' });
  const asked = provider.requests.length;
  const told = await replay(id);
  assert.equal(told.http, 200, JSON.stringify(told));
  assert.equal(provider.requests.length, asked + 1);
  assert.equal(provider.requests.at(-1).raw, provider.requests.at(-2).raw);
  assert.equal(told.content, 'stored');
  assert.equal(told.original.receipt_id, id);
  assert.equal(told.original.output, 'Hello there');
  assert.equal(told.replay.output, 'Hello there');
  assert.deepEqual(told.diff, { equal: true, text: [{ op: 'equal', text: 'Hello there' }], json: null });
  assert.equal(told.delta.cost_usd, '0');
  const receipt = await router.receipt(told.replay.receipt_id, 'kr-keeper');
  assert.deepEqual(receipt.replay, { of: id, content: 'stored' });
  assert.equal(receipt.workflow, 'poems');
  assert.equal(receipt.api_key_id, 'keeper-key');
  assert.equal(receipt.execution.actual_cost_usd, Number(told.replay.cost_usd));
});

test('another model, and overrides; what differs is told by words and by members', async () => {
  const id = await chat('kr-keeper', { response_format: { type: 'json_object' } });
  provider.behave = () => ({ status: 200, body: { id: 'x', object: 'chat.completion', created: 1, model: 'gpt-4o-mini', usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
    choices: [{ index: 0, message: { role: 'assistant', content: '{"ok":false}' }, finish_reason: 'stop' }] } });
  const told = await replay(id, { model_id: 'gpt-4o-mini', overrides: { temperature: 0.5, 'max_tokens': 50 } });
  provider.behave = () => undefined;
  assert.equal(told.http, 200, JSON.stringify(told));
  assert.equal(told.replay.model_id, 'gpt-4o-mini');
  assert.equal(provider.requests.at(-1).body.temperature, 0.5);
  assert.deepEqual(told.diff.json, [{ op: 'change', path: '/ok', before: true, after: false }]);
  assert.ok(told.delta.cost_usd.startsWith('-'), told.delta.cost_usd);
});

test('where the request is not kept, its exact bytes can be given', async () => {
  const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'not kept' }] });
  const first = await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' }, body });
  const id = first.headers.get('x-kairosroute-receipt');
  await router.receipt(id);
  const missing = await replay(id, {}, 'kr-acme');
  assert.equal(missing.http, 409);
  assert.match(missing.detail, /not kept/);
  assert.equal((await replay(id, { body: body.replace('kept', 'keep') }, 'kr-acme')).http, 409);
  const told = await replay(id, { body }, 'kr-acme');
  assert.equal(told.http, 200, JSON.stringify(told));
  assert.equal(told.content, 'supplied');
  assert.equal(told.original.output, null);
  assert.equal(told.diff, null);
  assert.equal((await router.receipt(told.replay.receipt_id)).replay.content, 'supplied');
});

test('tools are refused unless the asker says that they only propose', async () => {
  const id = await chat('kr-keeper', { tools: [{ type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: {} } } }] });
  const refused = await replay(id);
  assert.equal(refused.http, 422);
  assert.match(refused.detail, /allow_tools/);
  const told = await replay(id, { allow_tools: true });
  assert.equal(told.http, 200, JSON.stringify(told));
});

test('others get nothing; operators replay on their own key, and keep no copy', async () => {
  const id = await chat('kr-keeper');
  assert.equal((await replay(id, {}, 'kr-rival')).http, 404);
  const told = await replay(id, {}, 'kr-ops');
  assert.equal(told.http, 200, JSON.stringify(told));
  const receipt = await router.receipt(told.replay.receipt_id, 'kr-ops');
  assert.equal(receipt.tenant, 'ops');
  assert.equal(receipt.content_policy, undefined);
  assert.equal((await replay('rcpt_01JKEZ4F9T8QX2M7RA11111111')).http, 404);
  assert.equal((await replay(id, { nonsense: 1 })).http, 400);
});

test('whoever asks again, the rules of the tenant whose data it is hold', async () => {
  const messages = [{ role: 'user', content: 'write to jane.doe@example.com' }];
  const masked = await chat('kr-masked', { messages });
  assert.equal((await replay(masked, {}, 'kr-ops')).http, 200);
  assert.equal(provider.requests.at(-1).body.messages[0].content, 'write to [EMAIL_1]');
  assert.equal((await replay(masked, {}, 'kr-masked')).http, 200); // the fingerprint is that of what is kept

  const refused = await chat('kr-narrowed', { messages }).catch((error) => error); // no provider here retains nothing
  const narrowed = refused.headers.get('x-kairosroute-receipt');
  await router.receipt(narrowed, 'kr-narrowed');
  const asked = provider.requests.length;
  const told = await replay(narrowed, {}, 'kr-ops');
  assert.equal(told.replay.http_status, 400, JSON.stringify(told));
  assert.equal(provider.requests.length, asked);

  const bound = await replay(await chat('kr-bound'), {}, 'kr-ops');
  assert.equal(bound.http, 409);
  assert.match(bound.detail, /tenant bound restricts where its data may go/);
});

test('a replay never passes a budget of its asker', async () => {
  const id = await chat('kr-poor', { model: 'gpt-4o-mini', max_tokens: 50 });
  let refused;
  for (let i = 0; i < 200 && !refused; ++i) {
    const told = await replay(id, { model_id: 'gpt-4o', overrides: { max_tokens: 60 } }, 'kr-poor');
    if (told.replay.http_status === 402) refused = told;
  }
  assert.ok(refused, 'the cap was never reached');
  assert.equal(refused.replay.output, null);
  assert.equal(refused.diff, null);
  const receipts = exported(router.dataDir).filter((receipt) => receipt.tenant === 'poor');
  assert.ok(receipts.reduce((sum, receipt) => sum + receipt.execution.actual_cost_usd, 0) <= 0.002);
});

const finished = async (id, apiKey = 'kr-keeper') => {
  let run;
  do run = await (await send('GET', `/api/v1/replays/${id}`, undefined, apiKey)).json(); while (run.state === 'running');
  return run;
};

test('many receipts against several models, with progress and sums', async () => {
  for (let i = 0; i < 3; ++i) await chat('kr-keeper', {}, { 'X-KairosRoute-Workflow': 'batch' });
  const started = await send('POST', '/api/v1/replays', { filter: 'workflow=batch', models: ['gpt-4o-mini', 'gpt-4.1-nano'], max_cost_usd: '1' });
  assert.equal(started.status, 202);
  const run = await finished((await started.json()).id);
  assert.equal(run.state, 'done', JSON.stringify(run));
  assert.deepEqual([run.total, run.done, run.results.length], [6, 6, 6]);
  assert.deepEqual(run.per_model.map((one) => [one.model_id, one.replayed, one.equal]), [['gpt-4o-mini', 3, 3], ['gpt-4.1-nano', 3, 3]]);
  const sum = run.results.reduce((all, one) => all + Math.round(Number(one.cost_usd) * 1e12), 0);
  assert.equal(Math.round(Number(run.spent_usd) * 1e12), sum);
  assert.equal((await send('GET', `/api/v1/replays/${run.id}`, undefined, 'kr-rival')).status, 404);
  assert.equal((await send('DELETE', `/api/v1/replays/${run.id}`, undefined, 'kr-rival')).status, 404);
  const listed = (await (await send('GET', '/api/v1/replays')).json()).runs.find((one) => one.id === run.id);
  assert.deepEqual(listed, { ...run, results: [] });
  assert.deepEqual((await (await send('GET', '/api/v1/replays', undefined, 'kr-rival')).json()).runs, []);
});

test('a run stops at its cap', async () => {
  const started = await send('POST', '/api/v1/replays', { filter: 'workflow=batch', models: ['gpt-4o'], max_cost_usd: '0.000001' });
  const run = await finished((await started.json()).id);
  assert.equal(run.state, 'cap_reached', JSON.stringify(run));
  assert.ok(Number(run.spent_usd) <= 0.000001);
});

test('a run can be cancelled: what is being asked is broken off', async () => {
  provider.behave = () => new Promise(() => {});
  const before = provider.requests.length;
  const started = await (await send('POST', '/api/v1/replays', { filter: 'workflow=batch', models: ['gpt-4o-mini'], max_cost_usd: '1' })).json();
  while (provider.requests.length === before) await new Promise((done) => setTimeout(done, 5));
  assert.equal((await send('DELETE', `/api/v1/replays/${started.id}`)).status, 200);
  const run = await finished(started.id);
  provider.behave = () => undefined;
  assert.equal(run.state, 'cancelled', JSON.stringify(run));
  assert.ok(run.done < run.total);
});

test('bad orders name what is wrong', async () => {
  for (const [body, wrong] of [[{}, /models/], [{ models: ['a'] }, /max_cost_usd/], [{ models: ['a'], max_cost_usd: '1' }, /filter/], [{ models: ['a'], max_cost_usd: '1', filter: 'nonsense=1' }, /nonsense/],
    [{ models: ['a', 'b', 'c', 'd', 'e', 'f'], max_cost_usd: '1', filter: '' }, /models/], [{ models: ['a'], max_cost_usd: '0', filter: '' }, /max_cost_usd/]]) {
    const response = await send('POST', '/api/v1/replays', body);
    assert.equal(response.status, 400, JSON.stringify(body));
    assert.match((await response.json()).detail, wrong);
  }
});

test('the command line prints both sides', async () => {
  const id = await chat('kr-keeper');
  const { stdout: out } = await promisify(execFile)(binary, ['replay', id, '--model', 'gpt-4o-mini', '--data-dir', router.dataDir], { encoding: 'utf8' }); // the provider is in this process
  assert.match(out, /^original {2}rcpt_\S+ {2}gpt-4o /m);
  assert.match(out, /^replay .*gpt-4o-mini/m);
  assert.match(out, /the outputs are equal/);
});

test('another policy over past receipts: cheaper, and the same every time', () => {
  const other = join(router.dataDir, 'other.yaml');
  writeFileSync(other, configuration(router.dataDir, provider.port, { extra: `${extra}` }).replace('  - id: keeper\n', '  - id: keeper\n    models: {deny: ["gpt-4o"]}\n'));
  const simulate = () => execFileSync(binary, ['simulate-policy', '--config', other, '--data-dir', router.dataDir, '--json'],
    { encoding: 'utf8', env: { ...process.env, E2E_PROVIDER_KEY: 'sk', E2E_CONTENT_KEY: 'ab'.repeat(32) } });
  const report = JSON.parse(simulate());
  assert.ok(report.simulated > 5, JSON.stringify(report));
  assert.ok(Object.values(report.refused).reduce((a, b) => a + b, 0) > 0); // pinned to gpt-4o, which is denied now
  assert.ok(report.left_out.replay > 0);
  assert.equal(report.privacy_violations_after, 0);
  assert.equal(simulate(), simulate());
  const text = execFileSync(binary, ['simulate-policy', '--config', other, '--data-dir', router.dataDir, '--from', '2100-01-01'],
    { encoding: 'utf8', env: { ...process.env, E2E_PROVIDER_KEY: 'sk', E2E_CONTENT_KEY: 'ab'.repeat(32) } });
  assert.match(text, /^0 receipts/);
});

test('a server that ends breaks its runs off, and their receipts are closed', async () => {
  provider.behave = () => new Promise(() => {});
  const before = provider.requests.length;
  const started = await send('POST', '/api/v1/replays', { filter: 'workflow=batch', models: ['gpt-4.1-nano'], max_cost_usd: '1' });
  assert.equal(started.status, 202);
  while (provider.requests.length === before) await new Promise((done) => setTimeout(done, 5));
  assert.equal((await router.stop({ keep: true })).code, 0, router.log);
  assert.equal(provider.requests.length, before + 1);
  const last = exported(router.dataDir).filter((receipt) => receipt.replay && receipt.request.model === 'gpt-4.1-nano').at(-1);
  assert.equal(last.execution.status, 'cancelled');
});
