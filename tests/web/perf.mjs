// Figures of the dashboard: first paint, filter changes and view switches against the real server; the live feed at 1,000
// receipts a second against a stream made here, so that the browser alone is measured. It fails past the limits.
//
//   node tests/web/perf.mjs                                  500 receipts of a server of the tests
//   node tests/web/perf.mjs --data FOLDER [--per-day N]      90 days of the demo's history, made where FOLDER is not there yet
//   node tests/web/perf.mjs --only live --seconds 1800       one of paint, filters, views, live
//
// Ten million receipts: --per-day 111200 (ten minutes and 10.5 GB the first time). KAIROSROUTE names the binary.
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { caughtUp, startDemo } from './demo.mjs';
import config from './playwright.config.mjs';
import { fill, start } from './seed.mjs';
import { collected, receivedBy, streamServer } from './stream.mjs';

const { values: wanted } = parseArgs({ options: { data: { type: 'string' }, 'per-day': { type: 'string', default: '1100' }, only: { type: 'string' }, ranges: { type: 'string' }, seconds: { type: 'string', default: '30' } } });
const SECONDS = Number(wanted.seconds);
const RATE = 1000;
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const p95 = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)];
const failures = [];
const report = (what, value, unit, limit) => {
  console.log(`${what}: ${value.toFixed(1)} ${unit}, limit ${limit}`);
  if (value > limit) failures.push(what);
};

/** Somebody signed in at the server. */
async function pageOf(browser, base, width = 1280) {
  const context = await browser.newContext({ viewport: { width, height: 900 } });
  await context.request.post(`${base}/api/v1/session`, { data: { key: wanted.data ? 'kr-demo' : 'kr-ops' } });
  return context.newPage();
}

async function firstPaint(browser, base, path, mark, loads) {
  const times = [];
  for (let i = 0; i < loads; ++i) {
    const page = await pageOf(browser, base);
    await page.addInitScript(() => new PerformanceObserver((list) => { window.lcp = list.getEntries().at(-1).startTime; }).observe({ type: 'largest-contentful-paint', buffered: true }));
    await page.goto(base + path);
    await page.locator(mark).first().waitFor();
    await page.waitForTimeout(200);
    times.push(await page.evaluate(() => window.lcp));
    await page.context().close();
  }
  report(`largest paint of ${path}, median of ${loads} cold loads`, median(times), 'ms', 600);
}

/** From one view to the next with the same filters: until its figures are there. */
async function viewSwitches(browser, base) {
  const page = await pageOf(browser, base);
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
  await page.context().close();
}

/** Filters that no change before had, so that neither page nor server answers from what it has; until the first
 *  figures and the first chart are painted, and until all of the view is. */
async function filterChanges(browser, base, path, range, tenants) {
  const page = await pageOf(browser, base, 1600);
  await page.goto(`${base}${path}?from=${range}`);
  const categories = ['chat', 'code', 'creative', 'extraction', 'reasoning', 'summarization'];
  const changes = tenants.flatMap((tenant) => [`tenant=${tenant}`, ...categories.map((category) => `tenant=${tenant}&category=${category}`)]).slice(0, 24);
  const found = await page.evaluate(async ([at, searches]) => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const busy = () => document.querySelector('main .busy.on, main [aria-busy="true"], main .skeleton') !== null;
    const first = () => document.querySelector('main .grid .card [aria-busy], main .search-grid .card [aria-busy]')?.ariaBusy === 'true';
    const settled = async () => { for (let quiet = 0; quiet < 2; quiet = busy() ? 0 : quiet + 1) await frame(); };
    await settled();
    const out = [];
    for (const search of searches) {
      await new Promise((done) => setTimeout(done, 300));
      performance.clearResourceTimings();
      const from = performance.now();
      history.pushState(null, '', `${at}&${search}`);
      await frame();
      while (first()) await frame();
      await frame();
      const shown = performance.now();
      await settled();
      const until = performance.now();
      const asked = performance.getEntriesByType('resource').filter((one) => /\/api\/v1\/(queries|receipts|ledger)/.test(one.name) && one.startTime >= from);
      out.push({ shown: shown - from, all: until - from, answered: Math.max(0, ...asked.map((one) => one.responseEnd)) - from, asked: asked.length });
    }
    return out;
  }, [`${path}?from=${range}`, changes]);
  const of = (what) => found.map((one) => one[what]);
  report(`filter change of ${path} over ${range}, first figures and chart, p95 of ${found.length}`, p95(of('shown')), 'ms', 150);
  console.log(`  median ${median(of('shown')).toFixed(0)} ms; all of the view: median ${median(of('all')).toFixed(0)}, p95 ${p95(of('all')).toFixed(0)} ms, of it ${p95(of('answered')).toFixed(0)} ms until the last of ${median(of('asked'))} answers`);
  await page.context().close();
}

