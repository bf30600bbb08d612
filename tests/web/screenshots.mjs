// The pictures of docs/screenshots, from the demo: node tests/web/screenshots.mjs [VIEW…] after `./dev browser` has built
// what is needed. Both themes of each view, one narrow one; 1280 px wide, in few colours, so that all of them stay small.
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import config from './playwright.config.mjs';
import { caughtUp, startDemo } from './demo.mjs';
import { encode } from './png.mjs';

const binary = process.env.KAIROSROUTE ?? fileURLToPath(new URL('../../build/dev/kairosroute', import.meta.url));
const out = process.env.OUT ?? fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
const DAYS = process.env.DAYS ?? '65'; // what is shown, and the period before it
const views = [
  ['spend', '/spend?from=-30d'], ['savings', '/savings?from=-30d'], ['mix', '/mix?from=-30d'], ['latency', '/latency?from=-7d'], ['tenants', '/tenants?from=-30d'],
  ['tenant', '/tenants/nova-labs-prod?from=-30d'], ['search', '/receipts?from=-7d'], ['receipt', null],
];

async function loaded(page, url) {
  await page.goto(url);
  await page.locator('h1').waitFor();
  await page.waitForFunction(() => document.querySelectorAll('[aria-busy="true"]').length === 0, undefined, { timeout: 60_000 });
  await page.evaluate(() => document.fonts.ready);
}

const folder = mkdtempSync(join(tmpdir(), 'kairos-shots-'));
const demo = process.env.BASE ? { url: process.env.BASE, stop: async () => undefined } : await startDemo(binary, join(folder, 'demo'), ['--history', DAYS]);
await caughtUp(demo.url, 1, process.env.KEY);
const browser = await chromium.launch(config.use.launchOptions);
mkdirSync(out, { recursive: true });
let total = 0;
for (const theme of ['light', 'dark']) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: theme, reducedMotion: 'reduce' });
  await context.request.post(`${demo.url}/api/v1/session`, { data: { key: process.env.KEY ?? 'kr-demo' } });
  const page = await context.newPage();
  const shoot = async (name, options = {}) => {
    const file = join(out, `${name}-${theme}.png`);
    writeFileSync(file, await encode(page, await page.screenshot(options)));
    total += statSync(file).size;
  };
  for (const [name, path] of views) {
    if (process.argv.length > 2 && !process.argv.includes(name)) continue;
    if (path) await loaded(page, demo.url + path);
    else {
      const list = await (await context.request.get(`${demo.url}/api/v1/receipts?limit=1&fallback=true&status=success`)).json();
      await loaded(page, `${demo.url}/receipts/${list.receipts[0].receipt_id}`);
    }
    await shoot(name, { fullPage: name !== 'search', clip: undefined });
  }
  if (process.argv.length === 2 || process.argv.includes('phone')) {
    await page.setViewportSize({ width: 360, height: 780 });
    await loaded(page, `${demo.url}/savings?from=-30d`);
    await shoot('phone');
  }
  await context.close();
}
await browser.close();
await demo.stop();
rmSync(folder, { recursive: true, force: true });
console.log(`${(total / 1e6).toFixed(1)} MB in ${out}`);
