// Settings: tenants, keys, budgets, channels are made, changed and removed; keys are seen once, secrets never.
import { accessible, expect, open, settled, signIn, tooWide } from './support.mjs';
import { watchedTest } from './watched.mjs';

const { test, server } = watchedTest();
test.describe.configure({ timeout: 120_000 });
const at = () => server().url;
const panes = ['tenants', 'keys', 'budgets', 'rules', 'channels', 'silences', 'views', 'providers', 'changes', 'about'];

test('a tenant is made, refused beside the field, changed and removed', async ({ page }) => {
  await signIn(page, 'kr-ops', 'light', at());
  await open(page, '/settings', at());
  await expect(page).toHaveURL(/\/settings\/tenants/);
  await page.getByRole('button', { name: 'New tenant' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill('globex');
  await dialog.getByLabel('For people').fill('<img src=x onerror="window.hacked=1"> & Söhne');
  await dialog.getByLabel('Models it may use').fill('claude-*\ngpt-*');
  await dialog.getByLabel('Keep receipts, days').fill('soon');
  await dialog.getByRole('button', { name: 'Make the tenant' }).click();
  await expect(dialog.getByLabel('Keep receipts, days')).toHaveAttribute('aria-invalid', 'true');
  page.faults.length = 0; // the browser itself reports the refusal
  await dialog.getByLabel('Keep receipts, days').fill('90');
  await dialog.getByRole('button', { name: 'Make the tenant' }).click();
  await expect(dialog).toHaveCount(0);
  expect(await server().get('/api/v1/tenants/globex')).toMatchObject({ models: { allow: ['claude-*', 'gpt-*'] }, retention: { receipts_days: 90 } });
  await expect(page.getByRole('row', { name: /globex/ })).toContainText('onerror');
  expect(await page.evaluate(() => window.hacked)).toBeUndefined();
  await page.getByRole('button', { name: 'Change tenant globex' }).click();
  await page.getByRole('dialog').getByLabel('Privacy').selectOption('zdr');
  await page.getByRole('dialog').getByLabel('When a prompt holds personal data').selectOption('redact');
  await page.getByRole('dialog').getByLabel('What is looked for').fill('email, jwt');
  await page.getByRole('dialog').getByLabel('Answers from the cache').selectOption('exact');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await expect.poll(async () => (await server().get('/api/v1/tenants/globex')).privacy?.policy).toBe('zdr');
  expect(await server().get('/api/v1/tenants/globex')).toMatchObject({ retention: { receipts_days: 90 }, privacy_filter: { detect: ['email', 'jwt'], action: 'redact' }, cache: 'exact' });
  await expect(page.getByRole('button', { name: 'Change tenant acme' })).toHaveCount(0); // of the file
  await page.getByRole('button', { name: 'Remove tenant globex' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByRole('row', { name: /globex/ })).toHaveCount(0);
});

test('what the form does not show of a tenant survives a save', async ({ page }) => {
  await signIn(page, 'kr-ops', 'light', at());
  const made = { id: 'thorough', name: 'before', content: 'full', quantizations: ['fp16', 'bf16'], retention: { receipts_days: 90, content_days: 7 } };
  const headers = { 'sec-fetch-site': 'same-origin' };
  expect((await page.request.post(`${at()}/api/v1/tenants`, { data: made, headers })).ok()).toBe(true);
  await open(page, '/settings/tenants', at());
  await page.getByRole('button', { name: 'Change tenant thorough' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('For people').fill('after');
  await dialog.getByLabel('Keep receipts, days').fill('60');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toHaveCount(0);
  expect(await server().get('/api/v1/tenants/thorough')).toMatchObject({ ...made, name: 'after', retention: { receipts_days: 60, content_days: 7 } });
});

test('a change that somebody else was faster with is refused and says so', async ({ page }) => {
  await signIn(page, 'kr-ops', 'light', at());
  const headers = { 'sec-fetch-site': 'same-origin' };
  await page.request.post(`${at()}/api/v1/tenants`, { data: { id: 'racy', name: 'first' }, headers });
  await open(page, '/settings/tenants', at());
  await page.getByRole('button', { name: 'Change tenant racy' }).click();
  await page.request.put(`${at()}/api/v1/tenants/racy`, { data: { name: 'second' }, headers });
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('For people').fill('third');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByRole('alert')).toBeVisible();
  page.faults.length = 0;
  expect((await server().get('/api/v1/tenants/racy')).name).toBe('second');
});

test('a key is shown once, works, is rotated and revoked', async ({ page }) => {
  await signIn(page, 'kr-ops', 'light', at());
  await open(page, '/settings/keys', at());
  await page.getByRole('button', { name: 'New key' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Tenant', { exact: true }).fill('acme');
  await dialog.getByLabel('Name', { exact: true }).fill('acme-web');
  await dialog.getByLabel('Requests a minute').fill('600');
  await dialog.getByRole('button', { name: 'Make the key' }).click();
  const code = dialog.locator('.code pre');
  await expect(code).toHaveText(/^kr-\S{20,}$/);
  const secret = await code.textContent();
  expect((await fetch(`${at()}/api/v1/session`, { headers: { authorization: `Bearer ${secret}` } })).status).toBe(200);
  await dialog.getByRole('button', { name: 'I have it' }).click();
  await expect(page.getByText(secret)).toHaveCount(0);
  await page.reload();
  await settled(page);
  await expect(page.getByText(secret)).toHaveCount(0);
  await expect(page.getByRole('row', { name: /acme-web/ })).toContainText('600 requests a minute');
  expect(JSON.stringify(await server().get('/api/v1/keys'))).not.toContain(secret);

  await page.getByRole('button', { name: 'Rotate key acme-web' }).click();
  await expect(dialog.getByLabel('Name of the new key')).toHaveValue('acme-web-2');
  await dialog.getByRole('button', { name: 'Make the new key' }).click();
  await expect(code).toHaveText(/^kr-/);
  const next = await code.textContent();
  await dialog.getByRole('button', { name: 'Revoke the old one now' }).click();
  await expect(dialog).toHaveCount(0);
  const keys = (await server().get('/api/v1/keys')).keys.filter((one) => one.id.startsWith('acme-web'));
  expect(keys).toMatchObject([{ id: 'acme-web-2', requests_per_minute: 600, tenant: 'acme' }]);
  expect((await fetch(`${at()}/api/v1/session`, { headers: { authorization: `Bearer ${secret}` } })).status).toBe(401);
  expect((await fetch(`${at()}/api/v1/session`, { headers: { authorization: `Bearer ${next}` } })).status).toBe(200);
  await page.getByRole('button', { name: 'Remove key acme-web-2' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await expect(page.getByRole('row', { name: /acme-web/ })).toHaveCount(0);
});

test('a budget is made with what it would do now, and removed', async ({ page }) => {
  await signIn(page, 'kr-ops', 'light', at());
  await open(page, '/settings/budgets', at());
  await page.getByRole('button', { name: 'New cap' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Workflow').fill('nightly');
  await dialog.getByLabel('Cap, US dollars').fill('0.000000000001');
  await expect(dialog.getByText(/Reached at once/)).toBeVisible();
  await dialog.getByLabel('Cap, US dollars').fill('50');
  await expect(dialog.getByText(/would be left/)).toBeVisible();
  await dialog.getByRole('button', { name: 'Make the cap' }).click();
  await expect(page.getByRole('row', { name: /nightly/ })).toBeVisible();
  await page.getByRole('button', { name: /Remove the cap of nightly/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByRole('row', { name: /nightly/ })).toHaveCount(0);
});

test('a channel is made, tested against its receiver, keeps its secrets to itself, and is removed', async ({ page }) => {
  await signIn(page, 'kr-ops', 'light', at());
  await open(page, '/settings/channels', at());
  await page.getByRole('button', { name: 'New channel' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill('hook');
  await dialog.getByRole('button', { name: 'Make the channel' }).click();
  await expect(dialog.getByLabel('Address')).toHaveAttribute('aria-invalid', 'true');
  page.faults.length = 0;
  await dialog.getByLabel('Address').fill(`${server().hook}/secret-path`);
  await dialog.getByLabel('Secret').fill('s3cret-of-the-hook');
  await dialog.getByLabel('Of rules').fill('nothing-of-this-name');
  await dialog.getByRole('button', { name: 'Save and send a test' }).click();
  await expect(page.getByText(/hook: the test message was delivered, the receiver answered 200/)).toBeVisible();
  const message = server().messages.find((one) => one.path === '/secret-path');
  expect(message.headers['x-kairosroute-signature']).toMatch(/^v1=[0-9a-f]{64}$/);
  const text = await page.locator('main').textContent();
  expect(text).not.toContain('s3cret');
  expect(text).not.toContain('secret-path');

  await page.getByRole('button', { name: 'Change channel hook' }).click();
  await dialog.getByRole('checkbox', { name: 'Critical' }).check();
  await dialog.getByRole('button', { name: 'Save', exact: true }).click();
  await expect.poll(async () => (await server().get('/api/v1/alerts/channels/hook')).severities).toEqual(['critical']);
  expect(await server().get('/api/v1/alerts/channels/hook')).toMatchObject({ secret_set: true, rules: ['nothing-of-this-name'] });
  await page.getByRole('button', { name: 'Send a test message to hook' }).click();
  await expect.poll(() => server().messages.filter((one) => one.path === '/secret-path' && one.headers['x-kairosroute-signature']).length).toBe(2);

  await page.getByRole('button', { name: 'Change channel hook' }).click();
  await dialog.getByLabel('Address').fill(`${server().hook}/gone`);
  await dialog.getByRole('button', { name: 'Save and send a test' }).click();
  await expect(page.getByText(/the test message was not delivered, the receiver answered 410/)).toBeVisible();
  await page.getByRole('switch', { name: 'hook switched on' }).click();
  await expect.poll(async () => (await server().get('/api/v1/alerts/channels/hook')).enabled).toBe(false);
  await page.getByRole('button', { name: 'Remove channel hook' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByText('Nobody is told yet')).toBeVisible();
});

test('changes are listed with who and how', async ({ page }) => {
  await signIn(page, 'kr-ops', 'light', at());
  const headers = { 'sec-fetch-site': 'same-origin' };
  await page.request.post(`${at()}/api/v1/tenants`, { data: { id: 'audited', name: 'one' }, headers });
  await page.request.put(`${at()}/api/v1/tenants/audited`, { data: { name: 'two' }, headers });
  await open(page, '/settings/changes', at());
  await expect(page.getByRole('row', { name: /audited.*name.*one.*two/ })).toContainText('key ops-key');
});

test('providers show what can be sent to, what it costs and how it does', async ({ page }) => {
  await signIn(page, 'kr-ops', 'light', at());
  await open(page, '/settings/providers', at());
  await settled(page);
  const answer = await server().get('/api/v1/providers');
  const openai = answer.providers.find((one) => one.id === 'openai');
  expect(openai.endpoints[0].address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(JSON.stringify(answer)).not.toContain('sk-provider');
  const target = openai.targets.find((one) => one.model === 'gpt-4o');
  expect(target).toMatchObject({ measured: true, available: true, input_usd_per_mtok: '2.5', output_usd_per_mtok: '10' });
  await expect(page.getByRole('row', { name: /gpt-4o .*Healthy.*\$2\.50.*\$10\.00/ }).first()).toBeVisible();
});

test('a tenant sees its own, may change nothing, and is told what it may not open', async ({ page }) => {
  await signIn(page, 'kr-acme', 'light', at());
  await open(page, '/settings', at());
  await settled(page);
  await expect(page.getByRole('row', { name: /acme/ })).toHaveCount(1);
  await expect(page.getByText('rival')).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'New tenant' })).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Channels' })).toHaveCount(0);
  await open(page, '/settings/keys', at());
  await settled(page);
  await expect(page.getByRole('row', { name: /acme-key/ })).toBeVisible();
  await expect(page.getByRole('row', { name: /rival-key/ })).toHaveCount(0);
  await open(page, '/settings/channels', at());
  await expect(page.getByText('Not for this key')).toBeVisible();
});

for (const theme of ['light', 'dark']) {
  for (const width of [360, 1280, 2560]) {
    test(`settings are accessible and fit, ${theme}, ${width} px`, async ({ page }) => {
      test.setTimeout(180_000);
      await page.setViewportSize({ width, height: 900 });
      await signIn(page, 'kr-ops', theme, at());
      for (const pane of panes) {
        await open(page, `/settings/${pane}`, at());
        await settled(page);
        await accessible(page, `${theme} ${pane}`);
        expect(await tooWide(page), pane).toBeLessThanOrEqual(0);
      }
      for (const [pane, button] of [['tenants', 'New tenant'], ['keys', 'New key'], ['channels', 'New channel']]) {
        await page.goto(`${at()}/settings/${pane}`);
        await page.getByRole('button', { name: button }).click();
        await accessible(page, `${theme} ${button}`);
      }
    });
  }
}
