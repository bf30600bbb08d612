// Every view in both themes and three widths: no fault, nothing wider than the screen, and no accessibility violation.
import AxeBuilder from '@axe-core/playwright';
import { BASE, expect, open, signIn, test } from './support.mjs';

const views = ['/savings', '/spend', '/tenants', '/mix', '/latency', '/alerts', '/live', '/receipts', '/replay', '/settings'];
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const check = async (page, what) => {
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  expect(violations.map((violation) => `${what}: ${violation.id}: ${violation.nodes.map((node) => node.html).join(' | ').slice(0, 600)}`)).toEqual([]);
};
const settled = (page) => expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
const narrow = (page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

for (const theme of ['light', 'dark']) {
  test(`axe on every view, ${theme}`, async ({ page }) => {
    test.setTimeout(180_000);
    await signIn(page, 'kr-ops', theme);
    for (const view of [...views, `/receipts/${process.env.HOSTILE}`]) {
      await open(page, view);
      await settled(page);
      await check(page, `${theme} ${view}`);
    }
    await page.keyboard.press('Control+k');
    await expect(page.getByRole('combobox')).toBeFocused();
    await check(page, `${theme} palette`);
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await expect(page.getByRole('dialog')).toBeVisible();
    await check(page, `${theme} help`);
  });
}

for (const width of [360, 1280, 2560]) {
  test(`nothing is wider than ${width} px`, async ({ page }) => {
    test.setTimeout(120_000);
    await page.setViewportSize({ width, height: 800 });
    await signIn(page);
    for (const view of [...views, `/receipts/${process.env.HOSTILE}`]) {
      await open(page, view);
      await settled(page);
      expect(await narrow(page), view).toBeLessThanOrEqual(0);
    }
  });
}

test('the login page is accessible, refuses a wrong key and opens with a right one', async ({ page }) => {
  await page.goto(`${BASE}/receipts?status=refused`);
  await expect(page.getByLabel('Key')).toBeFocused();
  await check(page, 'login');
  await page.getByLabel('Key').fill('kr-wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toHaveText('That key is not known here.');
  await page.getByLabel('Key').fill('kr-ops');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Search');
  expect(await page.evaluate(() => document.cookie)).not.toContain('kr_session');
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain('kr-ops');
  page.faults.length = 0; // the browser itself reports the two 401 answers
});
