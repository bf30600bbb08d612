// Tenants: all beside each other and each on its page; rates, caps and keys lead to the receipts they stand for.
import { BASE, expect, expectReceipts, followCounted, followRows, open, pico, query, settled, signIn, test, titles, view, wellMade } from './support.mjs';

test('tenants: rows are the API’s, and lead to receipts', async ({ page }) => {
  await signIn(page);
  await view(page, '/tenants?from=-90d');
  const { rows } = await query(page, { measures: ['cost', 'receipts'], dimensions: ['tenant'] });
  const table = page.getByRole('region', { name: 'Tenants', exact: true }).locator('table');
  await expect(table.locator('tbody tr')).toHaveCount(rows.length);
  for (const row of rows) {
    const line = table.locator('tbody tr', { has: page.getByText(row.tenant, { exact: true }) });
    expect(pico(await titles(line.locator('td').nth(1)))).toBe(pico(row.cost));
  }
  await followRows(page, table, 'Receipts', 3);
});

test('tenants: a rate leads to the receipts it is made of', async ({ page }) => {
  await signIn(page);
  for (const [head, filters] of [['Errors', { status: ['error', 'interrupted'] }], ['Refused', { status: ['refused'] }], ['Fell back', { fallback: true }]]) {
    await view(page, '/tenants?from=-90d');
    const { rows } = await query(page, { measures: ['receipts'], dimensions: ['tenant'], filters: { ...filters, tenant: ['acme'] } });
    const table = page.getByRole('region', { name: 'Tenants', exact: true }).locator('table');
    const at = (await table.locator('thead th').allTextContents()).findIndex((text) => text.startsWith(head));
    await table.locator('tbody tr', { has: page.getByText('acme', { exact: true }) }).locator('td').nth(at).locator('a').click();
    await expect(page).toHaveURL(/\/receipts/);
    await expectReceipts(page, rows[0]?.receipts ?? 0);
  }
});

test('tenants: a tenant’s page counts that tenant only, and its parts lead to receipts', async ({ page }) => {
  await signIn(page);
  await view(page, '/tenants?from=-30d');
  await page.getByRole('region', { name: 'Tenants', exact: true }).getByRole('link', { name: 'acme', exact: true }).first().click();
  await expect(page).toHaveURL(/\/tenants\/acme\?from=-30d$/);
  await settled(page);
  const { totals } = await query(page, { measures: ['cost', 'receipts'], filters: { tenant: ['acme'] } });
  expect(pico(await titles(page.locator('.kpi', { hasText: 'Spend' })))).toBe(pico(totals.cost));
  for (const rows of ['', '&rows=workflow', '&rows=key', '&rows=category']) {
    await view(page, `/tenants/acme?from=-30d${rows}`);
    await followRows(page, page.getByRole('region', { name: /^The tenant by/ }).locator('table'), 'Receipts', 1);
  }
  await view(page, '/tenants/acme?from=-30d');
  await followCounted(page, page.locator('.column'), 1);
  await view(page, '/tenants/acme?from=-30d');
  await page.getByRole('region', { name: 'Keys' }).getByRole('link', { name: 'acme-key' }).click();
  const { totals: keyed } = await query(page, { measures: ['receipts'], filters: { tenant: ['acme'], key: ['acme-key'] } });
  await expectReceipts(page, keyed.receipts);
  await view(page, '/tenants/acme?from=-30d');
  await page.getByRole('navigation', { name: 'Where this is' }).getByRole('link', { name: 'Model mix' }).click();
  await expect(page).toHaveURL(/\/mix\?from=-30d&tenant=acme$/);
});

test('tenants: a tenant’s key sees its own page and no other', async ({ page }) => {
  await signIn(page, 'kr-acme');
  await view(page, '/tenants?from=-90d');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('acme');
  const { totals } = await query(page, { measures: ['receipts'] });
  await page.locator('.kpi', { hasText: 'Spend' }).click();
  await expectReceipts(page, totals.receipts);
  await open(page, '/tenants/rival');
  await expect(page.getByRole('heading', { name: 'Not for this key' })).toBeVisible();
  expect(await page.locator('main').innerText()).not.toMatch(/\$\d/);
});

test('tenants: a reseller’s tenant sees what it is charged, nothing of costs and savings', async ({ page }) => {
  await signIn(page, 'kr-resold');
  await view(page, '/tenants?from=-90d');
  await expect(page.getByRole('alert')).toHaveCount(0);
  const { totals } = await query(page, { measures: ['charged'] });
  expect(pico(await titles(page.locator('.kpi', { hasText: 'Charged' })))).toBe(pico(totals.charged));
  await expect(page.locator('.kpi', { hasText: 'Saved' })).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Keys' }).getByRole('link', { name: 'resold-key' })).toBeVisible();
});

test('tenants: names that would be markup or paths are only names', async ({ page }) => {
  await signIn(page);
  for (const name of ['<img src=x onerror=hacked=1>', 'a b&c=d?e#f', '%']) {
    await page.goto(`${BASE}/tenants/${encodeURIComponent(name)}`);
    await expect(page.getByRole('heading', { level: 1 })).toContainText(name);
    await expect(page.getByRole('heading', { name: /No receipt of this tenant/ })).toBeVisible();
  }
  expect(await page.evaluate(() => window.hacked)).toBeUndefined();
});

test('tenants: themes, widths, accessibility', async ({ page }) => {
  test.setTimeout(240_000);
  await signIn(page);
  await wellMade(page, '/tenants?from=-30d');
  await wellMade(page, '/tenants/acme?from=-30d');
});
