// Spend, as finance: every figure leads to the receipts it counts, caps are made, changed and removed where they stand.
import { BASE, expect, open, signIn, test, total } from './support.mjs';

const settled = (page) => expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
const shown = (page) => page.locator('.foot b').first();

test('finance: each figure leads to the receipts that it counts', async ({ page }) => {
  await signIn(page);
  await open(page, '/spend?from=-90d');
  await settled(page);
  for (const [label, filters] of [['Refused', { status: ['refused'] }], ['Saved vs baseline', {}]]) {
    await open(page, '/spend?from=-90d');
    await settled(page);
    await page.getByRole('link', { name: new RegExp(label) }).first().click();
    await expect(page).toHaveURL(/\/receipts/);
    const { receipts } = await total(page, filters, ['receipts']);
    await expect(shown(page)).toHaveText(new RegExp(`^${receipts.toLocaleString('en-US')} receipts?$`));
  }
});

test('finance: a cap is made, said what it would do, changed and removed', async ({ page }) => {
  await signIn(page);
  await open(page, '/spend');
  await settled(page);
  await page.getByRole('button', { name: /new cap/i }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Workflow').fill('browser-test');
  await dialog.getByLabel('Cap, US dollars').fill('-3');
  await expect(dialog.getByRole('button', { name: 'Make the cap' })).toBeDisabled();
  await dialog.getByLabel('Cap, US dollars').fill('12.5');
  await dialog.getByRole('button', { name: 'Make the cap' }).click();
  await expect(dialog).toHaveCount(0);
  const caps = async () => (await (await page.request.get(`${BASE}/api/v1/budgets`)).json()).budgets.filter((one) => one.scope.workflow === 'browser-test');
  await expect.poll(async () => (await caps()).map((one) => one.cap_usd)).toEqual(['12.5']);
  await page.getByRole('button', { name: 'Caps', exact: true }).click();
  await page.getByRole('button', { name: /Change the cap of .*browser-test/ }).first().click();
  await page.getByRole('textbox', { name: /Cap in US dollars/ }).fill('0.000001');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect.poll(async () => (await caps()).map((one) => one.cap_usd)).toEqual(['0.000001']);
  await page.getByRole('button', { name: /Remove the cap of .*browser-test/ }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect.poll(async () => (await caps()).length).toBe(0);
});

test('a tenant sees its own spend and no way to change caps', async ({ page }) => {
  await signIn(page, 'kr-acme');
  await open(page, '/spend?from=-90d');
  await settled(page);
  await expect(page.getByRole('button', { name: /new cap/i })).toHaveCount(0);
  const { receipts } = await total(page, {}, ['receipts']);
  await page.getByRole('link', { name: /Saved vs baseline/ }).first().click();
  await expect(shown(page)).toHaveText(new RegExp(`^${receipts.toLocaleString('en-US')} receipts?$`));
});

test('the ledger downloads whole, as FOCUS', async ({ page }) => {
  await signIn(page);
  await open(page, '/spend');
  await settled(page);
  await page.getByRole('button', { name: 'Export ledger' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: /FOCUS 1.4, by day/ }).click()]);
  expect(download.suggestedFilename()).toMatch(/^ledger.*\.csv$/);
  const stream = await download.createReadStream();
  let text = '';
  for await (const piece of stream) text += piece;
  expect(text.split('\r\n')[0]).toContain('BilledCost');
});
