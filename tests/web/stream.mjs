// A live feed as fast as one likes, made here, so that the browser alone is looked at.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

let n = 0;
const row = () => ({ receipt_id: `rcpt_${String(++n).padStart(26, '0')}`, created_at: new Date().toISOString(), completed_at: new Date().toISOString(), tenant: `tenant-${n % 7}`, workflow: `workflow-${n % 11}`, api_key_id: 'k', end_user: '',
  requested_model: 'auto', model_id: ['gpt-4o', 'o3', 'claude-sonnet'][n % 3], provider: 'openai', region: '', category: 'code', status: n % 50 ? 'success' : 'error', http_status: 200, error_code: '', cost_usd: '0.0001096',
  charged_usd: null, savings_usd: '0.0000004', cost_basis: 'metered', latency_ms: n % 900, ttft_ms: null, attempts: 1, count: 1, cache_hit: false });
const event = (one) => `id: ${one.receipt_id}\nevent: receipt\ndata: ${JSON.stringify(one)}\n\n`;

/** The built files, a session, and a live feed: `send(count)` gives that many receipts to who listens. */
export async function streamServer() {
  const dist = fileURLToPath(new URL('../../web/dist', import.meta.url));
  const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };
  const json = (response, value) => { response.writeHead(200, { 'content-type': 'application/json' }); response.end(JSON.stringify(value)); };
  const listening = new Set();
  const server = createServer((request, response) => {
    const path = request.url.split('?')[0];
    if (path === '/api/v1/session') return json(response, { api_key_id: 'ops', tenant: null, role: 'admin', sees_all: true, expires_at: null, csrf_token: null });
    if (path === '/api/v1/receipts') return json(response, { receipts: [row()], next: null });
    if (path === '/api/v1/saved-views') return json(response, { views: [], next: null });
    if (path === '/api/v1/status') return json(response, { node_id: 'perf', policy_version: '', store: {} });
    if (path === '/api/v1/receipts/live') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      listening.add(response);
      return request.on('close', () => listening.delete(response));
    }
    const file = existsSync(dist + path) && extname(path) ? dist + path : `${dist}/index.html`;
    response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' });
    return response.end(readFileSync(file));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  /** Resolves when the listeners can take more. */
  const send = async (count) => {
    const text = Array.from({ length: count }, () => event(row())).join('');
    await Promise.all([...listening].map((one) => one.write(text) || once(one, 'drain')));
  };
  return { base: `http://127.0.0.1:${server.address().port}`, send, stop: () => { server.closeAllConnections(); server.close(); } };
}

/** Reads the page's metrics, what is garbage having been collected. */
export async function collected(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  return async () => {
    await devtools.send('HeapProfiler.collectGarbage');
    return Object.fromEntries((await devtools.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]));
  };
}

export const receivedBy = async (page) => Number(/([\d,]+) received/.exec(await page.locator('.live-bar').innerText())?.[1]?.replaceAll(',', '') ?? 0);
