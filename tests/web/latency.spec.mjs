// Latency: percentiles are the API's; first attempts and fallback hops stand apart; every figure is a set of receipts.
import { expect, expectReceipts, followCounted, followRows, query, signIn, test, view, wellMade } from './support.mjs';

const served = { not: { status: ['refused'] } };
const ms = (value) => (value < 10 ? (Number.isInteger(value) ? `${value} ms` : `${value.toFixed(2)} ms`) : `${value.toLocaleString('en-US')} ms`);

test('latency: the figures are the API’s and lead to the receipts they were taken over', async ({ page }) => {
  await signIn(page);
  await view(page, '/latency?from=-90d');
  const { totals } = await query(page, { measures: ['latency_p50', 'latency_p95', 'latency_p99', 'receipts'], filters: served });
  for (const [label, measure] of [['Median latency', 'latency_p50'], ['p95', 'latency_p95'], ['p99', 'latency_p99']]) {
    await expect(page.locator('.kpi', { has: page.getByText(label, { exact: true }) }).locator('.v')).toHaveText(ms(totals[measure]));
  }
  await page.locator('.kpi', { hasText: 'Median latency' }).click();
  await expectReceipts(page, totals.receipts);
});

test('latency: attempts by reason lead to the receipts that had one', async ({ page }) => {
  await signIn(page);
  await view(page, '/latency?from=-90d');
  const { rows } = await query(page, { measures: ['attempts', 'latency_p95'], dimensions: ['attempt_reason'], filters: served });
  const list = page.getByRole('list', { name: 'Attempts by reason' });
  await expect(list.locator('.hop')).toHaveCount(rows.length);
  for (const row of rows) await expect(list.locator('.hop', { hasText: { first: 'First attempts', retry: 'Retries', fallback: 'Fallback hops', hedge: 'Hedges' }[row.attempt_reason] })).toContainText(ms(row.latency_p95));
  await followCounted(page, list.locator('.hop'), 4);
});

test('latency: rows by model, category and region lead to receipts, those that fell back apart', async ({ page }) => {
  await signIn(page);
  for (const by of ['', '&by=category', '&by=region', '&by=tenant']) {
    await view(page, `/latency?from=-30d${by}`);
    const table = page.getByRole('region', { name: /^Latency by/ }).locator('table');
    await followRows(page, table, 'Receipts', 1);
    await view(page, `/latency?from=-30d${by}`);
    await followCounted(page, table.locator('a[href*="fallback="][title$="receipts"]'), 2);
  }
});

test('latency: lines and cells of the map lead to the receipts of their time', async ({ page }) => {
  await signIn(page);
  await view(page, '/latency?from=-7d');
  await followCounted(page, page.locator('.column'), 1);
  await view(page, '/latency?from=-7d&of=overhead');
  await followCounted(page, page.locator('.column'), 1);
  await view(page, '/latency?from=-7d&p=p99');
  await followCounted(page, page.locator('.heat-at'), 1);
  await view(page, '/latency?from=-7d');
  await page.locator('.heat-at').focus();
  await page.keyboard.press('ArrowDown');
  await expect(page.locator('.heat-read')).toContainText('p95');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/receipts/);
});

test('latency: a tenant’s own; nothing is refused to a reseller’s tenant', async ({ page }) => {
  for (const key of ['kr-acme', 'kr-resold']) {
    await signIn(page, key);
    await view(page, '/latency?from=-90d');
    await expect(page.getByRole('alert')).toHaveCount(0);
    const { totals } = await query(page, { measures: ['receipts'], filters: served });
    await page.locator('.kpi', { hasText: 'Median latency' }).click();
    await expectReceipts(page, totals.receipts);
  }
});

test('latency: themes, widths, accessibility', async ({ page }) => {
  test.setTimeout(180_000);
  await signIn(page);
  await wellMade(page, '/latency?from=-30d');
});
