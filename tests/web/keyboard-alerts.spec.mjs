// Alerts, channels and the live feed with the keyboard alone.
import { expect, settled, signIn } from './support.mjs';
import { expectFocus, focused, missed, openFilters, tabTo, walk } from './keys.mjs';
import { watchedTest } from './watched.mjs';

const { test, server } = watchedTest();
test.describe.configure({ timeout: 120_000 });
const at = () => server().url;
const press = async (page, ...all) => { for (const one of all) await page.keyboard.press(one); };
async function start(page, path) {
  await expect.poll(async () => (await server().get('/api/v1/alerts')).alerts.filter((one) => one.state === 'firing').map((one) => one.rule), { timeout: 45_000 }).toEqual(expect.arrayContaining(['quiet-hours', 'busy']));
  await signIn(page, 'kr-ops', 'light', at());
  await page.goto(at() + path);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await settled(page);
}

test('an alert is acknowledged, silenced, and its silence ended', async ({ page }) => {
  await start(page, '/alerts');
  await walk(page);
  expect(await missed(page)).toEqual([]);
  await tabTo(page, /^Acknowledge: .*requests 4 for tenant acme/i);
  await press(page, 'Enter');
  await expect(page.getByRole('button', { name: /^Acknowledge: .*requests 4 for tenant acme/i })).toHaveCount(0);
  await expectFocus(page, /^Silence: .*requests 4 for tenant acme/i, 'to what is beside it');
  await press(page, 'Enter');
  const dialog = page.getByRole('dialog', { name: 'Silence' });
  await expect(dialog).toBeVisible();
  await press(page, 'Escape');
  await expect(dialog).toHaveCount(0);
  await expectFocus(page, /^Silence: /);
  await press(page, 'Enter');
  await tabTo(page, 'Why');
  await page.keyboard.type('by keyboard');
  await press(page, 'Enter');
  await expect(dialog).toHaveCount(0);
  await expect(page.getByText(/^Silenced until/).first()).toBeVisible();
  await expectFocus(page, /./, 'the button is gone, the focus is not');
  await press(page, 'g', ',');
  await expect(page).toHaveURL(/\/settings/);
  await settled(page);
  await tabTo(page, 'Silences');
  await press(page, 'Enter');
  await settled(page);
  await tabTo(page, /^End now/);
  await press(page, 'Enter');
  await expect(page.getByText('Nothing is silenced')).toBeVisible();
});

test('a rule is begun, left and made; it is switched, and its events are chosen', async ({ page }) => {
  await start(page, '/alerts?tab=rules');
  await press(page, 'n');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  for (let i = 0; i < 40; ++i) { // around, inside
    await press(page, 'Tab');
    const stop = await focused(page);
    if (stop) expect(stop.inDialog, stop.html).toBe(true);
  }
  await press(page, 'Escape');
  await expect(dialog).toHaveCount(0);
  await tabTo(page, /^New rule/);
  await press(page, 'Enter');
  await tabTo(page, 'Title');
  await page.keyboard.type('Typed');
  await tabTo(page, 'Threshold');
  await page.keyboard.type('5');
  await press(page, 'Enter');
  await expect(dialog).toHaveCount(0);
  await tabTo(page, 'typed switched on');
  await press(page, 'Space');
  await expect.poll(async () => (await server().get('/api/v1/alerts/rules')).rules.find((one) => one.id === 'typed')?.enabled).toBe(false);
  await expectFocus(page, /^typed switched on$/);
  await press(page, 'ArrowRight', 'ArrowRight');
  await tabTo(page, 'Remove rule typed');
  await press(page, 'Enter');
  await tabTo(page, 'Remove');
  await press(page, 'Enter');
  await expect(page.getByRole('switch', { name: 'typed switched on' })).toHaveCount(0);
  await expectFocus(page, /./);
  await tabTo(page, 'Events');
  await press(page, 'Enter');
  await tabTo(page, 'Problems');
  await press(page, 'Space');
  await expect(page).toHaveURL(/show=problems/);
  await expectFocus(page, /^Problems$/);
});

test('a channel is made, and the form is left by Escape', async ({ page }) => {
  await start(page, '/settings/channels');
  await tabTo(page, 'New channel');
  await press(page, 'Enter', 'Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expectFocus(page, /^New channel$/);
  await press(page, 'Enter');
  await tabTo(page, 'Name');
  await page.keyboard.type('keyed');
  await tabTo(page, 'Address');
  await page.keyboard.type(`${server().hook}/keyed`);
  await press(page, 'Enter');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await walk(page);
  expect(await missed(page)).toEqual([]);
  await tabTo(page, 'Remove channel keyed');
  await press(page, 'Enter');
  await tabTo(page, 'Remove');
  await press(page, 'Enter');
  await expect(page.getByText('Nobody is told yet')).toBeVisible();
});

test('live: held by a key, by the focus in its list, let go, narrowed, and a receipt opened', async ({ page }) => {
  await start(page, '/live');
  await server().ask('kr-acme');
  await expect(page.locator('.vt-row').first()).toBeVisible();
  const first = () => page.locator('.vt-row').first().innerText();
  await tabTo(page, /^Hold/);
  await press(page, 'Enter');
  const held = await first();
  await server().ask('kr-rival');
  await expect(page.getByRole('button', { name: /1 new, press/ })).toBeVisible();
  expect(await first()).toBe(held);
  await tabTo(page, /1 new, press/);
  await press(page, 'Enter');
  await expect.poll(first).not.toBe(held);
  await expectFocus(page, /./, 'the button is gone, the focus is not');
  await press(page, '.', '.');
  await tabTo(page, 'Live receipts');
  await expect(page.getByText('Held', { exact: true })).toBeVisible(); // nothing moves under the keys
  await press(page, '.');
  await openFilters(page);
  await tabTo(page, 'Tenant');
  await press(page, 'Enter');
  await page.keyboard.type('rival');
  await tabTo(page, /^rival/);
  await press(page, 'Space', 'Enter');
  await expect(page).toHaveURL(/\/live\?tenant=rival/);
  await server().ask('kr-acme');
  const id = await server().ask('kr-rival');
  await expect(page.locator('.vt-row').first()).toContainText('rival');
  await tabTo(page, 'Live receipts');
  await press(page, 'ArrowDown', 'Enter');
  await expect(page.getByRole('heading', { level: 1 })).toContainText(id);
  await page.goto('about:blank'); // an open stream would come back to a server that is gone
});
