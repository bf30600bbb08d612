// What every browser test watches: no console error, no page error, no request that leaves the origin, no policy violation.
import AxeBuilder from '@axe-core/playwright';
import { test as base, expect } from '@playwright/test';

export const BASE = process.env.BASE;
export { expect };

/** A test that watches pages of the server at `base()`. */
export const watching = (at) => base.extend({
  page: async ({ page }, use) => {
    const faults = [];
    page.on('console', (message) => { if (message.type() === 'error') faults.push(`console: ${message.text()} ${message.location().url}`); });
    page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
    page.on('request', (request) => { if (!request.url().startsWith(at()) && !/^(blob|data|about):/.test(request.url())) faults.push(`left the origin: ${request.url()}`); });
    page.faults = faults;
    await use(page);
    expect(faults).toEqual([]);
  },
});
export const test = watching(() => BASE);

export async function signIn(page, key = 'kr-ops', theme = 'light', at = BASE) {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
  const answer = await page.request.post(`${at}/api/v1/session`, { data: { key } });
  expect(answer.status()).toBe(200);
}
export const open = async (page, path, at = BASE) => {
  await page.goto(at + path);
  await expect(page.locator('h1')).toBeVisible();
};

export const tooWide = (page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

/** What the API says for the same question, as the same person. */
export async function total(page, filters, measures) {
  const answer = await page.request.post(`${BASE}/api/v1/query`, { data: { measures, from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z', totals: true, filters }, headers: { 'sec-fetch-site': 'same-origin' } });
  expect(answer.status()).toBe(200);
  const table = await answer.json();
  return Object.fromEntries(table.columns.map((column, i) => [column.name, (table.totals ?? table.rows[0])[i]]));
}

export const settled = (page) => expect(page.locator('main [aria-busy="true"], main[aria-busy="true"]')).toHaveCount(0);
export const view = async (page, path) => {
  await open(page, path);
  await settled(page);
};
/** One analytics query as the same person; rows as objects. */
export async function query(page, body) {
  const answer = await page.request.post(`${BASE}/api/v1/query`, { data: { from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z', totals: true, ...body }, headers: { 'sec-fetch-site': 'same-origin' } });
  expect(answer.status(), await answer.text()).toBe(200);
  const table = await answer.json();
  const named = (cells) => Object.fromEntries(table.columns.map((column, i) => [column.name, cells[i]]));
  return { rows: table.rows.map(named), totals: table.totals && named(table.totals) };
}
/** "$12.30", "12.3", 12.3 → picodollars. */
export const pico = (text) => {
  const found = /^-?\$?(-?)(\d+)(?:\.(\d*))?$/.exec(String(text).replaceAll(',', ''));
  if (!found) throw new Error(`no amount: ${text}`);
  const size = BigInt(found[2]) * 10n ** 12n + BigInt((found[3] ?? '').padEnd(12, '0'));
  return String(text).includes('-') ? -size : size;
};
const shownCount = (page) => page.locator('.foot b').first();
export const expectReceipts = (page, n) => expect(shownCount(page)).toHaveText(new RegExp(`^${n.toLocaleString('en-US')} receipts?$`));

/** Links that say how many receipts they stand for: follows up to `most` of them, spread over all, and counts there. */
export async function followCounted(page, links, most = 4) {
  const found = await links.evaluateAll((all) => all.map((one) => ({ href: one.getAttribute('href'), says: [one.getAttribute('aria-label'), one.getAttribute('title'), one.textContent].filter(Boolean).join(' · ') })));
  const counted = found.map(({ href, says }) => ({ href, says, n: Number(/([\d,]+) receipts?/.exec(says)?.[1]?.replaceAll(',', '')) })).filter(({ n }) => n > 0);
  expect(counted.length, 'links that say how many receipts they stand for').toBeGreaterThan(0);
  const step = Math.max(1, Math.floor(counted.length / most));
  for (const { href, says, n } of counted.filter((_, i) => i % step === 0).slice(0, most)) {
    await page.goto(BASE + href);
    await expect(shownCount(page), `${says} → ${href}`).toHaveText(new RegExp(`^${n.toLocaleString('en-US')} receipts?$`));
  }
}
/** Rows of a table whose first cell or figures are links: the column `head` says how many receipts each stands for. */
export async function followRows(page, table, head = 'Receipts', most = 3) {
  const rows = await table.evaluate((one, name) => {
    const at = [...one.querySelectorAll('thead th')].findIndex((cell) => cell.textContent.trim().startsWith(name));
    return [...one.querySelectorAll('tbody tr')].map((row) => ({ n: row.children[at]?.textContent, href: row.children[at]?.querySelector('a')?.getAttribute('href') }));
  }, head);
  expect(rows.length).toBeGreaterThan(0);
  for (const { n, href } of rows.slice(0, most)) {
    expect(href).toMatch(/^\/receipts\?/);
    await page.goto(BASE + href);
    await expectReceipts(page, Number(n.replaceAll(',', '')));
  }
}
export const titles = (locator) => locator.evaluate((one) => one.querySelector('[title]')?.getAttribute('title'));

const axeTags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
export async function accessible(page, what) {
  const { violations } = await new AxeBuilder({ page }).withTags(axeTags).analyze();
  expect(violations.map((violation) => `${what}: ${violation.id}: ${violation.nodes.map((node) => node.html).join(' | ').slice(0, 600)}`)).toEqual([]);
}
/** Both themes and three widths: nothing wider than the screen, no violation, nothing from outside has run. */
export async function wellMade(page, path) {
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    for (const width of [360, 1280, 2560]) {
      await page.setViewportSize({ width, height: 900 });
      await view(page, path);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth), `${path} at ${width} px`).toBeLessThanOrEqual(0);
      if (width !== 2560) await accessible(page, `${path} ${theme} ${width}`);
    }
  }
  expect(await page.evaluate(() => window.hacked)).toBeUndefined();
}
