// Figures of the dashboard: node tests/web/perf.mjs [SECONDS]. First paint and filter changes against the real server; the
// live feed at 1,000 receipts a second against a stream made here, so that the browser alone is measured.
import { createServer } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import config from './playwright.config.mjs';
import { fill, start } from './seed.mjs';

const SECONDS = Number(process.argv[2] ?? 30);
const RATE = 1000;
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const p95 = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)];
const failures = [];
const report = (what, value, unit, limit) => {
  console.log(`${what}: ${value.toFixed(1)} ${unit}, limit ${limit}`);
  if (value > limit) failures.push(what);
};

async function firstPaint(browser, base, path, mark, loads) {
  const times = [];
  for (let i = 0; i < loads; ++i) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    await context.request.post(`${base}/api/v1/session`, { data: { key: 'kr-ops' } });
    const page = await context.newPage();
    await page.addInitScript(() => new PerformanceObserver((list) => { window.lcp = list.getEntries().at(-1).startTime; }).observe({ type: 'largest-contentful-paint', buffered: true }));
    await page.goto(base + path);
    await page.locator(mark).first().waitFor();
    await page.waitForTimeout(200);
    times.push(await page.evaluate(() => window.lcp));
    await context.close();
  }
  report(`largest paint of ${path}, median of ${loads} cold loads`, median(times), 'ms', 600);
}

/** From one view to the next with the same filters: until its figures are there. */
async function viewSwitches(browser, base) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  await context.request.post(`${base}/api/v1/session`, { data: { key: 'kr-ops' } });
  const page = await context.newPage();
  await page.goto(`${base}/spend`);
  await page.locator('.kpi .figure').first().waitFor();
  const times = await page.evaluate(async () => {
    const out = [];
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    for (let i = 0; i < 24; ++i) {
      const to = ['Savings', 'Model mix', 'Latency', 'Spend'][i % 4];
      const from = performance.now();
      [...document.querySelectorAll('.nav-i')].find((one) => one.textContent === to).click();
      while (document.querySelector('h1')?.textContent !== to || !document.querySelector('.kpi') || document.querySelector('.kpi .v')?.textContent === '—' || document.querySelector('.skeleton')) await frame();
      await frame();
      if (i >= 4) out.push(performance.now() - from); // the first round fetches the code
      await new Promise((done) => setTimeout(done, 150));
    }
    return out;
  });
  report('view switch to its figures, p95 of 20', p95(times), 'ms', 300);
  await context.close();
}

async function filterChanges(browser, base) {
  const context = await browser.newContext({ viewport: { width: 1600, height: 900 } });
  await context.request.post(`${base}/api/v1/session`, { data: { key: 'kr-ops' } });
  const page = await context.newPage();
  await page.goto(`${base}/receipts`);
  await page.locator('.vt-row').first().waitFor();
  const times = await page.evaluate(async () => {
    const out = [];
    const status = () => [...document.querySelectorAll('.facet-v')].find((one) => one.textContent.startsWith('success'));
    const sums = () => document.querySelector('.foot')?.textContent;
    for (let i = 0; i < 40; ++i) {
      const before = sums();
      const from = performance.now();
      status().click();
      while (sums() === before || document.querySelector('.foot .skeleton')) await new Promise((done) => requestAnimationFrame(done));
      await new Promise((done) => requestAnimationFrame(done));
      out.push(performance.now() - from);
      history.replaceState(null, '', `/receipts?x=${i}`); // nothing is answered from the page's own cache
      window.dispatchEvent(new PopStateEvent('popstate'));
      await new Promise((done) => setTimeout(done, 250));
    }
    return out;
  });
  report('filter change to paint, p95 of 40', p95(times), 'ms', 150);
  await context.close();
}