async function liveFeed(browser) {
  const { base, stop, send } = await streamServer();
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const metrics = await collected(page);
  await page.goto(`${base}/live`);
  const feeding = setInterval(() => send(RATE / 20), 50);
  await page.locator('.vt-row').first().waitFor();
  await page.waitForTimeout(4000); // the list is full
  const before = await metrics();
  await page.waitForTimeout(SECONDS * 1000);
  const after = await metrics();
  console.log(`live feed: ${await receivedBy(page)} received, ${await page.locator('.vt-row').count()} rows in the document`);
  report(`live feed at ${RATE}/s, main thread busy over ${SECONDS} s`, (100 * (after.TaskDuration - before.TaskDuration)) / (after.Timestamp - before.Timestamp), '%', 20);
  report('live feed, heap at the end', after.JSHeapUsedSize / 1e6, 'MB', 40);
  report('live feed, growth of the heap', (after.JSHeapUsedSize - before.JSHeapUsedSize) / 1e6, 'MB', 3);
  clearInterval(feeding);
  await page.close();
  stop();
}

const does = (part) => wanted.only === undefined || wanted.only.split(',').includes(part);
async function startServer() {
  if (!wanted.data) {
    const { router, stop } = await start();
    await fill(router, Number(process.env.RECEIPTS ?? 500));
    return { url: router.url, stop, tenants: ['acme', 'rival', 'resold'] };
  }
  const began = performance.now();
  const demo = await startDemo(process.env.KAIROSROUTE, wanted.data, ['--history', '90', '--receipts-per-day', wanted['per-day'], '--rate', '0']);
  const receipts = await caughtUp(demo.url, 0.95 * 90 * Number(wanted['per-day']));
  console.log(`${receipts.toLocaleString('en-US')} receipts, there after ${((performance.now() - began) / 1000).toFixed(0)} s${demo.made && `; ${demo.made}`}`);
  return { ...demo, tenants: ['brightmail', 'nova-labs-prod', 'quill-apps', 'atlas-research'] };
}

const browser = await chromium.launch(config.use.launchOptions);
if (['paint', 'filters', 'views'].some(does)) {
  const { url, stop, tenants } = await startServer();
  const views = ['/receipts', '/savings', '/spend', '/mix', '/latency', '/tenants'];
  const ranges = (wanted.ranges ?? (wanted.data ? '-7d,-90d' : '-7d')).split(',');
  for (const path of does('paint') ? views : []) await firstPaint(browser, url, path, path === '/receipts' ? '.vt-row' : '.kpi .n', 7);
  for (const range of does('filters') ? ranges : []) for (const path of views) await filterChanges(browser, url, path, range, tenants);
  if (does('views')) await viewSwitches(browser, url);
  await stop();
}
if (does('live')) await liveFeed(browser);
await browser.close();
if (failures.length > 0) {
  console.error(`past the limit: ${failures.join(', ')}`);
  process.exit(1);
}
