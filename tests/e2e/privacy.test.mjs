// The privacy filter: what it finds, what it does then, and that what it found is nowhere to be read.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import OpenAI from 'openai';
import Anthropic from '@anthropic-ai/sdk';
import { exported, sha256, startProvider, startRouter } from './support.mjs';

const tenant = (id, filter) => `  - {id: ${id}, keys: [{id: ${id}-key, sha256: ${sha256(`kr-${id}`)}}], privacy_filter: ${filter}}\n`;
const extra = tenant('reports', '{detect: [all]}') + tenant('redacts', '{detect: [all], action: redact}') + tenant('narrows', '{detect: [all], action: narrow}') +
  tenant('refuses', '{detect: [card, secrets], action: refuse}');
const email = 'zebra.quagga@marker-example.com';
const card = '4111 1111 1111 1111';
const key = 'sk-proj-zebraQUAGGA0123456789xyz';
const secrets = [email, card, key];
const prompt = `I am ${email}, my card is ${card} and my key ${key}. Say hello to ${email}.`;
const found = { email: 2, card: 1, api_key: 1 };

let provider;
let router;

before(async () => {
  provider = await startProvider();
  const providers = `providers:
  - {id: openai, base_url: "http://127.0.0.1:${provider.port}/v1", api_key_env: E2E_PROVIDER_KEY, privacy: {may_train: false, zero_retention: true}}
  - {id: anthropic, base_url: "http://127.0.0.1:${provider.port}/v1", api_key_env: E2E_PROVIDER_KEY, privacy: {may_train: false, zero_retention: false}}
`;
  router = await startRouter(provider, { extra, providers, log: 'debug' });
});
after(() => provider?.stop());

const openai = (id) => new OpenAI({ apiKey: `kr-${id}`, baseURL: `${router.url}/v1`, maxRetries: 0 });
const chat = async (id, body) => {
  const { data, response } = await openai(id).chat.completions.create({ model: 'auto', messages: [{ role: 'user', content: prompt }], ...body }).withResponse();
  return { data, receipt: await router.receipt(response.headers.get('x-kairosroute-receipt'), `kr-${id}`) };
};

test('report: kinds and counts stand on the receipt, and the prompt reaches the provider as it is', async () => {
  const { receipt } = await chat('reports');
  assert.deepEqual(receipt.privacy.detected, found);
  assert.equal(receipt.privacy.action, 'report');
  assert.equal(receipt.privacy.policy, 'none');
  assert.equal(provider.requests.at(-1).body.messages[0].content, prompt);
  const clean = await chat('reports', { messages: [{ role: 'user', content: 'Hello.' }] });
  assert.deepEqual(clean.receipt.privacy.detected, {});
  assert.equal(clean.receipt.privacy.action, undefined);
});

test('redact: the provider gets placeholders, in every dialect, streamed or not, and all else as it was', async () => {
  const redacted = 'I am [EMAIL_1], my card is [CARD_1] and my key [API_KEY_1]. Say hello to [EMAIL_1].';
  const { receipt } = await chat('redacts');
  assert.deepEqual(receipt.privacy.detected, found);
  assert.equal(receipt.privacy.action, 'redact');
  assert.equal(provider.requests.at(-1).body.messages[0].content, redacted);

  const stream = await openai('redacts').chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: prompt }], stream: true });
  for await (const chunk of stream) assert.ok(chunk.id);
  assert.equal(provider.requests.at(-1).body.messages[0].content, redacted);

  const anthropic = new Anthropic({ apiKey: 'kr-redacts', baseURL: router.url, maxRetries: 0 });
  await anthropic.messages.create({ model: 'claude-sonnet-4-5', max_tokens: 50, system: `You serve ${email}.`, messages: [{ role: 'user', content: prompt }] });
  assert.equal(provider.requests.at(-1).body.system, 'You serve [EMAIL_1].');
  assert.equal(provider.requests.at(-1).body.messages[0].content, redacted);

  const body = '{ "model":"gpt-4o-mini", "x_unknown": {"a":[1, 2.50]},\n "messages":[{"role":"user","content":"h\\u00e9 \\u007aebra.quagga@marker-example.com"}], "max_tokens": 50 }';
  await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-redacts' }, body });
  assert.ok(provider.requests.at(-1).raw.includes('"x_unknown": {"a":[1, 2.50]},\n "messages":[{"role":"user","content":"h\\u00e9 [EMAIL_1]"}]'), provider.requests.at(-1).raw);
});

test('narrow: only providers that retain nothing are left, when something was found', async () => {
  const { receipt } = await chat('narrows');
  assert.equal(receipt.privacy.policy, 'zdr');
  assert.equal(receipt.privacy.action, 'narrow');
  assert.ok(receipt.privacy.dropped > 0);
  assert.equal(receipt.execution.provider, 'openai');
  const clean = await chat('narrows', { messages: [{ role: 'user', content: 'Hello.' }] });
  assert.equal(clean.receipt.privacy.policy, 'none');
  assert.equal(clean.receipt.privacy.dropped, 0);
  const pinned = await openai('narrows').chat.completions.create({ model: 'claude-sonnet-4-5', messages: [{ role: 'user', content: prompt }] }).catch((error) => error);
  assert.equal(pinned.status, 400);
});

test('refuse: nothing is sent, and the message names kinds only', async () => {
  const before = provider.requests.length;
  const refused = await openai('refuses').chat.completions.create({ model: 'auto', messages: [{ role: 'user', content: prompt }] }).catch((error) => error);
  assert.equal(refused.status, 400);
  assert.equal(refused.code, 'private_data');
  assert.match(refused.message, /card \(1\), api_key \(1\)/);
  assert.equal(provider.requests.length, before);
  const receipt = await router.receipt(refused.headers.get('x-kairosroute-receipt'), 'kr-refuses');
  assert.equal(receipt.execution.status, 'refused');
  assert.deepEqual(receipt.privacy.detected, { card: 1, api_key: 1 });
  await chat('refuses', { messages: [{ role: 'user', content: `Only ${email}, which is not looked for.` }] });
});

test('a provider that quotes the prompt does not get it onto the receipt', async () => {
  provider.behave = () => ({ status: 400, body: { error: { message: `Invalid value: '${email}'`, type: 'invalid_request_error', code: 'bad' } } });
  const refused = await openai('reports').chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: prompt }] }).catch((error) => error);
  provider.behave = () => undefined;
  assert.match(refused.message, /zebra/); // the client gets what the provider said
  const receipt = await router.receipt(refused.headers.get('x-kairosroute-receipt'), 'kr-reports');
  assert.equal(receipt.execution.error_message, "Invalid value: '…'"); // what quotes the prompt is left out
});

test('what was found is in no receipt, log, metric or file', async () => {
  const metrics = await (await router.get('/metrics', 'kr-ops')).text();
  await router.stop({ keep: true });
  const receipts = JSON.stringify(exported(router.dataDir));
  const files = readdirSync(router.dataDir, { recursive: true, withFileTypes: true }).filter((one) => one.isFile() && one.name !== 'config.yaml')
    .map((one) => readFileSync(join(one.parentPath ?? one.path, one.name)).toString('latin1')).join('\n');
  for (const secret of [...secrets, 'zebra', 'quagga']) {
    for (const [where, text] of Object.entries({ receipts, metrics, log: router.log, files })) assert.ok(!text.includes(secret), `${secret} in ${where}`);
  }
  assert.ok(receipts.includes('"api_key"'));
});
