// An OTLP/HTTP receiver for tests. What it gets is decoded by OpenTelemetry's own generated decoder, not by code of ours.
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { gunzipSync } from 'node:zlib';
import { createRequire } from 'node:module';

const root = createRequire(import.meta.url)('./node_modules/@opentelemetry/otlp-transformer/build/src/generated/root.js');
const { trace, metrics } = root.opentelemetry.proto.collector;
const plain = { longs: String, enums: Number, bytes: (bytes) => Buffer.from(bytes).toString('hex') };
const hex = (bytes) => Buffer.from(bytes ?? []).toString('hex');

function valueOf(value) {
  if (value.arrayValue) return value.arrayValue.values.map(valueOf);
  if (value.stringValue !== undefined && value.stringValue !== null) return value.stringValue;
  if (value.boolValue !== undefined && value.boolValue !== null) return value.boolValue;
  if (value.intValue !== undefined && value.intValue !== null) return Number(value.intValue);
  return value.doubleValue;
}
export const attributesOf = (list) => Object.fromEntries((list ?? []).map(({ key, value }) => [key, valueOf(value)]));

/// One form for what came as protobuf and as JSON.
function flatten(request, bytes) {
  const id = bytes ? hex : (text) => text ?? '';
  return request.resourceSpans.flatMap((resource) => resource.scopeSpans.flatMap((scope) => scope.spans.map((span) => ({
    ...span, traceId: id(span.traceId), spanId: id(span.spanId), parentSpanId: id(span.parentSpanId),
    startTimeUnixNano: String(span.startTimeUnixNano), endTimeUnixNano: String(span.endTimeUnixNano),
    status: Number(span.status?.code ?? 0), attributes: attributesOf(span.attributes),
    events: (span.events ?? []).map((event) => ({ ...event, timeUnixNano: String(event.timeUnixNano), attributes: attributesOf(event.attributes) })),
    links: (span.links ?? []).map((link) => ({ traceId: id(link.traceId), spanId: id(link.spanId) })),
    resource: attributesOf(resource.resource.attributes), scope: scope.scope, schemaUrl: scope.schemaUrl }))));
}

function decodeTraces(type, body) {
  if (type === 'application/json') return flatten(JSON.parse(body), false);
  const Request = trace.v1.ExportTraceServiceRequest;
  return flatten(Request.decode(body), true);
}

function decodeMetrics(type, body) {
  const Request = metrics.v1.ExportMetricsServiceRequest;
  const request = type === 'application/json' ? JSON.parse(body) : Request.toObject(Request.decode(body), plain);
  return request.resourceMetrics.flatMap((resource) => resource.scopeMetrics.flatMap((scope) => scope.metrics));
}

/// `answer(request, response, spans)` may answer by itself and return true. Spans of requests that are answered here count.
export async function startReceiver({ answer = () => false, tls } = {}) {
  const receiver = { requests: [], spans: [], metrics: [], answer };
  const handle = (request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      let body = Buffer.concat(pieces);
      if (request.headers['content-encoding'] === 'gzip') body = gunzipSync(body);
      const type = request.headers['content-type'];
      const isTrace = request.url.endsWith('/v1/traces');
      const decoded = isTrace ? decodeTraces(type, body) : decodeMetrics(type, body);
      receiver.requests.push({ url: request.url, headers: request.headers, at: Date.now(), spans: isTrace ? decoded.length : 0, client: request.socket.getPeerCertificate?.()?.subject?.CN });
      if (isTrace && receiver.answer(request, response, decoded)) return;
      if (isTrace) receiver.spans.push(...decoded);
      else receiver.metrics = decoded;
      response.writeHead(200, { 'content-type': type });
      response.end(type === 'application/json' ? '{"partialSuccess":{}}' : Buffer.from([0x0a, 0]));
    });
  };
  const server = tls ? createTlsServer(tls, handle) : createServer(handle);
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  receiver.port = server.address().port;
  receiver.url = `${tls ? 'https' : 'http'}://127.0.0.1:${receiver.port}`;
  receiver.stop = () => { server.closeAllConnections(); server.close(); };
  receiver.until = async (what, condition, ms = 10_000) => {
    for (const end = Date.now() + ms; Date.now() < end;) {
      const found = condition();
      if (found) return found;
      await new Promise((done) => setTimeout(done, 20));
    }
    throw new Error(`did not come: ${what}; ${receiver.requests.length} requests, ${receiver.spans.length} spans`);
  };
  /// The spans of one receipt, once there are so many: its own first, then its attempts in order.
  receiver.of = (receiptId, least = 1) => receiver.until(`${least} spans of ${receiptId}`, () => {
    const own = receiver.spans.filter((span) => span.attributes['kairosroute.receipt.id'] === receiptId);
    return own.length >= least && own.sort((a, b) => a.kind - b.kind || (a.attributes['kairosroute.attempt.index'] ?? -1) - (b.attributes['kairosroute.attempt.index'] ?? -1));
  });
  return receiver;
}
