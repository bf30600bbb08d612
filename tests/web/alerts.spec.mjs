// Alerts: they fire, are acknowledged and silenced where they stand, lead to their receipts; rules are tried before they are saved.
import { accessible, expect, open, settled, signIn, tooWide } from './support.mjs';
import { watchedTest } from './watched.mjs';

const { test, server } = watchedTest();
test.describe.configure({ timeout: 120_000 });
const at = () => server().url;
const fires = (page, headline) => page.getByRole('listitem').filter({ has: page.getByText(headline) }).first();
async function firing(key, ...rules) {
  await expect.poll(async () => (await server().get('/api/v1/alerts', key)).alerts.filter((one) => one.state === 'firing').map((one) => one.rule), { timeout: 45_000 }).toEqual(expect.arrayContaining(rules));
}

test('an alert that fires is seen, opened and acknowledged; its receipts are there', async ({ page }) => {
  await firing('kr-ops', 'quiet-hours', 'busy', 'going-well');
  await signIn(page, 'kr-ops', 'light', at());
  await open(page, '/alerts', at());
  await settled(page);
  await expect(page.getByRole('list', { name: 'True now' })).toContainText('Error rate');
  const row = fires(page, /requests 4 for tenant acme/i);
  await expect(row).toContainText('Warning');
  await row.getByRole('link', { name: /requests 4 for tenant acme/i }).first().click();
  await expect(page).toHaveURL(/\/alerts\/busy\/inc_/);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/Requests 4 for tenant acme/);
  await settled(page);
  await expect(page.getByRole('link', { name: /Receipts behind it/ })).toContainText('4');
  await page.getByRole('button', { name: /^Acknowledge/ }).click();
  await expect(page.getByText('Acknowledged by').first()).toContainText('ops-key');
  await expect(page.getByRole('button', { name: /^Acknowledge/ })).toHaveCount(0);
  await page.getByRole('link', { name: /^Receipts behind: / }).first().click();
  await expect(page).toHaveURL(/\/receipts\?.*tenant=acme/);
  await expect(page.locator('.foot b').first()).toHaveText('4 receipts');
});

