// Receivers of alerts for tests. The HTTP ones are strict: they refuse what the services refuse by their published rules, and
// keep why. The SMTP one is Debian's aiosmtpd (smtp_receiver.py).
import { createHmac } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { gzipSync } from 'node:zlib';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { launch } from './support.mjs';

const ajv = new Ajv({ allErrors: true });
addFormats(ajv);
const pairs = { type: 'object', additionalProperties: { type: 'string' }, propertyNames: { pattern: '^[a-zA-Z_][a-zA-Z0-9_]*$' } };
const object = (properties, optional = []) => ({ type: 'object', properties, additionalProperties: false, required: Object.keys(properties).filter((key) => !optional.includes(key)) });
const status = { enum: ['firing', 'resolved'] };

const running = [];
/// After each test.
export function stopReceivers() {
  for (const receiver of running.splice(0)) receiver.stop();
}

/// Alertmanager's webhook, version 4, as its documentation gives it.
const alertmanager = ajv.compile(object({
  version: { const: '4' }, groupKey: { type: 'string', minLength: 1 }, truncatedAlerts: { type: 'integer', minimum: 0 }, status, receiver: { type: 'string', minLength: 1 },
  groupLabels: pairs, commonLabels: pairs, commonAnnotations: pairs, externalURL: { type: 'string', format: 'uri' },
  alerts: { type: 'array', minItems: 1, items: object({ status, labels: { ...pairs, required: ['alertname'] }, annotations: pairs,
    startsAt: { type: 'string', format: 'date-time' }, endsAt: { type: 'string', format: 'date-time' }, generatorURL: { type: 'string', format: 'uri' }, fingerprint: { type: 'string', pattern: '^[0-9a-f]{16}$' } }) },
}));

function webhookFault(request, text) {
  const { headers } = request;
  if (headers['content-type'] !== 'application/json') return [400, 'not JSON'];
  if (!/^dlv_[0-9a-f]+$/.test(headers['x-kairosroute-delivery'] ?? '')) return [400, 'no delivery id'];
  if (Math.abs(Number(headers['x-kairosroute-timestamp']) - Date.now() / 1000) > 60) return [400, 'the timestamp is old'];
  const signed = createHmac('sha256', 'hook-secret').update(`${headers['x-kairosroute-timestamp']}.${headers['x-kairosroute-delivery']}.${text}`).digest('hex');
  if (headers['x-kairosroute-signature'] !== `v1=${signed}`) return [401, 'bad signature'];
  const body = JSON.parse(text);
  if (!alertmanager(body)) return [400, ajv.errorsText(alertmanager.errors)];
  const late = body.alerts.find((one) => (one.endsAt === '0001-01-01T00:00:00Z') !== (one.status === 'firing'));
  return late ? [400, 'endsAt does not go with the status'] : null;
}

/// Slack's mrkdwn: & only as an entity, < and > only around a link that we make.
const unescaped = (text) => /&(?!amp;|lt;|gt;)/.test(text) || /[<>]/.test(text.replace(/<https?:\/\/[^<>|\s]+\|[^<>|]*>/g, ''));
const kSlackTypes = { section: 3000, header: 150, context: 3000 };

function slackTexts(block) {
  if (block.type === 'context') return block.elements;
  return [...(block.text ? [block.text] : []), ...(block.fields ?? [])];
}

function slackFault(request, text) {
  if (request.headers['content-type'] !== 'application/json') return [400, 'invalid_payload'];
  let body;
  try { body = JSON.parse(text); } catch { return [400, 'invalid_payload']; }
  if (typeof body.text !== 'string' || body.text === '') return [400, 'no_text'];
  if (body.text.length > 40_000 || unescaped(body.text)) return [400, 'text is too long or unescaped'];
  if (!Array.isArray(body.blocks) || body.blocks.length === 0 || body.blocks.length > 50) return [400, 'invalid_blocks'];
  for (const block of body.blocks) {
    if (!(block.type in kSlackTypes)) return [400, 'invalid_blocks: type'];
    if (block.type === 'context' && !(block.elements?.length >= 1 && block.elements.length <= 10)) return [400, 'invalid_blocks: elements'];
    const texts = slackTexts(block);
    if (texts.length === 0) return [400, 'invalid_blocks: no text'];
    for (const one of texts) {
      if (one.type !== (block.type === 'header' ? 'plain_text' : 'mrkdwn') || typeof one.text !== 'string' || one.text === '') return [400, 'invalid_blocks: text'];
      if (one.text.length > kSlackTypes[block.type]) return [400, 'invalid_blocks: too long'];
      if (one.type === 'mrkdwn' && unescaped(one.text)) return [400, `unescaped: ${one.text}`];
    }
  }
  return null;
}

