// Savings: what is said is what the API says, losses are not hidden, and every figure is a set of receipts.
import { BASE, expect, expectReceipts, followCounted, followRows, open, pico, query, settled, signIn, test, titles, view, wellMade } from './support.mjs';

const known = { unknown_cost: false };
const kpi = (page, label) => page.locator('.kpi', { hasText: label });

test('savings: the figures are the API’s, to the last digit, and lead to the receipts that were compared', async ({ page }) => {
  await signIn(page);
  await view(page, '/savings?from=-90d');
  const { totals } = await query(page, { measures: ['savings', 'baseline', 'cost', 'avoided', 'receipts'], filters: known });
  expect(pico(await titles(kpi(page, /^(Saved|Cost more)/).first()))).toBe(pico(totals.savings));
  expect(pico(await titles(kpi(page, 'Baseline bill')))).toBe(pico(totals.baseline));
  expect(pico(await titles(kpi(page, 'Actual bill')))).toBe(pico(totals.baseline) - pico(totals.savings));
  await kpi(page, 'Baseline bill').click();
  await expect(page).toHaveURL(/\/receipts/);
  await expectReceipts(page, totals.receipts);
});

test('savings: each step of the bridge is a set of receipts, and the steps add up', async ({ page }) => {
  await signIn(page);
  for (const by of ['', '&by=category', '&by=tenant']) {
    await view(page, `/savings?from=-90d${by}`);
    const { totals } = await query(page, { measures: ['savings', 'receipts'], filters: known });
    await page.getByText('View as table').first().click();
    const amounts = await page.locator('.twin td:first-of-type').allTextContents();
    expect(amounts.length).toBeGreaterThan(2);
    expect(totals.receipts).toBeGreaterThan(0);
    await followCounted(page, page.locator('.step'), 5);
  }
});

test('savings: rows and categories lead to their receipts; lines do by the day', async ({ page }) => {
  await signIn(page);
  for (const rows of ['', '&rows=category', '&rows=workflow', '&rows=model']) {
    await view(page, `/savings?from=-30d${rows}`);
    await followRows(page, page.getByRole('region', { name: /^Savings by/ }).locator('table'), 'Receipts', 2);
  }
  for (const shape of ['time', 'cumulative']) {
    await view(page, `/savings?from=-30d&shape=${shape}`);
    await followCounted(page, page.locator('.column'), 2);
  }
});

test('savings: what is of unknown cost is left out, said, and listed', async ({ page }) => {
  await signIn(page);
  await view(page, '/savings?from=-90d');
  const { totals } = await query(page, { measures: ['receipts'], filters: { unknown_cost: true } });
  const link = page.getByRole('link', { name: /receipts? of unknown cost/ });
  await expect(link).toHaveText(new RegExp(`^${totals.receipts} receipts? of unknown cost$`));
  await link.click();
  await expectReceipts(page, totals.receipts);
});

test('savings: the range rolls, filters stay from view to view, the address is the view', async ({ page }) => {
  await signIn(page);
  await view(page, '/savings?category=code&by=category');
  await page.getByRole('button', { name: '30 days' }).click();
  await expect(page).toHaveURL(/from=-30d/);
  await expect(page).toHaveURL(/by=category/);
  await page.getByRole('link', { name: 'Latency', exact: true }).click();
  await expect(page).toHaveURL(/\/latency\?from=-30d&category=code$/);
  await page.goBack();
  await expect(page).toHaveURL(/\/savings\?from=-30d&category=code&by=category$/);
});

test('savings: the export has the figures of the view', async ({ page }) => {
  await signIn(page);
  await view(page, '/savings?from=-90d');
  await page.getByRole('button', { name: 'Export' }).click();
  const href = await page.getByRole('link', { name: /^By category/ }).getAttribute('href');
  const text = await (await page.request.get(BASE + href)).text();
  const [head, ...lines] = text.trim().split('\r\n').map((line) => line.split(','));
  const at = head.indexOf('savings');
  const { totals } = await query(page, { measures: ['savings'], filters: known });
  expect(lines.filter((line) => line[at] !== '').reduce((sum, line) => sum + pico(line[at]), 0n)).toBe(pico(totals.savings));
});

test('savings: a tenant sees its own; a reseller’s tenant is told why it sees none', async ({ page }) => {
  await signIn(page, 'kr-acme');
  await view(page, '/savings?from=-90d');
  const { totals } = await query(page, { measures: ['savings', 'receipts'], filters: known });
  expect(pico(await titles(kpi(page, /^(Saved|Cost more)/).first()))).toBe(pico(totals.savings));
  await signIn(page, 'kr-resold');
  await open(page, '/savings');
  await settled(page);
  await expect(page.getByRole('heading', { name: 'Savings are not for this key' })).toBeVisible();
  await page.getByRole('link', { name: /What is charged/ }).click();
  await settled(page);
  await expect(page.getByText('Not allowed')).toHaveCount(0);
});

test('savings: nothing there says so, with a way on; a failing server says so too', async ({ page }) => {
  await signIn(page);
  await view(page, '/savings?workflow=there-is-none');
  await expect(page.getByRole('heading', { name: 'No receipt passes all filters' })).toBeVisible();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(page.locator('.kpi').first()).toBeVisible();
  await page.route('**/api/v1/queries', (route) => route.fulfill({ status: 500, contentType: 'application/problem+json', body: '{"title":"broken","detail":"the store is broken"}' }));
  await open(page, '/savings?from=-30d');
  await expect(page.getByText('the store is broken').first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Retry' }).first()).toBeVisible();
  page.faults.length = 0; // the browser itself reports the 500 answers
});

test('savings: themes, widths, accessibility', async ({ page }) => {
  test.setTimeout(180_000);
  await signIn(page);
  await wellMade(page, '/savings?from=-30d');
});