test('events are chosen by what they are, and the choice is in the address', async ({ page }) => {
  await firing('kr-ops', 'busy', 'going-well');
  await signIn(page, 'kr-ops', 'light', at());
  await open(page, '/alerts?show=good', at());
  await settled(page);
  await expect(page.locator('.event').first()).toContainText('Good news');
  await expect(page.locator('.event').filter({ hasText: 'Warning' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Problems', exact: true }).click();
  await expect(page).toHaveURL(/show=problems/);
  await expect(page.locator('.event').filter({ hasText: 'Good news' })).toHaveCount(0);
  await page.getByRole('combobox', { name: 'Rule' }).selectOption('busy');
  await expect(page).toHaveURL(/rule=busy/);
  await page.reload();
  await settled(page);
  await expect(page.locator('.event').first()).toContainText('Many requests');
});

test('a silence is made where the alert stands, seen, and ended in the settings', async ({ page }) => {
  await firing('kr-ops', 'quiet-hours');
  await signIn(page, 'kr-ops', 'light', at());
  await open(page, '/alerts', at());
  await settled(page);
  await page.getByRole('button', { name: /^Silence: .*requests/i }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Silence' });
  await dialog.getByLabel('Rule').fill('quiet-*');
  await dialog.getByLabel('Only alerts with these labels').fill('');
  await dialog.getByLabel('How long').selectOption('24');
  await dialog.getByLabel('Why').fill('<b>maintenance</b>');
  await dialog.getByRole('button', { name: 'Silence', exact: true }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByText(/^Silenced until/).first()).toBeVisible();
  expect((await server().get('/api/v1/alerts/silences')).silences).toMatchObject([{ rule: 'quiet-*', comment: '<b>maintenance</b>', by: 'key ops-key' }]);
  await open(page, '/settings/silences', at());
  await expect(page.getByRole('row', { name: /quiet-\*/ })).toContainText('<b>maintenance</b>');
  await page.getByRole('button', { name: /^End now/ }).click();
  await expect(page.getByText('Nothing is silenced')).toBeVisible();
});

test('a rule is tried on the past, made, changed, switched off and removed', async ({ page }) => {
  await signIn(page, 'kr-ops', 'light', at());
  await open(page, '/alerts?tab=rules', at());
  await settled(page);
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Title').fill('Slow & <i>sad</i>');
  await expect(dialog.getByLabel('Name')).toHaveValue('slow-i-sad-i');
  await dialog.getByLabel('Threshold').fill('1');
  await dialog.getByLabel('Over', { exact: true }).fill('5');
  await dialog.getByRole('button', { name: 'Try on the last 7 days' }).click();
  await expect(dialog.getByLabel('Over', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await expect(dialog.getByText(/is not a duration/)).toBeVisible();
  page.faults.length = 0; // the browser itself reports the refusal
  await dialog.getByLabel('Over', { exact: true }).fill('6h');
  await dialog.getByLabel('At least so many requests').fill('1');
  await dialog.getByRole('button', { name: 'Try on the last 7 days' }).click();
  await expect(dialog.getByText(/^Would (not )?have fired/)).toBeVisible({ timeout: 30_000 });
  await dialog.getByRole('button', { name: 'Make the rule' }).click();
  await expect(dialog).toHaveCount(0);
  const rule = async () => (await server().get('/api/v1/alerts/rules')).rules.find((one) => one.id === 'slow-i-sad-i');
  expect(await rule()).toMatchObject({ above: '1', window: '6h', min_samples: 1, enabled: true, managed: 'api' });
  await page.getByRole('button', { name: 'Change rule slow-i-sad-i' }).click();
  await page.getByRole('dialog').getByLabel('Threshold').fill('60000');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await expect.poll(async () => (await rule())?.above).toBe('60000');
  await page.getByRole('switch', { name: 'slow-i-sad-i switched on' }).click();
  await expect.poll(async () => (await rule())?.enabled).toBe(false);
  await page.getByRole('button', { name: 'Remove rule slow-i-sad-i' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect.poll(rule).toBeUndefined();
  await expect(page.getByRole('button', { name: 'Change rule busy' })).toHaveCount(0); // of the file
});

test('what happens is shown without asking again', async ({ page }) => {
  await firing('kr-ops', 'busy');
  await signIn(page, 'kr-ops', 'light', at());
  await open(page, '/alerts', at());
  await settled(page);
  await page.request.post(`${at()}/api/v1/alerts/rules`, { data: { id: 'streamed', title: 'By the stream', measure: 'requests', above: '1', window: '10m', severity: 'info' }, headers: { 'sec-fetch-site': 'same-origin' } });
  await expect(page.locator('.event').filter({ hasText: 'By the stream' }).first()).toBeVisible({ timeout: 45_000 });
  await page.request.delete(`${at()}/api/v1/alerts/rules/streamed`, { headers: { 'sec-fetch-site': 'same-origin' } });
  await expect(page.locator('.event').filter({ hasText: 'By the stream' }).filter({ hasText: 'removed or switched off' })).toBeVisible({ timeout: 30_000 });
});

test('a tenant sees its own alerts and nothing it may not do', async ({ page }) => {
  await firing('kr-acme', 'busy');
  await signIn(page, 'kr-acme', 'light', at());
  await open(page, '/alerts', at());
  await settled(page);
  await expect(page.getByText(/for tenant acme/).first()).toBeVisible();
  await expect(page.getByText(/rival/)).toHaveCount(0);
  for (const name of [/^Acknowledge/, /^Silence/, /New rule/, 'Messages', 'Rules']) await expect(page.getByRole('button', { name })).toHaveCount(0);
});

for (const theme of ['light', 'dark']) {
  for (const width of [360, 1280, 2560]) {
    test(`alerts are accessible and fit, ${theme}, ${width} px`, async ({ page }) => {
      test.setTimeout(120_000);
      await firing('kr-ops', 'quiet-hours', 'busy');
      await page.setViewportSize({ width, height: 900 });
      await signIn(page, 'kr-ops', theme, at());
      const { alerts } = await server().get('/api/v1/alerts');
      for (const path of ['/alerts', '/alerts?tab=rules', '/alerts?tab=messages', `/alerts/${alerts[0].rule}/${alerts[0].incident}`]) {
        await open(page, path, at());
        await settled(page);
        await accessible(page, `${theme} ${path}`);
        expect(await tooWide(page), path).toBeLessThanOrEqual(0);
      }
      await page.goto(`${at()}/alerts?tab=rules`);
      await page.getByRole('button', { name: /New rule/ }).click();
      await accessible(page, `${theme} rule form`);
    });
  }
}