/** The built files, a session, and a stream of RATE receipts a second. */
async function streamServer() {
  const dist = fileURLToPath(new URL('../../web/dist', import.meta.url));
  const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };
  const json = (response, value) => { response.writeHead(200, { 'content-type': 'application/json' }); response.end(JSON.stringify(value)); };
  let n = 0;
  const row = () => ({ receipt_id: `rcpt_${String(++n).padStart(26, '0')}`, created_at: new Date().toISOString(), completed_at: new Date().toISOString(), tenant: `tenant-${n % 7}`, workflow: `workflow-${n % 11}`, api_key_id: 'k', end_user: '',
    requested_model: 'auto', model_id: ['gpt-4o', 'o3', 'claude-sonnet'][n % 3], provider: 'openai', region: '', category: 'code', status: n % 50 ? 'success' : 'error', http_status: 200, error_code: '', cost_usd: '0.0001096',
    charged_usd: null, savings_usd: '0.0000004', cost_basis: 'metered', latency_ms: n % 900, ttft_ms: null, attempts: 1, count: 1, cache_hit: false });
  const server = createServer((request, response) => {
    const path = request.url.split('?')[0];
    if (path === '/api/v1/session') return json(response, { api_key_id: 'ops', tenant: null, role: 'admin', sees_all: true, expires_at: null, csrf_token: null });
    if (path === '/api/v1/receipts') return json(response, { receipts: [row()], next: null });
    if (path === '/api/v1/saved-views') return json(response, { views: [], next: null });
    if (path === '/api/v1/status') return json(response, { node_id: 'perf', policy_version: '', store: {} });
    if (path === '/api/v1/receipts/live') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const timer = setInterval(() => { for (let i = 0; i < RATE / 20; ++i) { const one = row(); response.write(`id: ${one.receipt_id}\nevent: receipt\ndata: ${JSON.stringify(one)}\n\n`); } }, 50);
      return request.on('close', () => clearInterval(timer));
    }
    const file = existsSync(dist + path) && extname(path) ? dist + path : `${dist}/index.html`;
    response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' });
    return response.end(readFileSync(file));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { base: `http://127.0.0.1:${server.address().port}`, stop: () => { server.closeAllConnections(); server.close(); } };
}

async function liveFeed(browser) {
  const { base, stop } = await streamServer();
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  const metrics = async () => Object.fromEntries((await devtools.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]));
  await page.goto(`${base}/live`);
  await page.locator('.vt-row').first().waitFor();
  await page.waitForTimeout(4000); // the list is full
  await devtools.send('HeapProfiler.collectGarbage');
  const before = await metrics();
  await page.waitForTimeout(SECONDS * 1000);
  await devtools.send('HeapProfiler.collectGarbage');
  const after = await metrics();
  const received = Number((await page.locator('.live-bar').innerText()).match(/([\d,]+) received/)[1].replaceAll(',', ''));
  console.log(`live feed: ${received} received, ${await page.locator('.vt-row').count()} rows in the document`);
  report(`live feed at ${RATE}/s, main thread busy over ${SECONDS} s`, (100 * (after.TaskDuration - before.TaskDuration)) / (after.Timestamp - before.Timestamp), '%', 20);
  report('live feed, heap at the end', after.JSHeapUsedSize / 1e6, 'MB', 40);
  report('live feed, growth of the heap', (after.JSHeapUsedSize - before.JSHeapUsedSize) / 1e6, 'MB', 3);
  await page.close();
  stop();
}

const browser = await chromium.launch(config.use.launchOptions);
const { router, stop } = await start();
await fill(router, Number(process.env.RECEIPTS ?? 500));
await firstPaint(browser, router.url, '/receipts', '.vt-row', 9);
for (const path of ['/savings', '/spend', '/mix', '/latency', '/tenants']) await firstPaint(browser, router.url, path, '.kpi .n', 5);
await filterChanges(browser, router.url);
await viewSwitches(browser, router.url);
await stop();
await liveFeed(browser);
await browser.close();
if (failures.length > 0) {
  console.error(`past the limit: ${failures.join(', ')}`);
  process.exit(1);
}