/// PagerDuty's Events API v2.
function pagerdutyFault(request, text) {
  if (Buffer.byteLength(text) > 512 * 1024) return [413, 'too large'];
  let body;
  try { body = JSON.parse(text); } catch { return [400, 'invalid JSON']; }
  if (!/^[0-9a-zA-Z]{32}$/.test(body.routing_key ?? '')) return [400, "'routing_key' is missing or wrong"];
  if (!['trigger', 'acknowledge', 'resolve'].includes(body.event_action)) return [400, "'event_action' is wrong"];
  if (body.dedup_key !== undefined && (typeof body.dedup_key !== 'string' || body.dedup_key.length > 255)) return [400, "'dedup_key' is too long"];
  if (body.event_action !== 'trigger') return body.dedup_key ? null : [400, "'dedup_key' is missing"];
  const { payload } = body;
  if (!payload?.summary || payload.summary.length > 1024) return [400, "'summary' is missing or too long"];
  if (!payload.source) return [400, "'source' is missing"];
  if (!['critical', 'error', 'warning', 'info'].includes(payload.severity)) return [400, "'severity' is wrong"];
  if (payload.timestamp && Number.isNaN(Date.parse(payload.timestamp))) return [400, "'timestamp' is wrong"];
  const links = (body.links ?? []).every((link) => /^https?:/.test(link.href) && typeof link.text === 'string');
  return links ? null : [400, "'links' are wrong"];
}

const kinds = {
  webhook: { fault: webhookFault, ok: [200, 'taken'], id: (request) => request.headers['x-kairosroute-delivery'] },
  slack: { fault: slackFault, ok: [200, 'ok'], id: (_, body) => JSON.stringify(body) },
  pagerduty: { fault: pagerdutyFault, ok: [202, '{"status":"success","message":"Event processed"}'], id: (_, body) => `${body.event_action} ${body.dedup_key}` },
};

const bomb = gzipSync(Buffer.alloc(64 << 20)); // 64 MiB of zeros in 64 KiB
const says = (code, headers, body) => (_, response) => { response.writeHead(code, headers); response.end(body); };
/// What receivers do on a bad day.
export const faults = {
  busy: says(429, { 'retry-after': '1' }, 'slow down'),
  busyUntil: (_, response) => { response.writeHead(429, { 'retry-after': new Date(Date.now() + 2000).toUTCString() }); response.end(); },
  internal: says(500, {}, 'oops'),
  badGateway: says(502, {}, '<html>bad gateway</html>'),
  unavailable: says(503, {}, 'busy'),
  gatewayTimeout: says(504, {}, ''),
  tooLarge: says(413, {}, 'too large'),
  gone: says(404, {}, 'no_service'),
  hang: () => undefined,
  hangAfterHead: (_, response) => { response.writeHead(500, { 'content-length': 100 }); response.write('x'); },
  reset: (request) => request.socket.resetAndDestroy(),
  resetMidAnswer: (request, response) => { response.writeHead(500, { 'content-length': 1000 }); response.write('half', () => request.socket.resetAndDestroy()); },
  partial: (request, response) => { response.writeHead(503, { 'content-length': 1000 }); response.write('half', () => request.socket.end()); },
  nonsense: (request) => request.socket.end('SMTP 220 hello\r\n\r\n'),
  headers: (request) => { // without end
    request.socket.write('HTTP/1.1 500 No\r\n');
    const timer = setInterval(() => request.socket.write(`x-${Math.random()}: ${'y'.repeat(8000)}\r\n`), 1);
    request.socket.on('close', () => clearInterval(timer)).on('error', () => clearInterval(timer));
  },
  huge: says(500, {}, 'x'.repeat(5 << 20)),
  bomb: says(500, { 'content-encoding': 'gzip' }, bomb),
  takenHuge: says(200, {}, 'x'.repeat(5 << 20)),
  takenBomb: says(200, { 'content-encoding': 'gzip' }, bomb),
  takenPartial: (request, response) => { response.writeHead(200, { 'content-length': 1000 }); response.write('half', () => request.socket.destroy()); },
};

