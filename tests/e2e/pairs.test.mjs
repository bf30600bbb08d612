// Every client's dialect with every provider's: the official OpenAI and Anthropic SDKs and Vercel's AI SDK run one suite of behaviours
// (pairs/behaviours.mjs) through KairosRoute against `kairosroute sim`. What comes out is the tables in docs/compatibility.md; this test
// holds them against the run, and KAIROS_UPDATE_DOCS=1 writes them anew.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { behaviours } from './pairs/behaviours.mjs';
import { clientsOf, errorOf } from './pairs/clients.mjs';
import { binary, launch, sha256, startRouter } from './support.mjs';

const providers = [
  { id: 'openai', title: "OpenAI's chat completions and responses", dialect: 'openai', entry: 'dialect: openai, responses: true', path: '/v1', controls: true, caches: true },
  { id: 'compatible', title: 'OpenAI-compatible, chat completions only', dialect: 'openai', entry: 'dialect: openai', path: '/v1', controls: true, caches: true },
  { id: 'gemini', title: "Gemini's generateContent", dialect: 'gemini', entry: 'dialect: gemini', path: '/v1beta', controls: true, caches: true },
  { id: 'bedrock', title: "Bedrock's converse, with a model of Anthropic", dialect: 'bedrock', entry: 'dialect: bedrock, region: us-east-1', path: '', upstream: 'anthropic.pair-bedrock', controls: true, caches: false },
  { id: 'claude', title: "Anthropic's messages", dialect: 'anthropic', entry: 'dialect: anthropic', path: '/v1', controls: true, caches: false },
];
for (const provider of providers) provider.model = `pair-${provider.id}`;
const native = (client, provider) => (client.dialect === 'messages' ? provider.dialect === 'anthropic'
  : provider.dialect === 'openai' && (client.dialect === 'chat_completions' || provider.id === 'openai'));

let sim;
let router;
let clients;
let strangers;

