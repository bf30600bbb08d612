// Gemini, Bedrock and Azure. First the official @google/genai and @aws-sdk clients prove that `kairosroute sim` speaks what these
// services speak; then OpenAI's and Anthropic's clients reach it through KairosRoute, whose signatures @smithy/signature-v4 makes anew.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { GoogleGenAI } from '@google/genai';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { SignatureV4 } from '@smithy/signature-v4';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { binary, launch, sha256, startRouter } from './support.mjs';

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=';
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const gather = async (stream) => { const all = []; for await (const one of stream) all.push(one); return all; };

async function startSim() {
  const child = launch(binary, ['sim'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise((done) => child.stdout.on('data', (text) => done(String(text).match(/listen on (\S+)/)[1])));
  return { url, port: Number(new URL(url).port), last: async () => (await fetch(`${url}/sim/last`)).json(),
    stop: () => { child.kill('SIGTERM'); return new Promise((done) => child.on('exit', done)); } };
}

let sim;
before(async () => { sim = await startSim(); });
after(() => sim?.stop());

describe("sim speaks Gemini's dialect to Google's own SDK", () => {
  const model = 'gemini-2.5-flash';
  let google;
  before(() => { google = new GoogleGenAI({ apiKey: 'any', httpOptions: { baseUrl: sim.url, apiVersion: 'v1beta', retryOptions: { attempts: 1 } } }); });

  test('text, thoughts and usage', async () => {
    const answer = await google.models.generateContent({ model, contents: 'Hello there',
      config: { systemInstruction: 'Be brief.', temperature: 0.5, topP: 0.9, topK: 40, seed: 7, maxOutputTokens: 500, stopSequences: ['END'],
        thinkingConfig: { thinkingBudget: 1024, includeThoughts: true } } });
    assert.ok(answer.text.length > 0);
    assert.equal(answer.candidates[0].finishReason, 'STOP');
    assert.ok(answer.candidates[0].content.parts.some((part) => part.thought));
    const usage = answer.usageMetadata;
    assert.ok(usage.thoughtsTokenCount > 0);
    assert.equal(usage.totalTokenCount, usage.promptTokenCount + usage.candidatesTokenCount + usage.thoughtsTokenCount);
    assert.ok(answer.responseId);
    assert.equal(answer.modelVersion, model);
  });
  test('a stream says the same as the whole answer', async () => {
    const whole = await google.models.generateContent({ model, contents: 'Tell me more' });
    const chunks = await gather(await google.models.generateContentStream({ model, contents: 'Tell me more' }));
    assert.equal(chunks.map((chunk) => chunk.text ?? '').join(''), whole.text);
    assert.ok(chunks.length > 3);
    assert.equal(chunks.at(-1).candidates[0].finishReason, 'STOP');
    assert.deepEqual(chunks.at(-1).usageMetadata, whole.usageMetadata);
  });
  test('calls, their results, images and JSON by a schema', async () => {
    const config = { tools: [{ functionDeclarations: [{ name: 'weather', description: 'Looks it up', parametersJsonSchema: schema }] }],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['weather'] } } };
    const called = await google.models.generateContent({ model, contents: 'Weather?', config });
    assert.equal(called.functionCalls[0].name, 'weather');
    assert.equal(typeof called.functionCalls[0].args.city, 'string');
    const answered = await google.models.generateContent({ model, contents: [{ role: 'user', parts: [{ text: 'Weather?' }, { inlineData: { mimeType: 'image/png', data: png } }] },
      called.candidates[0].content, { role: 'user', parts: [{ functionResponse: { name: 'weather', response: { output: 'rain' } } }] }] });
    assert.ok(answered.text);
    const json = await google.models.generateContent({ model, contents: 'Where?', config: { responseMimeType: 'application/json', responseJsonSchema: schema } });
    assert.equal(typeof JSON.parse(json.text).city, 'string');
  });
  test('errors', async () => {
    await assert.rejects(google.models.generateContent({ model, contents: 'Hi [[sim:status=400]]' }), (error) => error.status === 400 && error.message.includes('INVALID_ARGUMENT'));
    await assert.rejects(google.models.generateContent({ model, contents: [{ role: 'user', parts: [{ text: 'Hi' }], wrong: 1 }] }).then(() => { throw new Error('dropped by the SDK'); }), /Unknown name|dropped/);
  });
  test('the list of models', async () => assert.ok((await gather(await google.models.list())).some((one) => one.name === 'models/gemini-2.5-flash')));
});

