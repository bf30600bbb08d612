// Everything by keyboard: the palette's filters and ranges, the help sheet, the way through a chart.
import { expect, signIn, test, view } from './support.mjs';

async function choose(page, text) {
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill(text);
  await page.keyboard.press('Enter');
}

test('palette: a filter opens the picker at its values, and narrows the view', async ({ page }) => {
  await signIn(page);
  await view(page, '/mix?from=-30d');
  await choose(page, 'filter by tenant');
  await expect(page.getByRole('textbox', { name: 'Find a Tenant' })).toBeFocused();
  await page.keyboard.type('acme');
  await page.getByRole('checkbox', { name: /^acme/ }).check();
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(page).toHaveURL(/\/mix\?from=-30d&tenant=acme$/);
  await choose(page, 'clear filters');
  await expect(page).toHaveURL(/\/mix\?from=-30d$/);
});

test('palette: ranges, comparison and zone are the address’s; views keep them', async ({ page }) => {
  await signIn(page);
  await view(page, '/savings');
  await choose(page, 'range last 90');
  await expect(page).toHaveURL(/\/savings\?from=-90d$/);
  await choose(page, 'compare with nothing');
  await expect(page).toHaveURL(/cmp=none/);
  await choose(page, 'model mix');
  await expect(page).toHaveURL(/\/mix\?from=-90d&cmp=none$/);
  await page.keyboard.press('g');
  await page.keyboard.press('l');
  await expect(page).toHaveURL(/\/latency\?from=-90d&cmp=none$/);
});

test('help: lists what works here, and letters can be switched off', async ({ page }) => {
  await signIn(page);
  await view(page, '/latency');
  await choose(page, 'keyboard shortcuts');
  const dialog = page.getByRole('dialog', { name: 'Keyboard' });
  for (const what of ['Export', 'Time range', 'Add a filter', 'Go to Tenants', 'In a chart: select a range, and look at it alone']) await expect(dialog.getByText(what, { exact: true })).toBeVisible();
  await dialog.getByLabel('Single-letter shortcuts').uncheck();
  await page.keyboard.press('Escape');
  await page.keyboard.press('x');
  await expect(page).not.toHaveURL(/cmp=none/);
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('combobox')).toBeFocused();
});

test('chart: the arrow keys select a range, and Enter looks at it alone', async ({ page }) => {
  await signIn(page);
  await view(page, '/tenants?from=-7d');
  await page.locator('.column[tabindex="0"]').focus();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Shift+ArrowLeft');
  await page.keyboard.press('Shift+ArrowLeft');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/tenants\?from=\d{4}-.*&to=\d{4}-/);
});
