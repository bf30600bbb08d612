// The clients of the pair suite: each official SDK behind one face, so that one suite runs over all of them.
//
// ask({model, system, turns, tools, choice, parallel, schema, json, effort, max, temperature, topP, stop, user, stream, extra}, options)
//   turns: {user: text | parts}, {assistant: text, calls}, {results: [{id, name, text, error}]}, {raw: what an answer gave}
//   parts: {text}, {image: {type, data} | url}, {pdf: data}
// → {text, calls: [{id, name, args}], finish, reasoning, refusal, usage: {input, cached, output, reasoning}, pieces, raw, headers}
import OpenAI from 'openai';
import Anthropic from '@anthropic-ai/sdk';
import { generateText, streamText, jsonSchema, tool as vercelTool, Output } from 'ai';
import { createOpenAI } from '@ai-sdk/openai';
import { createAnthropic } from '@ai-sdk/anthropic';

const without = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
const dataUrl = (image) => (typeof image === 'string' ? image : `data:${image.type};base64,${image.data}`);

// --- OpenAI: chat completions ---

const chatPart = (part) => {
  if (part.text !== undefined) return { type: 'text', text: part.text };
  if (part.image) return { type: 'image_url', image_url: { url: dataUrl(part.image) } };
  return { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${part.pdf}` } };
};
function chatMessages(request) {
  const messages = request.system ? [{ role: 'system', content: request.system }] : [];
  for (const turn of request.turns) {
    if (turn.raw) messages.push(...turn.raw);
    else if (turn.user !== undefined) messages.push({ role: 'user', content: typeof turn.user === 'string' ? turn.user : turn.user.map(chatPart) });
    else if (turn.results) messages.push(...turn.results.map((one) => ({ role: 'tool', tool_call_id: one.id, content: one.text })));
    else messages.push(without({ role: 'assistant', content: turn.assistant ?? null,
      tool_calls: turn.calls?.map((call) => ({ id: call.id, type: 'function', function: { name: call.name, arguments: JSON.stringify(call.args) } })) }));
  }
  return messages;
}
const chatBody = (request) => without({
  model: request.model, messages: chatMessages(request), max_completion_tokens: request.max, temperature: request.temperature,
  top_p: request.topP, stop: request.stop, user: request.user, reasoning_effort: request.effort, parallel_tool_calls: request.parallel,
  tools: request.tools?.map((one) => ({ type: 'function', function: without({ name: one.name, description: one.description, parameters: one.schema }) })),
  tool_choice: request.choice?.name ? { type: 'function', function: { name: request.choice.name } } : request.choice,
  response_format: request.schema ? { type: 'json_schema', json_schema: { name: 'answer', schema: request.schema, strict: true } } : request.json ? { type: 'json_object' } : undefined,
  ...request.extra,
});
const chatFinish = { stop: 'stop', length: 'length', tool_calls: 'tools', content_filter: 'filter' };
const chatUsage = (usage) => usage && { input: usage.prompt_tokens, cached: usage.prompt_tokens_details?.cached_tokens, output: usage.completion_tokens,
  reasoning: usage.completion_tokens_details?.reasoning_tokens };
const chatAnswer = (message, finish, usage) => ({
  text: message.content ?? '', refusal: message.refusal ?? '', reasoning: message.reasoning_content ?? '', finish: chatFinish[finish],
  calls: (message.tool_calls ?? []).map((call) => ({ id: call.id, name: call.function.name, args: JSON.parse(call.function.arguments) })),
  usage: chatUsage(usage), raw: [without({ role: 'assistant', content: message.content, tool_calls: message.tool_calls })],
});

async function askChat(sdk, request, options) {
  if (!request.stream) {
    const { data, response } = await sdk.chat.completions.create(chatBody(request), options).withResponse();
    return { ...chatAnswer(data.choices[0].message, data.choices[0].finish_reason, data.usage), pieces: 1, headers: response.headers };
  }
  const { data: stream, response } = await sdk.chat.completions
    .create({ ...chatBody(request), stream: true, stream_options: { include_usage: true } }, options).withResponse();
  options.onStart?.(response);
  const message = { content: null, refusal: '', reasoning_content: '', tool_calls: [] };
  let finish;
  let usage;
  let pieces = 0;
  for await (const chunk of stream) {
    usage = chunk.usage ?? usage;
    const choice = chunk.choices[0];
    if (!choice) continue;
    finish = choice.finish_reason ?? finish;
    const { delta } = choice;
    if (delta.content) { message.content = (message.content ?? '') + delta.content; ++pieces; }
    message.refusal += delta.refusal ?? '';
    message.reasoning_content += delta.reasoning_content ?? '';
    for (const call of delta.tool_calls ?? []) {
      message.tool_calls[call.index] ??= { id: call.id, type: 'function', function: { name: call.function.name, arguments: '' } };
      message.tool_calls[call.index].function.arguments += call.function.arguments;
    }
    options.onPiece?.();
  }
  if (message.tool_calls.length === 0) delete message.tool_calls;
  return { ...chatAnswer(message, finish, usage), pieces, headers: response.headers };
}

// --- OpenAI: responses ---

const responsesPart = (part) => {
  if (part.text !== undefined) return { type: 'input_text', text: part.text };
  if (part.image) return { type: 'input_image', image_url: dataUrl(part.image), detail: 'auto' };
  return { type: 'input_file', filename: 'a.pdf', file_data: `data:application/pdf;base64,${part.pdf}` };
};
function responsesInput(request) {
  const input = [];
  for (const turn of request.turns) {
    if (turn.raw) input.push(...turn.raw);
    else if (turn.user !== undefined) input.push({ role: 'user', content: typeof turn.user === 'string' ? turn.user : turn.user.map(responsesPart) });
    else if (turn.results) input.push(...turn.results.map((one) => ({ type: 'function_call_output', call_id: one.id, output: one.text })));
    else {
      if (turn.assistant) input.push({ role: 'assistant', content: turn.assistant });
      for (const call of turn.calls ?? []) input.push({ type: 'function_call', call_id: call.id, name: call.name, arguments: JSON.stringify(call.args) });
    }
  }
  return input;
}
const responsesBody = (request) => without({
  model: request.model, input: responsesInput(request), instructions: request.system, max_output_tokens: request.max, temperature: request.temperature,
  top_p: request.topP, user: request.user, parallel_tool_calls: request.parallel,
  reasoning: request.effort && { effort: request.effort, summary: 'auto' }, include: request.effort && ['reasoning.encrypted_content'],
  tools: request.tools?.map((one) => without({ type: 'function', name: one.name, description: one.description, parameters: one.schema ?? { type: 'object', properties: {} }, strict: false })),
  tool_choice: request.choice?.name ? { type: 'function', name: request.choice.name } : request.choice,
  text: request.schema ? { format: { type: 'json_schema', name: 'answer', schema: request.schema, strict: true } } : request.json ? { format: { type: 'json_object' } } : undefined,
  ...request.extra,
});
function responsesAnswer(response, pieces, headers) {
  const answer = { text: '', refusal: '', reasoning: '', calls: [], pieces, headers };
  for (const item of response.output) {
    if (item.type === 'reasoning') answer.reasoning += item.summary.map((part) => part.text).join('');
    if (item.type === 'function_call') answer.calls.push({ id: item.call_id, name: item.name, args: JSON.parse(item.arguments) });
    for (const part of item.content ?? []) {
      if (part.type === 'output_text') answer.text += part.text;
      if (part.type === 'refusal') answer.refusal += part.refusal;
    }
  }
  const why = response.incomplete_details?.reason;
  answer.finish = why === 'max_output_tokens' ? 'length' : why === 'content_filter' ? 'filter' : answer.calls.length > 0 ? 'tools' : 'stop';
  const { usage } = response;
  answer.usage = usage && { input: usage.input_tokens, cached: usage.input_tokens_details.cached_tokens, output: usage.output_tokens,
    reasoning: usage.output_tokens_details.reasoning_tokens };
  answer.raw = response.output;
  return answer;
}

async function askResponses(sdk, request, options) {
  if (!request.stream) {
    const { data, response } = await sdk.responses.create(responsesBody(request), options).withResponse();
    return responsesAnswer(data, 1, response.headers);
  }
  const { data: stream, response } = await sdk.responses.create({ ...responsesBody(request), stream: true }, options).withResponse();
  options.onStart?.(response);
  let last;
  let pieces = 0;
  let told = '';
  for await (const event of stream) {
    if (event.type === 'response.output_text.delta') { ++pieces; told += event.delta; }
    if (event.type === 'response.function_call_arguments.delta') told += event.delta;
    if (event.type === 'error') throw Object.assign(new Error(event.message), { streamed: true });
    if (event.type === 'response.failed') throw Object.assign(new Error(event.response.error.message), { streamed: true });
    last = event;
    options.onPiece?.();
  }
  const answer = responsesAnswer(last.response, pieces, response.headers);
  if (answer.text + answer.calls.map((call) => call.args).join('') && !told) throw new Error('the whole response says what no delta said');
  return answer;
}

// --- Anthropic: messages ---

const messagesPart = (part) => {
  if (part.text !== undefined) return { type: 'text', text: part.text };
  if (part.image) {
    const source = typeof part.image === 'string' ? { type: 'url', url: part.image } : { type: 'base64', media_type: part.image.type, data: part.image.data };
    return { type: 'image', source };
  }
  return { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: part.pdf } };
};
function messagesTurn(turn) {
  if (turn.raw) return { role: 'assistant', content: turn.raw };
  if (turn.user !== undefined) return { role: 'user', content: typeof turn.user === 'string' ? turn.user : turn.user.map(messagesPart) };
  if (turn.results) {
    return { role: 'user', content: turn.results.map((one) => without({ type: 'tool_result', tool_use_id: one.id, content: one.text, is_error: one.error })) };
  }
  const content = turn.assistant ? [{ type: 'text', text: turn.assistant }] : [];
  for (const call of turn.calls ?? []) content.push({ type: 'tool_use', id: call.id, name: call.name, input: call.args });
  return { role: 'assistant', content };
}
const budgets = { low: 1024, medium: 4096, high: 16384 };
const choices = { auto: 'auto', none: 'none', required: 'any' };
function messagesChoice({ choice, parallel }) {
  if (choice === undefined && parallel === undefined) return undefined;
  const base = choice?.name ? { type: 'tool', name: choice.name } : { type: choices[choice ?? 'auto'] };
  return parallel === undefined ? base : { ...base, disable_parallel_tool_use: !parallel };
}
const messagesBody = (request) => without({
  model: request.model, max_tokens: request.max ?? 4000, system: request.system, messages: request.turns.map(messagesTurn), temperature: request.temperature,
  top_p: request.topP, stop_sequences: request.stop, metadata: request.user && { user_id: request.user },
  thinking: request.effort && request.effort !== 'none' ? { type: 'enabled', budget_tokens: budgets[request.effort] } : undefined,
  tools: request.tools?.map((one) => without({ name: one.name, description: one.description, input_schema: one.schema ?? { type: 'object', properties: {} } })),
  tool_choice: messagesChoice(request), output_config: request.schema && { format: { type: 'json_schema', schema: request.schema } },
  ...request.extra,
});
const messagesFinish = { end_turn: 'stop', stop_sequence: 'stop', max_tokens: 'length', tool_use: 'tools', refusal: 'filter' };
function messagesAnswer(message, pieces, headers) {
  const of = (type) => message.content.filter((block) => block.type === type);
  const text = of('text').map((block) => block.text).join('');
  const refused = message.stop_reason === 'refusal';
  const { usage } = message;
  const cached = usage.cache_read_input_tokens ?? 0;
  return { text: refused ? '' : text, refusal: refused ? text : '', reasoning: of('thinking').map((block) => block.thinking).join(''),
    calls: of('tool_use').map((block) => ({ id: block.id, name: block.name, args: block.input })), finish: messagesFinish[message.stop_reason],
    usage: { input: usage.input_tokens + cached + (usage.cache_creation_input_tokens ?? 0), cached, output: usage.output_tokens },
    raw: message.content, pieces, headers };
}

async function askMessages(sdk, request, options) {
  if (!request.stream) {
    const { data, response } = await sdk.messages.create(messagesBody(request), options).withResponse();
    return messagesAnswer(data, 1, response.headers);
  }
  let pieces = 0;
  const stream = sdk.messages.stream(messagesBody(request), options);
  stream.on('text', () => { ++pieces; });
  stream.on('streamEvent', () => options.onPiece?.());
  const { response } = await stream.withResponse();
  options.onStart?.(response);
  return messagesAnswer(await stream.finalMessage(), pieces, response.headers);
}

// --- Vercel AI SDK ---

const vercelPart = (part) => {
  if (part.text !== undefined) return { type: 'text', text: part.text };
  if (part.image) {
    return typeof part.image === 'string' ? { type: 'file', mediaType: 'image/jpeg', data: new URL(part.image) }
      : { type: 'file', mediaType: part.image.type, data: part.image.data };
  }
  return { type: 'file', mediaType: 'application/pdf', data: part.pdf, filename: 'a.pdf' };
};
function vercelMessages(turns) {
  const names = new Map(turns.flatMap((turn) => turn.calls ?? []).map((call) => [call.id, call.name]));
  return turns.flatMap((turn) => {
    if (turn.raw) return turn.raw;
    if (turn.user !== undefined) return [{ role: 'user', content: typeof turn.user === 'string' ? turn.user : turn.user.map(vercelPart) }];
    if (turn.results) {
      return [{ role: 'tool', content: turn.results.map((one) => ({ type: 'tool-result', toolCallId: one.id, toolName: one.name ?? names.get(one.id),
        output: { type: one.error ? 'error-text' : 'text', value: one.text } })) }];
    }
    const content = turn.assistant ? [{ type: 'text', text: turn.assistant }] : [];
    for (const call of turn.calls ?? []) content.push({ type: 'tool-call', toolCallId: call.id, toolName: call.name, input: call.args });
    return [{ role: 'assistant', content }];
  });
}
const vercelFinish = { stop: 'stop', length: 'length', 'tool-calls': 'tools', 'content-filter': 'filter' };

const askVercel = (native) => async (model, request, options) => {
  const openaiOptions = without({ user: request.user, parallelToolCalls: request.parallel, ...(request.effort && { reasoningEffort: request.effort, forceReasoning: true }),
    ...(request.effort && native === 'responses' && { reasoningSummary: 'auto', store: false }), ...request.vercel });
  const anthropicOptions = without({ metadata: request.user && { userId: request.user }, disableParallelToolUse: request.parallel === undefined ? undefined : !request.parallel,
    thinking: request.effort && request.effort !== 'none' ? { type: 'enabled', budgetTokens: budgets[request.effort] } : undefined,
    structuredOutputMode: request.schema && 'outputFormat', ...request.vercel });
  const call = without({
    model: model(request.model), system: request.system, messages: vercelMessages(request.turns), maxOutputTokens: request.max ?? 4000, temperature: request.temperature,
    topP: request.topP, stopSequences: request.stop, maxRetries: 0, abortSignal: options.signal, timeout: options.timeout,
    tools: request.tools && Object.fromEntries(request.tools.map((one) => [one.name, vercelTool(without({ description: one.description,
      inputSchema: jsonSchema(one.schema ?? { type: 'object', properties: {} }) }))])),
    toolChoice: request.choice?.name ? { type: 'tool', toolName: request.choice.name } : request.choice,
    output: request.schema ? Output.object({ schema: jsonSchema(request.schema) }) : request.json ? Output.json() : undefined,
    providerOptions: native === 'messages' ? { anthropic: anthropicOptions } : { openai: openaiOptions },
  });
  let result;
  let pieces = 1;
  if (request.stream) {
    pieces = 0;
    let failed;
    const stream = streamText({ ...call, onError: () => {} });
    for await (const part of stream.fullStream) {
      if (part.type === 'text-delta') ++pieces;
      if (part.type === 'error') failed ??= part.error;
      if (part.type === 'abort') failed ??= Object.assign(new Error('aborted'), { name: 'AbortError' });
      options.onPiece?.();
    }
    if (failed) throw failed instanceof Error ? failed : Object.assign(new Error(JSON.stringify(failed)), { streamed: true });
    result = { text: await stream.text, toolCalls: await stream.toolCalls, finishReason: await stream.finishReason, reasoningText: await stream.reasoningText,
      usage: await stream.usage, response: await stream.response };
  } else {
    result = await generateText(call);
  }
  const { usage } = result;
  return { text: result.text, refusal: '', reasoning: result.reasoningText ?? '', finish: vercelFinish[result.finishReason], pieces,
    calls: result.toolCalls.map((one) => ({ id: one.toolCallId, name: one.toolName, args: one.input })),
    usage: { input: usage.inputTokens, cached: usage.inputTokenDetails?.cacheReadTokens ?? usage.cachedInputTokens, output: usage.outputTokens,
      reasoning: usage.outputTokenDetails?.reasoningTokens ?? usage.reasoningTokens },
    raw: result.response.messages, headers: new Headers(result.response.headers ?? {}) };
};

// --- errors ---

/// What any of the SDKs throws → {status, param, message, kind: 'refused' | 'stream' | 'abort' | 'timeout' | 'other'}.
export function errorOf(error) {
  const status = error.status ?? error.statusCode;
  let body = error.error;
  if (error.responseBody) { try { body = JSON.parse(error.responseBody); } catch { body = undefined; } }
  const inner = body?.error ?? body;
  const name = `${error.name} ${error.constructor?.name} ${error.cause?.name ?? ''}`;
  const kind = /Timeout/i.test(name) || /timed out/i.test(error.message ?? '') ? 'timeout' : /Abort/.test(name) ? 'abort' : status ? 'refused' : 'stream';
  return { status, param: inner?.param ?? undefined, type: inner?.type, code: inner?.code, message: inner?.message ?? error.message, kind, error,
    retryAfter: error.headers?.get?.('retry-after') ?? error.responseHeaders?.['retry-after'] };
}

/// All clients of a router. `dialect` is the endpoint they use.
export function clientsOf(url, apiKey) {
  const openai = new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 });
  const anthropic = new Anthropic({ apiKey, baseURL: url, maxRetries: 0 });
  const vercelOpenAi = createOpenAI({ apiKey, baseURL: `${url}/v1` });
  const vercelAnthropic = createAnthropic({ apiKey, baseURL: `${url}/v1` });
  const client = (name, dialect, ask, sdk) => ({ name, dialect, vercel: name.startsWith('ai-sdk'),
    ask: (request, { signal, timeout, onStart, onPiece } = {}) => {
      const options = without({ signal, timeout });
      return ask(sdk, request, Object.defineProperties(options, { onStart: { value: onStart }, onPiece: { value: onPiece } }));
    } });
  return [
    client('openai chat', 'chat_completions', askChat, openai),
    client('openai responses', 'responses', askResponses, openai),
    client('anthropic', 'messages', askMessages, anthropic),
    client('ai-sdk openai chat', 'chat_completions', askVercel('chat'), (id) => vercelOpenAi.chat(id)),
    client('ai-sdk openai responses', 'responses', askVercel('responses'), (id) => vercelOpenAi.responses(id)),
    client('ai-sdk anthropic', 'messages', askVercel('messages'), (id) => vercelAnthropic(id)),
  ];
}