describe("sim speaks Bedrock's converse to AWS's own SDK", () => {
  const modelId = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
  const hello = (text) => [{ role: 'user', content: [{ text }] }];
  let aws;
  before(() => {
    aws = new BedrockRuntimeClient({ region: 'us-east-1', endpoint: sim.url, maxAttempts: 1, credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
      requestHandler: new NodeHttpHandler() }); // HTTP/1.1
  });

  test('text, a cache and usage', async () => {
    const answer = await aws.send(new ConverseCommand({ modelId, messages: [{ role: 'user', content: [{ text: 'Hello there, you' }, { cachePoint: { type: 'default' } }] }],
      system: [{ text: 'Be brief.' }], inferenceConfig: { maxTokens: 500, temperature: 0.5, topP: 0.9, stopSequences: ['END'] } }));
    assert.ok(answer.output.message.content[0].text.length > 0);
    assert.equal(answer.stopReason, 'end_turn');
    assert.ok(answer.usage.cacheReadInputTokens > 0);
    assert.equal(answer.usage.totalTokens, answer.usage.inputTokens + answer.usage.outputTokens + answer.usage.cacheReadInputTokens + answer.usage.cacheWriteInputTokens);
  });
  test('a stream says the same as the whole answer', async () => {
    const whole = await aws.send(new ConverseCommand({ modelId, messages: hello('Tell me more') }));
    const events = await gather((await aws.send(new ConverseStreamCommand({ modelId, messages: hello('Tell me more') }))).stream);
    assert.equal(events[0].messageStart.role, 'assistant');
    assert.equal(events.map((event) => event.contentBlockDelta?.delta.text ?? '').join(''), whole.output.message.content[0].text);
    assert.equal(events.find((event) => event.messageStop).messageStop.stopReason, 'end_turn');
    assert.deepEqual(events.at(-1).metadata.usage, whole.usage);
  });
  test('calls, their results, images, thoughts and JSON by a schema', async () => {
    const toolConfig = { tools: [{ toolSpec: { name: 'weather', description: 'Looks it up', inputSchema: { json: schema } } }], toolChoice: { tool: { name: 'weather' } } };
    const called = await aws.send(new ConverseCommand({ modelId, messages: hello('Weather?'), toolConfig }));
    assert.equal(called.stopReason, 'tool_use');
    const { toolUse } = called.output.message.content[0];
    assert.equal(typeof toolUse.input.city, 'string');
    const events = await gather((await aws.send(new ConverseStreamCommand({ modelId, messages: hello('Weather?'), toolConfig }))).stream);
    assert.deepEqual(JSON.parse(events.map((event) => event.contentBlockDelta?.delta.toolUse?.input ?? '').join('')), toolUse.input);
    const answered = await aws.send(new ConverseCommand({ modelId, additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 1024 } },
      messages: [{ role: 'user', content: [{ text: 'Weather?' }, { image: { format: 'png', source: { bytes: Buffer.from(png, 'base64') } } }] }, called.output.message,
        { role: 'user', content: [{ toolResult: { toolUseId: toolUse.toolUseId, content: [{ text: 'rain' }] } }] }] }));
    assert.equal(answered.output.message.content[0].reasoningContent.reasoningText.signature, 'c2ltdWxhdGVk');
    const json = await aws.send(new ConverseCommand({ modelId, messages: hello('Where?'),
      outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema: { schema: JSON.stringify(schema), name: 'place' } } } } }));
    assert.equal(typeof JSON.parse(json.output.message.content[0].text).city, 'string');
  });
  test('errors, whole and in the middle of a stream', async () => {
    await assert.rejects(aws.send(new ConverseCommand({ modelId, messages: hello('Hi [[sim:status=429]]') })), (error) => error.name === 'ThrottlingException' && error.message === 'simulated failure');
    await assert.rejects(aws.send(new ConverseCommand({ modelId, messages: hello('Hi [[sim:status=400]]') })), (error) => error.name === 'ValidationException');
    const { stream } = await aws.send(new ConverseStreamCommand({ modelId, messages: hello('Hi [[sim:error_event]]') }));
    await assert.rejects(gather(stream), (error) => error.name === 'ModelStreamErrorException' && error.message === 'simulated failure');
  });
});

