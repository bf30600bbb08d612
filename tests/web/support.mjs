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
export const settled = (page) => expect(page.locator('[aria-busy="true"]')).toHaveCount(0);

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
export async function accessible(page, what) {
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  expect(violations.map((violation) => `${what}: ${violation.id}: ${violation.nodes.map((node) => node.html).join(' | ').slice(0, 600)}`)).toEqual([]);
}
export const tooWide = (page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

/** What the API says for the same question, as the same person. */
export async function total(page, filters, measures) {
  const answer = await page.request.post(`${BASE}/api/v1/query`, { data: { measures, from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z', totals: true, filters }, headers: { 'sec-fetch-site': 'same-origin' } });
  expect(answer.status()).toBe(200);
  const table = await answer.json();
  return Object.fromEntries(table.columns.map((column, i) => [column.name, (table.totals ?? table.rows[0])[i]]));
}
