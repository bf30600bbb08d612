// The behaviours of the pair suite. Each is one row of the tables in docs/compatibility.md; run(c) checks it, where
//   c.ask(request, options) asks this pair's model, c.sent() is what the provider was sent last, c.client and c.provider say who they are;
// absent(c): the client's API has no such thing; refused(c): the name of the field that cannot be carried over between these two.
import assert from 'node:assert/strict';
import { errorOf } from './clients.mjs';

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=';
const pdf = Buffer.from('%PDF-1.4 tiny').toString('base64');
const person = { type: 'object', properties: { name: { type: 'string' }, age: { type: 'integer' } }, required: ['name', 'age'], additionalProperties: false };
const list = { type: 'object', properties: { people: { type: 'array', items: person } }, required: ['people'], additionalProperties: false };
const weather = { name: 'weather', description: 'Looks up the weather – “now”', schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false } };
const time = { name: 'time', description: 'Tells the time', schema: { type: 'object', properties: { zone: { type: 'string' } }, required: ['zone'], additionalProperties: false } };
const nested = { name: 'order', description: 'Orders', schema: { type: 'object', properties: { lines: { type: 'array', items: { type: 'object',
  properties: { sku: { type: 'string' }, count: { type: 'integer' } }, required: ['sku', 'count'] } } }, required: ['lines'] } };
const say = (text) => `[[sim:say=${text}]]`;
const user = (text) => [{ user: text }];
const all = () => true;
const responses = (c) => c.client.dialect === 'responses';
const messages = (c) => c.client.dialect === 'messages';
const contains = (c, text) => assert.ok(JSON.stringify(c.sent()).includes(JSON.stringify(text).slice(1, -1)), `${JSON.stringify(text)} is not in ${JSON.stringify(c.sent())}`);

/// The first member of that name anywhere in what the provider was sent.
function find(value, name) {
  if (value === null || typeof value !== 'object') return undefined;
  if (name in value) return value[name];
  for (const inner of Object.values(value)) {
    const found = find(inner, name);
    if (found !== undefined) return found;
  }
  return undefined;
}
const anyOf = (value, ...names) => names.map((name) => find(value, name)).find((one) => one !== undefined);

async function fails(c, request, check, options) {
  let answer;
  try { answer = await c.ask(request, options); } catch (thrown) { return check(errorOf(thrown)); }
  throw new Error(`it did not fail: ${JSON.stringify(answer)}`);
}
const failing = (control) => ({ turns: user(`Hi [[sim:${control}]]`) });
const streams = (request) => ({ ...request, stream: true });

/// The same, whole and streamed: two rows.
function both(area, name, request, check, more = {}) {
  const row = (stream) => ({ area, name: stream ? `${name}, streamed` : name, ...more, run: async (c) => {
    const asked = typeof request === 'function' ? request(c) : request;
    await check(await c.ask(stream ? streams(asked) : asked), c);
  } });
  return [row(false), row(true)];
}

const roundTrip = (results, stream = false) => async (c) => {
  const tools = [weather, time];
  const first = await c.ask({ turns: user(`Ask [[sim:tools=${results}]]`), tools, stream });
  assert.equal(first.calls.length, results);
  const second = await c.ask({ tools, stream, turns: [{ user: `Ask [[sim:tools=${results}]]` }, { raw: first.raw },
    { results: first.calls.map((call, i) => ({ id: call.id, name: call.name, text: `result ${i} – ok` })) }] });
  assert.equal(second.finish, 'stop');
  assert.ok(second.text.length > 0);
  for (let i = 0; i < results; ++i) contains(c, `result ${i} – ok`);
};

const noJsonMode = (c) => (c.provider.dialect === 'anthropic' || c.provider.dialect === 'bedrock' ? { chat_completions: 'response_format', responses: 'text.format' }[c.client.dialect] : undefined);