// What the receipt must cost, in billionths of a dollar, by the catalog's prices per million: exact in whole numbers.
const cost = (lines) => lines.reduce((sum, [quantity, price]) => sum + quantity * price, 0) / 1_000_000;

describe("OpenAI's and Anthropic's clients reach Gemini and Bedrock", () => {
  const secrets = { E2E_GEMINI: 'AIza-secret-gemini', E2E_AWS_ID: 'AKIDEXAMPLE', E2E_AWS_SECRET: 'aws-secret-access', E2E_AWS_TOKEN: 'aws-session-token' };
  let router;
  let openai;
  let claude;
  before(async () => {
    router = await startRouter(sim, { env: secrets, log: 'debug', providers: `providers:
  - {id: google, dialect: gemini, base_url: "${sim.url}/v1beta", api_key_env: E2E_GEMINI}
  - id: bedrock
    base_url: "${sim.url}"
    region: eu-central-1
    api_keys: [{aws_access_key_id_env: E2E_AWS_ID, aws_secret_access_key_env: E2E_AWS_SECRET, aws_session_token_env: E2E_AWS_TOKEN}]
` });
    openai = new OpenAI({ baseURL: `${router.url}/v1`, apiKey: 'kr-acme', maxRetries: 0 });
    claude = new Anthropic({ baseURL: router.url, apiKey: 'kr-acme', maxRetries: 0 });
  });
  after(async () => {
    if (!router) return; // no test of these was asked for
    for (const secret of Object.values(secrets).slice(2)) assert.ok(!router.log.includes(secret), 'a secret is in the log');
    assert.ok(!router.log.includes(secrets.E2E_GEMINI), 'a secret is in the log');
    assert.equal((await router.stop()).code, 0);
  });
  const receiptOf = (response) => router.receipt(response.headers.get('x-kairosroute-receipt'));

  for (const model of ['gemini-2.5-flash', 'bedrock/claude-sonnet-4-5']) {
    test(`${model}: chat completions, whole and streamed, are charged exactly`, async () => {
      const request = { model, messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'long '.repeat(2000) }], max_tokens: 300 };
      const { data: whole, response } = await openai.chat.completions.create(request).withResponse();
      const receipt = await receiptOf(response);
      assert.equal(whole.choices[0].finish_reason, 'stop');
      assert.equal(receipt.usage.source, 'provider');
      const { usage } = receipt;
      assert.equal(whole.usage.prompt_tokens, usage.input_tokens + (usage.cache_read_tokens ?? 0));
      assert.equal(whole.usage.completion_tokens, usage.output_tokens + (usage.reasoning_tokens ?? 0));
      if (model === 'gemini-2.5-flash') {
        assert.ok(usage.cache_read_tokens > 0 && usage.reasoning_tokens > 0, JSON.stringify(usage));
        assert.equal(receipt.cost.total_usd, cost([[usage.input_tokens, 0.3], [usage.cache_read_tokens, 0.03], [usage.output_tokens, 2.5], [usage.reasoning_tokens, 2.5]]));
      } else {
        assert.equal(receipt.cost.total_usd, cost([[usage.input_tokens, 3], [usage.output_tokens, 15]]));
      }
      assert.equal(receipt.execution.finish_reason, model === 'gemini-2.5-flash' ? 'STOP' : 'end_turn');
      const { data: stream, response: streamed } = await openai.chat.completions.create({ ...request, stream: true, stream_options: { include_usage: true } }).withResponse();
      const chunks = await gather(stream);
      assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), whole.choices[0].message.content);
      assert.deepEqual(chunks.at(-1).usage, whole.usage);
      const same = await receiptOf(streamed);
      assert.equal(same.cost.total_usd, receipt.cost.total_usd);
      assert.ok(same.execution.ttft_ms !== null);
    });
    test(`${model}: messages, with tools, images and a stream`, async () => {
      const request = { model, max_tokens: 300, tools: [{ name: 'weather', input_schema: schema }], tool_choice: { type: 'tool', name: 'weather' },
        messages: [{ role: 'user', content: [{ type: 'text', text: 'Weather?' }, { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } }] }] };
      const called = await claude.messages.create(request);
      assert.equal(called.stop_reason, 'tool_use');
      const call = called.content.find((block) => block.type === 'tool_use');
      assert.equal(typeof call.input.city, 'string');
      assert.ok(JSON.stringify(await sim.last()).includes(png));
      const streamed = await claude.messages.stream(request).finalMessage();
      assert.deepEqual(streamed.content.find((block) => block.type === 'tool_use').input, call.input);
      const { tool_choice: forced, ...free } = request;
      const last = await claude.messages.create({ ...free, messages: [...request.messages, { role: 'assistant', content: called.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'rain' }] }] });
      assert.equal(last.stop_reason, 'end_turn');
      assert.ok(JSON.stringify(await sim.last()).includes('rain'));
    });
    test(`${model}: errors keep their status and words`, async () => {
      const ask = (control) => openai.chat.completions.create({ model, messages: [{ role: 'user', content: `Hi [[sim:${control}]]` }] });
      await assert.rejects(ask('status=400'), (error) => error.status === 400 && error.message.includes('simulated failure'));
      await assert.rejects(ask('status=403'), (error) => error.status === 403);
      const stream = await openai.chat.completions.create({ model, stream: true, messages: [{ role: 'user', content: 'Hi [[sim:error_event]]' }] });
      await assert.rejects(gather(stream), /simulated failure/);
      const broken = await openai.chat.completions.create({ model, stream: true, messages: [{ role: 'user', content: 'Hi [[sim:break]]' }] });
      await assert.rejects(gather(broken), /broke off/);
    });
    test(`${model}: what cannot be carried over is refused by its name`, async () => {
      await assert.rejects(openai.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hi' }], logit_bias: { 1: 5 } }), (error) => error.status === 400 && error.param === 'logit_bias');
    });
  }
  test('a cache point of Anthropic’s client is billed as Bedrock counts it', async () => {
    const { response } = await claude.messages.create({ model: 'bedrock/claude-sonnet-4-5', max_tokens: 300,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'long '.repeat(400), cache_control: { type: 'ephemeral' } }] }] }).withResponse();
    const { usage, cost: billed } = await receiptOf(response);
    assert.ok(usage.cache_read_tokens > 0 && usage.cache_write_tokens > 0);
    assert.equal(billed.total_usd, cost([[usage.input_tokens, 3], [usage.cache_read_tokens, 0.3], [usage.cache_write_tokens, 3.75], [usage.output_tokens, 15]]));
  });
});