/// `plans`: path → faults, one a call; then the message is judged as the service would. Calls are kept per path.
export async function startHttpReceiver(plans = {}) {
  const receiver = { calls: [], refused: [], plans: { ...plans } };
  const server = createServer((request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      const text = Buffer.concat(pieces).toString();
      const kind = kinds[request.url.split('/')[1]];
      const call = { path: request.url, at: Date.now(), headers: request.headers, text };
      try { call.body = JSON.parse(text); call.id = kind.id(request, call.body); } catch { /* the judge says so */ }
      const fault = kind.fault(request, text);
      if (fault) receiver.refused.push(`${request.url}: ${fault[1]}`);
      receiver.calls.push(call);
      receiver.onCall?.(call, request, response);
      if (response.writableEnded || response.destroyed) return undefined;
      const plan = receiver.plans[request.url]?.shift();
      if (plan) return plan(request, response);
      const [code, answer] = fault ?? kind.ok;
      response.writeHead(code, { 'content-type': 'text/plain' });
      return response.end(answer);
    });
  });
  server.on('clientError', (_, socket) => socket.destroy());
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  receiver.url = `http://127.0.0.1:${server.address().port}`;
  receiver.at = (path) => receiver.calls.filter((call) => call.path === path);
  receiver.stop = () => { server.closeAllConnections(); server.close(); };
  running.push(receiver);
  return receiver;
}

/// A certificate authority and a certificate of it for 127.0.0.1, in `folder`.
export function makeCertificates(folder, name = 'ca') {
  const path = (file) => join(folder, `${name}-${file}`);
  const openssl = (...args) => execFileSync('openssl', args, { stdio: 'pipe' });
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=Test CA', '-keyout', path('ca.key'), '-out', path('ca.pem'));
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=mail.test', '-keyout', path('key.pem'), '-out', path('csr.pem'));
  writeFileSync(path('ext'), 'subjectAltName=IP:127.0.0.1\n');
  openssl('x509', '-req', '-in', path('csr.pem'), '-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', path('ext'), '-out', path('cert.pem'));
  return { ca: path('ca.pem'), cert: path('cert.pem'), key: path('key.pem') };
}

export async function startSmtpReceiver(security, certificates, login = []) {
  const files = certificates ? [certificates.cert, certificates.key] : [];
  const child = launch('/usr/bin/python3', [new URL('smtp_receiver.py', import.meta.url).pathname, security, ...files, ...login], { stdio: ['pipe', 'pipe', 'pipe'] });
  const receiver = { mails: [], commands: [], log: '' };
  child.stderr.on('data', (text) => { receiver.log += text; });
  const waiting = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line);
    if (said.mail) receiver.mails.push(said.mail);
    if (said.command) receiver.commands.push(said);
    if (said.port || said.ready) waiting.shift()?.(said);
    receiver.onSaid?.(said);
  });
  const answer = () => Promise.race([new Promise((done) => { waiting.push(done); }), once(child, 'exit').then(() => { throw new Error(`the SMTP receiver ended: ${receiver.log}`); })]);
  receiver.port = (await answer()).port;
  receiver.plan = (list) => { child.stdin.write(`${JSON.stringify({ faults: list })}\n`); return answer(); };
  receiver.stop = () => child.kill('SIGKILL');
  running.push(receiver);
  return receiver;
}

export const headerOf = (mail, name) => mail.headers.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value);

export async function until(what, condition, ms = 30_000) {
  for (const end = Date.now() + ms; Date.now() < end;) {
    const value = await condition();
    if (value) return value;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`never: ${what}`);
}