export const behaviours = [
  // --- text ---
  ...both('text', 'an answer', { turns: user(say('Hello there, you')) }, (answer) => {
    assert.equal(answer.text, 'Hello there, you');
    assert.equal(answer.finish, 'stop');
    assert.ok(answer.pieces >= 1);
  }),
  { area: 'text', name: 'a stream comes in pieces', run: async (c) => assert.ok((await c.ask(streams({ turns: user(say('one two three four')) }))).pieces > 2) },
  ...both('text', 'characters beyond ASCII, quotes, line ends', { turns: user(say('ß "q" \\ – 😀\n\tx')) }, (answer, c) => {
    assert.equal(answer.text, 'ß "q" \\ – 😀\n\tx');
    contains(c, 'ß "q" \\ – 😀\n\tx');
  }),
  { area: 'text', name: 'a system prompt', run: async (c) => { await c.ask({ system: 'Be “brief”.', turns: user('Hi') }); contains(c, 'Be “brief”.'); } },
  { area: 'text', name: 'a conversation of several turns', run: async (c) => {
    await c.ask({ turns: [{ user: 'first' }, { assistant: 'second' }, { user: 'third' }] });
    const text = JSON.stringify(c.sent());
    assert.ok(text.indexOf('first') < text.indexOf('second') && text.indexOf('second') < text.indexOf('third'));
  } },
  { area: 'text', name: 'two user messages in a row', run: async (c) => {
    const answer = await c.ask({ turns: [{ user: 'one thing' }, { user: 'another thing' }] });
    assert.ok(answer.text);
    contains(c, 'one thing');
    contains(c, 'another thing');
  } },
  { area: 'text', name: 'several parts in one message', run: async (c) => { await c.ask({ turns: user([{ text: 'part one' }, { text: 'part two' }]) }); contains(c, 'part one'); contains(c, 'part two'); } },
  ...both('text', 'an answer cut off by the bound on output', { turns: user('Tell me'), max: 16 }, (answer) => assert.ok(['length', 'stop'].includes(answer.finish)), { absent: all }),

  // --- settings ---
  ...both('settings', 'the bound on output cuts the answer off', { turns: user(say('word '.repeat(100))), max: 20 }, (answer) => {
    assert.equal(answer.finish, 'length');
    assert.ok(answer.text.length > 0 && answer.text.length < 200);
  }),
  { area: 'settings', name: 'the bound on output reaches the provider', run: async (c) => {
    await c.ask({ turns: user('Hi'), max: 123 });
    assert.equal(anyOf(c.sent(), 'max_tokens', 'max_completion_tokens', 'max_output_tokens', 'maxOutputTokens', 'maxTokens'), 123);
  } },
  { area: 'settings', name: 'temperature', run: async (c) => { await c.ask({ turns: user('Hi'), temperature: 0.25 }); assert.equal(find(c.sent(), 'temperature'), 0.25); } },
  { area: 'settings', name: 'top_p', run: async (c) => { await c.ask({ turns: user('Hi'), topP: 0.5 }); assert.equal(anyOf(c.sent(), 'top_p', 'topP'), 0.5); } },
  ...both('settings', 'a stop sequence', { turns: user(say('before END after')), stop: ['END'] }, (answer, c) => {
    assert.ok(JSON.stringify(anyOf(c.sent(), 'stop', 'stop_sequences', 'stopSequences')).includes('END'));
    if (c.provider.controls) assert.equal(answer.text, 'before ');
    assert.equal(answer.finish, 'stop');
  }, { absent: responses }),
  { area: 'settings', name: 'who the end user is', run: async (c) => {
    await c.ask({ turns: user('Hi'), user: 'user-7' });
    if (!['gemini', 'bedrock'].includes(c.provider.dialect)) contains(c, 'user-7'); // a hint that these have no place for
  } },

  // --- tools ---
  { area: 'tools', name: 'names, descriptions and schemas arrive', run: async (c) => {
    await c.ask({ turns: user('Hi'), tools: [weather, nested] });
    contains(c, weather.description);
    contains(c, 'order');
    contains(c, '"sku"'.replaceAll('"', ''));
  } },
  ...both('tools', 'a call because one has to be made', { turns: user('Weather?'), tools: [weather], choice: 'required' }, (answer) => {
    assert.equal(answer.finish, 'tools');
    assert.equal(answer.calls.length, 1);
    assert.equal(answer.calls[0].name, 'weather');
    assert.equal(typeof answer.calls[0].args.city, 'string');
    assert.ok(answer.calls[0].id);
  }),
  ...both('tools', 'a call of the tool that is named', { turns: user('Time?'), tools: [weather, time], choice: { name: 'time' } }, (answer) => {
    assert.deepEqual(answer.calls.map((call) => call.name), ['time']);
    assert.equal(answer.finish, 'tools');
  }),
  { area: 'tools', name: 'no call where the model may choose', run: async (c) => {
    const answer = await c.ask({ turns: user('Hi'), tools: [weather], choice: 'auto' });
    assert.equal(answer.calls.length, 0);
    assert.ok(answer.text);
  } },
  { area: 'tools', name: 'no call where none may be made', run: async (c) => assert.equal((await c.ask({ turns: user('Hi'), tools: [weather], choice: 'none' })).calls.length, 0) },
  ...both('tools', 'nested arguments', { turns: user('Order'), tools: [nested], choice: 'required' }, (answer) => {
    const { lines } = answer.calls[0].args;
    assert.ok(Array.isArray(lines) && typeof lines[0].sku === 'string' && Number.isInteger(lines[0].count));
  }),
  ...both('tools', 'a tool without arguments', { turns: user('Now'), tools: [{ name: 'now', description: 'Tells the time' }], choice: 'required' }, (answer) => {
    assert.equal(answer.calls[0].name, 'now');
    assert.deepEqual(answer.calls[0].args, {});
  }),
  { area: 'tools', name: "a call and its result", needsControls: true, run: roundTrip(1) },
  { area: 'tools', name: "a call and its result, streamed", needsControls: true, run: roundTrip(1, true) },
  { area: 'tools', name: 'a result that is an error', run: async (c) => {
    await c.ask({ tools: [weather], turns: [{ user: 'Weather?' }, { calls: [{ id: 'call_a1', name: 'weather', args: { city: 'Bern' } }] }, { results: [{ id: 'call_a1', name: 'weather', text: 'no such city', error: true }] }] });
    contains(c, 'no such city');
  } },
  { area: 'tools', name: 'text and a call in one turn of the history', run: async (c) => {
    await c.ask({ tools: [weather], turns: [{ user: 'Weather?' }, { assistant: 'Let me see.', calls: [{ id: 'call_a1', name: 'weather', args: { city: 'Zürich' } }] }, { results: [{ id: 'call_a1', name: 'weather', text: 'rain' }] }, { user: 'Thanks' }] });
    contains(c, 'Let me see.');
    assert.ok(JSON.stringify(c.sent()).includes('Zürich'));
  } },

  // --- parallel tools ---
  ...both('parallel tools', 'two calls at once', { turns: user('Both [[sim:tools=2]]'), tools: [weather, time] }, (answer) => {
    assert.deepEqual(answer.calls.map((call) => call.name), ['weather', 'time']);
    assert.notEqual(answer.calls[0].id, answer.calls[1].id);
    assert.equal(typeof answer.calls[1].args.zone, 'string');
    assert.equal(answer.finish, 'tools');
  }, { needsControls: true }),
  ...both('parallel tools', 'the same tool three times', { turns: user('Thrice [[sim:tools=3]]'), tools: [weather] }, (answer) => {
    assert.equal(answer.calls.length, 3);
    assert.equal(new Set(answer.calls.map((call) => call.id)).size, 3);
  }, { needsControls: true }),
  { area: 'parallel tools', name: 'two results in one turn', needsControls: true, run: roundTrip(2) },
  { area: 'parallel tools', name: 'two results in one turn, streamed', needsControls: true, run: roundTrip(2, true) },
  { area: 'parallel tools', name: 'switched off', refused: (c) => (c.provider.dialect === 'gemini' || c.provider.dialect === 'bedrock' ? { messages: 'tool_choice.disable_parallel_tool_use' }[c.client.dialect] ?? 'parallel_tool_calls' : undefined),
    run: async (c) => {
      await c.ask({ turns: user('Hi'), tools: [weather], parallel: false, choice: 'auto' });
      const said = anyOf(c.sent(), 'parallel_tool_calls', 'disable_parallel_tool_use');
      assert.equal(said, c.provider.dialect === 'anthropic');
    } },

  // --- images and files ---
  { area: 'images', name: 'an image, inline', run: async (c) => { await c.ask({ turns: user([{ text: 'What?' }, { image: { type: 'image/png', data: png } }]) }); contains(c, png); } },
  { area: 'images', name: 'an image, inline, streamed', run: async (c) => { await c.ask(streams({ turns: user([{ text: 'What?' }, { image: { type: 'image/png', data: png } }]) })); contains(c, png); } },
  { area: 'images', name: 'two images and text between them', run: async (c) => {
    await c.ask({ turns: user([{ image: { type: 'image/png', data: png } }, { text: 'versus' }, { image: { type: 'image/png', data: png } }]) });
    assert.equal(JSON.stringify(c.sent()).split(png).length - 1, 2);
  } },
  { area: 'images', name: 'an image by its address', refused: (c) => (c.provider.dialect === 'bedrock' ? true : undefined),
    run: async (c) => { await c.ask({ turns: user([{ text: 'What?' }, { image: 'https://images.example/a.jpg' }]) }); contains(c, 'https://images.example/a.jpg'); } },
  { area: 'images', name: 'a PDF, inline', run: async (c) => { await c.ask({ turns: user([{ text: 'Sum up' }, { pdf }]) }); contains(c, pdf); } },

  // --- JSON ---
  ...both('JSON', 'an object that fits a schema', { turns: user('Who?'), schema: person }, (answer) => {
    const made = JSON.parse(answer.text);
    assert.equal(typeof made.name, 'string');
    assert.ok(Number.isInteger(made.age));
  }),
  ...both('JSON', 'a list inside an object', { turns: user('Who?'), schema: list }, (answer) => assert.ok(Array.isArray(JSON.parse(answer.text).people))),
  ...both('JSON', 'any object', { turns: user('Answer in JSON'), json: true }, (answer) => assert.equal(typeof JSON.parse(answer.text), 'object'), { absent: messages, refused: noJsonMode }),

  // --- reasoning ---
  { area: 'reasoning', name: 'an effort or a budget reaches the provider', run: async (c) => {
    await c.ask({ turns: user('Think'), effort: 'low', max: 9000 });
    assert.ok(anyOf(c.sent(), 'reasoning_effort', 'effort', 'budget_tokens', 'thinkingBudget', 'thinkingLevel') !== undefined, JSON.stringify(c.sent()));
  } },
  ...both('reasoning', 'thoughts are shown', { turns: user('Think [[sim:think]]'), effort: 'low', max: 9000 }, (answer, c) => {
    if (c.client.vercel && c.client.dialect === 'chat_completions') return assert.ok(answer.text); // it has no place for them
    assert.equal(answer.reasoning, 'Weighing what was asked. ');
    assert.ok(answer.text);
  }),
  { area: 'reasoning', name: 'what it cost is told', run: async (c) => {
    const answer = await c.ask({ turns: user('Think [[sim:think]]'), effort: 'low', max: 9000 });
    assert.ok(answer.usage.output > 16);
  } },
  { area: 'reasoning', name: 'thoughts, a call, its result', needsControls: true, run: async (c) => {
    const tools = [weather];
    const ask = { turns: user('Think and ask [[sim:think;tools=1]]'), effort: 'low', max: 9000, tools };
    const first = await c.ask(ask);
    assert.equal(first.calls.length, 1);
    const second = await c.ask({ ...ask, turns: [...ask.turns, { raw: first.raw }, { results: [{ id: first.calls[0].id, name: 'weather', text: 'rain today' }] }] });
    assert.ok(second.text);
    contains(c, 'rain today');
    if (c.provider.dialect === 'anthropic' && c.client.dialect !== 'chat_completions') contains(c, 'c2ltdWxhdGVkIHNpZ25hdHVyZQ==');
  } },
  { area: 'reasoning', name: 'none, said so', absent: messages, run: async (c) => { assert.ok((await c.ask({ turns: user('Hi'), effort: 'none' })).text); } },

  // --- declining ---
  ...both('declining', 'a model that declines', { turns: user('Bad [[sim:refuse]]') }, (answer, c) => {
    if (!c.provider.controls) return assert.ok(answer.text + answer.refusal);
    if (c.client.vercel) return assert.ok(['stop', 'filter'].includes(answer.finish)); // it has no place for the words of OpenAI's
    assert.match(answer.refusal || answer.text, /cannot help/);
  }, { needsControls: true }),

  // --- usage ---
  ...both('usage', 'tokens of input and output', { turns: user('A question of forty characters, or nearly') }, (answer) => {
    assert.ok(answer.usage.input >= 10, JSON.stringify(answer.usage));
    assert.ok(answer.usage.output >= 8, JSON.stringify(answer.usage));
  }),
  ...both('usage', 'the same as the receipt has', { turns: user('How many?') }, async (answer, c) => {
    if (!answer.headers.get('x-kairosroute-receipt')) return assert.ok(c.client.vercel); // not all of its results have the headers
    const { usage } = await c.receipt(answer.headers);
    const sum = (prefix) => Object.entries(usage).filter(([name]) => prefix.includes(name)).reduce((all, [, count]) => all + count, 0);
    assert.equal(answer.usage.input, sum(['input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens']));
    assert.equal(answer.usage.output, sum(['output_tokens', 'reasoning_tokens']));
    return undefined;
  }),
  ...both('usage', 'cached tokens', { turns: user('long '.repeat(2000)) }, (answer, c) => {
    if (c.provider.caches) assert.ok(answer.usage.cached > 0, JSON.stringify(answer.usage));
  }),
  { area: 'usage', name: 'counted where the provider says none', run: async (c) => {
    const answer = await c.ask({ turns: user(`${say('three words here')} [[sim:no_usage]]`) });
    assert.equal(answer.text, 'three words here');
    if (answer.headers.get('x-kairosroute-receipt')) assert.equal((await c.receipt(answer.headers)).usage.source, 'estimated');
  }, needsControls: true, absent: (c) => c.native && (c.client.vercel || messages(c)) }, // the SDK itself cannot read such an answer

  // --- errors ---
  ...[[400, 'an invalid request'], [404, 'a model that the provider does not have'], [429, 'a rate limit'], [500, "the provider's failure"], [503, 'an overload'], [529, "Anthropic's overload"]].map(([status, name]) => (
    { area: 'errors', name: `${name} (${status})`, run: (c) => fails(c, failing(`status=${status}`), (error) => {
      assert.equal(error.status, status);
      assert.equal(error.message, 'simulated failure');
      assert.ok(error.type, 'a type in the words of the client’s dialect');
    }) })),
  { area: 'errors', name: 'how long to wait', run: (c) => fails(c, failing('status=429;retry_after=11'), (error) => assert.equal(error.retryAfter, '11')) },
  { area: 'errors', name: 'a refusal of a stream, before it begins', run: (c) => fails(c, streams(failing('status=400')), (error) => assert.match(String(error.message), /simulated failure/)) },
  { area: 'errors', name: 'an error in the middle of a stream', run: (c) => fails(c, streams(failing('error_event')), (error) => assert.match(`${error.message} ${JSON.stringify(error.error)}`, /simulated failure/)) },
  { area: 'errors', name: 'a stream that breaks off', run: (c) => fails(c, streams(failing('break')), (error) => assert.match(`${error.message} ${JSON.stringify(error.error)}`, /broke off|terminated|aborted|ended/)) },
  { area: 'errors', name: 'a connection that is closed unanswered', run: (c) => fails(c, failing('reset'), (error) => assert.equal(error.status, 502)) },
  { area: 'errors', name: 'an unknown model', run: (c) => fails(c, { model: 'no-such-model', turns: user('Hi') }, (error) => assert.equal(error.status, 404)) },
  { area: 'errors', name: 'a wrong key', run: (c) => fails(c, { turns: user('Hi'), wrongKey: true }, (error) => assert.equal(error.status, 401)) },
  { area: 'errors', name: 'a field of the wrong type, by its name', absent: (c) => c.client.vercel, run: (c) => fails(c, { turns: user('Hi'), extra: { stream: 'yes' } }, (error) => {
    assert.equal(error.status, 400);
    assert.equal(error.param, 'stream');
  }) },
  { area: 'errors', name: 'a field that nobody knows, by its name', absent: (c) => c.client.vercel || c.native, run: (c) => fails(c, { turns: user('Hi'), extra: { a_new_field: 1 } }, (error) => {
    assert.equal(error.status, 400);
    assert.equal(error.param, 'a_new_field');
  }) },

  // --- aborts and timeouts ---
  { area: 'aborts', name: 'the client leaves before the answer', run: async (c) => {
    const leave = new AbortController();
    const asked = fails(c, failing('stall'), (error) => assert.equal(error.kind, 'abort'), { signal: leave.signal });
    await c.untilAsked();
    leave.abort();
    await asked;
  } },
  { area: 'aborts', name: 'the client leaves in the middle of a stream', run: async (c) => {
    const leave = new AbortController();
    let headers;
    const options = { signal: leave.signal, onPiece: () => leave.abort(), onStart: (response) => { headers = response.headers; } };
    try { // OpenAI's SDK ends the loop, the others throw
      const answer = await c.ask(streams({ turns: user(`${say('word '.repeat(200))} [[sim:slow=50]]`) }), options);
      assert.ok(answer.text.length < 900, 'it ends early');
    } catch (error) { assert.equal(errorOf(error).kind, 'abort', error.stack); }
    if (headers) assert.equal((await c.receipt(headers)).execution.status, 'cancelled');
  } },
  { area: 'timeouts', name: "the client's patience ends", run: (c) => fails(c, failing('stall'), (error) => assert.ok(['timeout', 'abort'].includes(error.kind), `${error.kind} ${error.error}`), { timeout: 250 }) },

  // --- receipts ---
  { area: 'receipts', name: "the answer's model and receipt are told", absent: (c) => c.client.vercel, run: async (c) => {
    const answer = await c.ask({ turns: user('Hi') });
    assert.equal(answer.headers.get('x-kairosroute-model'), c.provider.model);
    const receipt = await c.receipt(answer.headers);
    assert.equal(receipt.execution.status, 'success');
    assert.equal(receipt.request.endpoint, c.client.dialect);
    assert.ok(receipt.execution.actual_cost_usd > 0);
  } },
  { area: 'receipts', name: 'a stream leaves the same receipt', absent: (c) => c.client.vercel, run: async (c) => {
    const answer = await c.ask(streams({ turns: user('Hi') }));
    const receipt = await c.receipt(answer.headers);
    assert.equal(receipt.execution.status, 'success');
    assert.equal(receipt.usage.source, 'provider');
  } },
  { area: 'routing', name: 'auto finds this provider', run: async (c) => assert.ok((await c.ask({ model: 'auto', turns: user('Hi') })).text) },
].filter((one) => one.absent !== all);