/// A provider that keeps what it was asked and answers as OpenAI or Anthropic would.
async function startRecorder(answer) {
  const requests = [];
  const server = createServer((request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      const raw = Buffer.concat(pieces).toString();
      requests.push({ path: request.url, headers: request.headers, raw, body: JSON.parse(raw) });
      const { status = 200, body } = answer(requests.at(-1));
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { requests, port: server.address().port, url: `http://127.0.0.1:${server.address().port}`, stop: () => { server.closeAllConnections(); server.close(); } };
}
class Sha256 { // as the signer wants it
  constructor(secret) { this.hash = secret ? createHmac('sha256', secret) : createHash('sha256'); }
  update(data) { this.hash.update(data); }
  async digest() { return this.hash.digest(); }
}
const converse = { output: { message: { role: 'assistant', content: [{ text: 'Hello' }] } }, stopReason: 'end_turn', usage: { inputTokens: 10, outputTokens: 2, totalTokens: 12 } };
const chat = { id: 'c1', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 } };
const message = { id: 'm1', type: 'message', role: 'assistant', model: 'm', content: [{ type: 'text', text: 'Hello' }], stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 10, output_tokens: 2 } };

test("requests to Bedrock are signed as AWS's own signer signs them", async () => {
  const recorder = await startRecorder(() => ({ body: converse }));
  const router = await startRouter(recorder, { env: { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', AWS_SESSION_TOKEN: 'session/token==', AWS_BEARER_TOKEN_BEDROCK: '' },
    providers: `providers:\n  - {id: bedrock, base_url: "${recorder.url}", region: eu-west-1, api_keys: [{aws_access_key_id_env: AWS_ACCESS_KEY_ID, aws_secret_access_key_env: AWS_SECRET_ACCESS_KEY, aws_session_token_env: AWS_SESSION_TOKEN}]}\n` });
  try {
    const openai = new OpenAI({ baseURL: `${router.url}/v1`, apiKey: 'kr-acme', maxRetries: 0 });
    await openai.chat.completions.create({ model: 'claude-sonnet-4-5', messages: [{ role: 'user', content: 'ß, „Hi“' }] });
    const [{ path, headers, raw }] = recorder.requests;
    assert.equal(path, '/model/global.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse');
    const date = headers['x-amz-date'];
    const signer = new SignatureV4({ service: 'bedrock', region: 'eu-west-1', sha256: Sha256, applyChecksum: false,
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', sessionToken: 'session/token==' } });
    const signed = await signer.sign({ method: 'POST', protocol: 'http:', hostname: '127.0.0.1', path, query: {}, body: raw, headers: { host: headers.host, 'content-type': headers['content-type'] } },
      { signingDate: new Date(date.replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z')) });
    assert.equal(headers.authorization, signed.headers.authorization);
    assert.equal(headers['x-amz-security-token'], 'session/token==');
  } finally {
    await router.stop();
    recorder.stop();
  }
});

test('Azure: deployments by versioned paths and by /openai/v1, Claude at its own, with their keys', async () => {
  const recorder = await startRecorder(({ path }) => ({ body: path.includes('/anthropic/') ? message : chat }));
  const router = await startRouter(recorder, { env: { E2E_AZURE: 'azure-key' }, providers: `providers:
  - {id: dated, catalog: azure, base_url: "${recorder.url}", api_key_env: E2E_AZURE, azure: {api_version: "2024-10-21", deployments: {gpt-4.1: my-gpt, text-embedding-3-large: my-vectors}}}
  - {id: newer, catalog: azure, base_url: "${recorder.url}", api_key_env: E2E_AZURE, azure: {deployments: {gpt-4.1-mini: my-mini, claude-haiku-4-5: my-haiku}}}
` });
  try {
    const openai = new OpenAI({ baseURL: `${router.url}/v1`, apiKey: 'kr-acme', maxRetries: 0 });
    const claude = new Anthropic({ baseURL: router.url, apiKey: 'kr-acme', maxRetries: 0 });
    const hello = [{ role: 'user', content: 'Hi' }];
    const { response } = await openai.chat.completions.create({ model: 'gpt-4.1', messages: hello }).withResponse();
    await openai.chat.completions.create({ model: 'gpt-4.1-mini', messages: hello });
    await claude.messages.create({ model: 'claude-haiku-4-5', max_tokens: 100, messages: hello });
    await assert.rejects(openai.chat.completions.create({ model: 'gpt-4o', messages: hello }), (error) => error.status === 404);
    const [dated, newer, haiku] = recorder.requests;
    assert.equal(dated.path, '/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21');
    assert.equal(newer.path, '/openai/v1/chat/completions');
    assert.equal(newer.body.model, 'my-mini');
    assert.equal(haiku.path, '/anthropic/v1/messages');
    assert.equal(haiku.body.model, 'my-haiku');
    assert.equal(haiku.headers['x-api-key'], 'azure-key');
    for (const one of [dated, newer]) {
      assert.equal(one.headers['api-key'], 'azure-key');
      assert.equal(one.headers.authorization, undefined);
      assert.ok(one.body.max_completion_tokens > 0);
    }
    const receipt = await router.receipt(response.headers.get('x-kairosroute-receipt'));
    assert.equal(receipt.execution.model_id, 'gpt-4.1');
    assert.equal(receipt.cost.total_usd, cost([[10, 2], [2, 8]]));
  } finally {
    await router.stop();
    recorder.stop();
  }
});

describe("a tenant's own keys", () => {
  let recorder;
  let router;
  let refuse = () => undefined;
  const ask = (key, model = 'gpt-4.1', more = {}) => new OpenAI({ baseURL: `${router.url}/v1`, apiKey: key, maxRetries: 0 })
    .chat.completions.create({ model, messages: [{ role: 'user', content: 'Hi' }], ...more }).withResponse();
  const receiptOf = (response, key) => router.receipt(response.headers.get('x-kairosroute-receipt'), key);
  before(async () => {
    recorder = await startRecorder((request) => refuse(request) ?? { body: chat });
    router = await startRouter(recorder, { env: { E2E_OPERATOR: 'sk-operator', E2E_OWN_1: 'sk-own-1', E2E_OWN_2: 'sk-own-2' }, providers: `providers:
  - {id: openai, base_url: "${recorder.url}/v1", api_key_env: E2E_OPERATOR}
  - {id: mistral, base_url: "${recorder.url}/v1", own_keys_only: true}
`, extra: `  - id: byok
    keys: [{id: byok-key, sha256: ${sha256('kr-byok')}}]
    provider_keys: [{provider: openai, env: E2E_OWN_1}, {provider: openai, env: E2E_OWN_2}, {provider: mistral, env: E2E_OWN_1}]
  - id: resold
    keys: [{id: resold-key, sha256: ${sha256('kr-resold')}}]
    price_plan: {markup_percent: "20"}
    provider_keys: [{provider: openai, env: E2E_OWN_1}]
  - id: lost
    keys: [{id: lost-key, sha256: ${sha256('kr-lost')}}]
    provider_keys: [{provider: openai, env: E2E_NOT_THERE}]
budgets:
  - {id: byok-month, scope: {tenant: byok}, period: month, cap_usd: "10", warn_levels: [50]}
` });
  });
  after(async () => {
    if (!router) return; // no test of these was asked for
    recorder.stop();
    for (const secret of ['sk-own-1', 'sk-own-2', 'sk-operator']) assert.ok(!router.log.includes(secret));
    assert.equal((await router.stop()).code, 0);
  });

  test('are used instead of the operator’s, and the receipt says so', async () => {
    recorder.requests.length = 0;
    const { response } = await ask('kr-byok');
    assert.match(recorder.requests[0].headers.authorization, /^Bearer sk-own-[12]$/);
    const receipt = await receiptOf(response, 'kr-byok');
    assert.equal(receipt.cost.byok, true);
    assert.equal(receipt.attempts[0].byok, true);
    assert.equal(receipt.cost.total_usd, cost([[10, 2], [2, 8]]), 'the effective cost stays');
    assert.equal(receipt.budget.id, 'byok-month');
    const { response: plain } = await ask('kr-acme');
    assert.equal(recorder.requests.at(-1).headers.authorization, 'Bearer sk-operator');
    assert.equal((await receiptOf(plain, 'kr-acme')).cost.byok, undefined);
  });
  test('are a pool: one that is refused for its rate rests, the other serves', async () => {
    recorder.requests.length = 0;
    const limited = { status: 429, body: { error: { message: 'slow down', type: 'rate_limit_error', code: 'rate_limit_exceeded' } } };
    refuse = (request) => (request.headers.authorization === 'Bearer sk-own-1' ? limited : undefined);
    for (let i = 0; i < 4; ++i) await ask('kr-byok');
    refuse = () => undefined;
    const used = recorder.requests.map((one) => one.headers.authorization.slice(-1)).join('');
    assert.match(used, /^2?12{2,}$/);
  });
  test('cost a reseller’s tenant nothing here', async () => {
    const { response } = await ask('kr-resold');
    const receipt = await receiptOf(response, 'kr-resold');
    assert.equal(receipt.cost.byok, true);
    assert.equal(receipt.cost.charged_usd, 0);
  });
  test('open providers for which the operator has none, to nobody else', async () => {
    await ask('kr-byok', 'mistral-small-latest');
    await assert.rejects(ask('kr-acme', 'mistral-small-latest'), (error) => error.status === 400 && /no key of its own for provider mistral/.test(JSON.stringify(error.error)));
  });
  test('that are not there are not replaced by the operator’s', async () => {
    const before = recorder.requests.length;
    await assert.rejects(ask('kr-lost'), (error) => error.status === 400 && /no key of its own for provider openai/.test(JSON.stringify(error.error)));
    assert.equal(recorder.requests.length, before);
    assert.match(router.log, /tenant lost: provider openai: the environment variable E2E_NOT_THERE is not set/);
  });
  test('one that is wrong does not rest the target for the others', async () => {
    refuse = (request) => (/sk-own/.test(request.headers.authorization) ? { status: 401, body: { error: { message: 'wrong key', type: 'invalid_request_error', code: 'invalid_api_key' } } } : undefined);
    for (let i = 0; i < 8; ++i) await assert.rejects(ask('kr-resold'), (error) => error.status === 401);
    refuse = () => undefined;
    await ask('kr-acme');
  });
  test('stand apart in the ledger, billed 0', async () => {
    const csv = await (await router.get('/api/v1/ledger?format=csv&grain=receipt', 'kr-ops')).text();
    const [head, ...rows] = csv.trim().split('\n').map((line) => line.split(','));
    const own = rows.filter((row) => row[head.indexOf('tenant')] === 'byok');
    assert.ok(own.length > 0 && own.every((row) => row[head.indexOf('byok')] === 'true'), csv.slice(0, 600));
    assert.ok(rows.filter((row) => row[head.indexOf('tenant')] === 'acme').every((row) => row[head.indexOf('byok')] === 'false'));
  });
});