async function startSim() {
  const child = launch(binary, ['sim', '--latency-scale', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise((done) => child.stdout.on('data', (text) => done(String(text).match(/listen on (\S+)/)[1])));
  const port = Number(new URL(url).port);
  const get = async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  return { port, get, stop: () => { child.kill('SIGTERM'); return new Promise((done) => child.on('exit', done)); } };
}

const entries = (port) => `providers:
${providers.map((one) => `  - {id: ${one.id}, ${one.entry}, base_url: "http://127.0.0.1:${port}${one.path}", api_key_env: E2E_PROVIDER_KEY, only_configured_models: true}`).join('\n')}
models:
${providers.map((one) => `  - id: ${one.model}
    provider: ${one.id}
    upstream_id: ${one.upstream ?? one.model}
    context_length: 200000
    max_output_tokens: 32000
    capabilities: [tools, images, json_schema, reasoning, streaming]
    quality: 0.9
    prices: [{usd_per_million: {input_tokens: "1", output_tokens: "4", cache_read_tokens: "0.5", cache_write_tokens: "1.25"}}]`).join('\n')}
`;
// One tenant a provider, so that "auto" has one place to go.
const tenants = `${providers.map((one) => `  - id: only-${one.id}
    providers: {allow: [${one.id}]}
    keys: [{id: ${one.id}-key, sha256: ${sha256(`kr-${one.id}`)}}]`).join('\n')}
routing: {fallback: {max_attempts: 1}}
`;

before(async () => {
  sim = await startSim();
  router = await startRouter({ port: sim.port }, { providers: entries(sim.port), extra: tenants });
  clients = Object.fromEntries(providers.map((one) => [one.id, clientsOf(router.url, `kr-${one.id}`)]));
  strangers = clientsOf(router.url, 'kr-nobody');
});

const cells = new Map(); // "provider/behaviour" → one per client
const key = (provider, behaviour) => `${provider.id}/${behaviour.area}/${behaviour.name}`;

function contextOf(client, provider) {
  let before = 0;
  const c = { client, provider, native: native(client, provider) };
  c.prepare = async () => { before = Number(await sim.get('/sim/count')); };
  c.ask = async ({ wrongKey, ...request }, options) => {
    const speaker = wrongKey ? strangers.find((one) => one.name === client.name) : client;
    const answer = await speaker.ask({ model: provider.model, ...request }, options);
    c.lastBody = JSON.parse(await sim.get('/sim/last'));
    return answer;
  };
  c.sent = () => c.lastBody;
  c.receipt = (headers) => router.receipt(headers.get('x-kairosroute-receipt'), `kr-${provider.id}`);
  c.untilAsked = async () => {
    for (let tries = 0; tries < 500; ++tries) {
      if (Number(await sim.get('/sim/count')) > before) return;
      await new Promise((done) => setTimeout(done, 10));
    }
    throw new Error('the provider was never asked');
  };
  return c;
}

/// Failures asked for are a provider that fails: so that its breaker stays closed, three good answers follow each.
async function calm(provider) {
  for (let i = 0; i < 3; ++i) {
    const response = await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer kr-${provider.id}` },
      body: JSON.stringify({ model: provider.model, messages: [{ role: 'user', content: 'Hi' }] }) });
    assert.equal(response.status, 200, await response.text());
  }
}

/// "works", "refused `field`" or "–".
async function outcome(behaviour, c) {
  if (behaviour.absent?.(c)) return '–';
  if (behaviour.needsControls && !c.provider.controls) return '–';
  const field = c.native ? undefined : behaviour.refused?.(c);
  await c.prepare();
  if (!field) {
    try { await behaviour.run(c); } finally { if (behaviour.area === 'errors' || behaviour.area === 'timeouts') await calm(c.provider); }
    return '✓';
  }
  const error = await behaviour.run(c).then(() => undefined, errorOf);
  assert.ok(error, `it should be refused for ${field}`);
  assert.equal(error.status, 400, String(error.message));
  if (field !== true) assert.equal(error.param, field);
  return `\`${error.param}\``;
}

for (const provider of providers) {
  describe(`pairs: ${provider.title}`, () => {
    for (const behaviour of behaviours) {
      test(`${behaviour.area}: ${behaviour.name}`, async () => {
        const row = [];
        const wrong = [];
        for (const client of clients[provider.id]) {
          try { row.push(await outcome(behaviour, contextOf(client, provider))); } catch (error) {
            row.push('✗');
            wrong.push(`${client.name}: ${error.stack}`);
          }
        }
        cells.set(key(provider, behaviour), row);
        assert.ok(wrong.length === 0, wrong.join('\n'));
      });
    }
  });
}

function tables() {
  const names = clients[providers[0].id].map((one) => one.name);
  return providers.map((provider) => [`### ${provider.title}`, '', `| behaviour | ${names.join(' | ')} |`, `|---|${names.map(() => '---').join('|')}|`,
    ...behaviours.map((one) => `| ${one.area}: ${one.name} | ${cells.get(key(provider, one)).join(' | ')} |`), ''].join('\n')).join('\n');
}

describe('pairs: the tables', () => {
  test('in docs/compatibility.md are what the run gave', () => {
    const file = new URL('../../docs/compatibility.md', import.meta.url);
    const [begin, end] = ['<!-- pairs: written by tests/e2e/pairs.test.mjs -->\n', '<!-- end of pairs -->'];
    const text = readFileSync(file, 'utf8');
    const written = text.slice(0, text.indexOf(begin) + begin.length) + tables() + text.slice(text.indexOf(end));
    if (process.env.KAIROS_UPDATE_DOCS) writeFileSync(file, written);
    else assert.equal(text, written, 'KAIROS_UPDATE_DOCS=1 ./dev e2e pairs writes them anew');
  });
});

after(async () => {
  if (!router) return; // no test of these was asked for
  await sim.stop();
  const ended = await router.stop();
  assert.equal(ended.code, 0, router.log);
});
