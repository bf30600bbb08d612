// Model mix: shares, matrix and reasons are the API's, and every cell is a set of receipts.
import { expect, expectReceipts, followCounted, followRows, pico, query, signIn, test, view, wellMade } from './support.mjs';

test('mix: the models’ rows are the API’s', async ({ page }) => {
  await signIn(page);
  await view(page, '/mix?from=-90d');
  const { rows } = await query(page, { measures: ['cost', 'requests'], dimensions: ['model'] });
  const table = page.getByRole('region', { name: 'Models', exact: true }).locator('table');
  const shown = await table.evaluate((one) => [...one.querySelectorAll('tbody tr')].map((row) => ({ model: row.children[0].textContent.replace('No model', ''), requests: row.children[1].textContent, cost: row.children[4].querySelector('[title]')?.title })));
  expect(shown.length).toBe(rows.length);
  for (const { model, requests, cost } of shown) {
    const row = rows.find((one) => one.model === model);
    expect(Number(requests.replaceAll(',', '')), model).toBe(row.requests);
    if (row.cost === null) expect(cost).toBe('unknown');
    else expect(pico(cost), model).toBe(pico(row.cost));
  }
  await followRows(page, table, 'Receipts', 3);
});

test('mix: cells of the matrix lead to what they count, whatever they show', async ({ page }) => {
  await signIn(page);
  for (const cell of ['', '&cell=unit', '&cell=quality', '&cell=latency']) {
    await view(page, `/mix?from=-30d${cell}`);
    await followCounted(page, page.getByRole('region', { name: /by category and model$/ }).locator('a.heat'), 2);
  }
});

test('mix: each receipt has one reason, and each reason lists its receipts', async ({ page }) => {
  await signIn(page);
  await view(page, '/mix?from=-90d');
  const region = page.getByRole('region', { name: 'How requests got their model' });
  const heads = await region.locator('thead a').allTextContents();
  const { totals } = await query(page, { measures: ['receipts'] });
  expect(heads.reduce((sum, text) => sum + Number(text.split('·')[1].replaceAll(',', '')), 0)).toBe(totals.receipts);
  const links = await region.locator('thead a').evaluateAll((all) => all.map((one) => ({ href: one.getAttribute('href'), n: Number(one.textContent.split('·')[1].replaceAll(',', '')) })));
  for (const { href, n } of links) {
    await page.goto(process.env.BASE + href);
    await expectReceipts(page, n);
  }
  await view(page, '/mix?from=-90d');
  await followCounted(page, region.locator('a.heat'), 4);
});

test('mix: buckets and their parts lead to receipts, by keyboard too', async ({ page }) => {
  await signIn(page);
  for (const of of ['', '&of=requests&shape=amount', '&of=tokens_output']) {
    await view(page, `/mix?from=-7d${of}`);
    await followCounted(page, page.locator('.column'), 1);
  }
  await view(page, '/mix?from=-7d');
  await page.locator('.column[tabindex="0"]').focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/receipts/);
});

test('mix: a tenant’s own; a reseller’s tenant sees charges in place of costs', async ({ page }) => {
  for (const key of ['kr-acme', 'kr-resold']) {
    await signIn(page, key);
    await view(page, '/mix?from=-90d');
    const { totals } = await query(page, { measures: ['cost', 'requests', 'receipts'] });
    await expect(page.locator('.kpi', { hasText: 'Cost per 1k' })).toContainText(`${totals.requests} requests`);
    await page.locator('.kpi', { hasText: 'Cost per 1k' }).click();
    await expectReceipts(page, totals.receipts);
  }
});

test('mix: themes, widths, accessibility', async ({ page }) => {
  test.setTimeout(180_000);
  await signIn(page);
  await wellMade(page, '/mix?from=-30d');
});
