// Every view with the keyboard alone: nothing here uses a pointer.
import { keys } from './seed.mjs';
import { BASE, expect, settled, signIn, test } from './support.mjs';
import { expectFocus, expectSeen, focused, missed, openFilters, tabTo, toStart, walk } from './keys.mjs';

const views = [['s', 'Savings'], ['p', 'Spend'], ['t', 'Tenants'], ['m', 'Model mix'], ['l', 'Latency'], ['a', 'Alerts'], ['f', 'Live feed'], ['r', 'Search'], ['y', 'Replay'], [',', 'Settings']];
const h1 = (page) => page.getByRole('heading', { level: 1 });
async function start(page, path) {
  await signIn(page);
  await page.goto(BASE + path);
  await expect(h1(page)).toBeVisible();
  await settled(page);
}
/** To a view by its letters: its title has the focus then. */
async function go(page, letter, title) {
  await page.keyboard.press('g');
  await page.keyboard.press(letter);
  await expect(h1(page)).toContainText(title);
  await expect(h1(page)).toBeFocused();
  await settled(page);
}
const press = async (page, ...all) => { for (const one of all) await page.keyboard.press(one); };

test('signing in, the skip link, and signing out', async ({ page }) => {
  await page.goto(`${BASE}/spend`);
  await expect(page.getByLabel('Key')).toBeFocused();
  await page.keyboard.type(keys.ops);
  expect((await tabTo(page, 'Sign in')).role).toBe('button');
  await page.keyboard.press('Enter');
  await expect(h1(page)).toHaveText('Spend');
  await settled(page);
  page.faults.length = 0; // the browser itself reports the 401 answer before the key
  await toStart(page);
  await press(page, 'Tab');
  const skip = await focused(page);
  expect(skip.name).toBe('Skip to content');
  expectSeen(skip);
  await press(page, 'Enter');
  await expect(h1(page)).toBeFocused();
  await tabTo(page, /^AAll tenants/, { back: true });
  await press(page, 'Enter');
  await tabTo(page, 'Sign out');
  await press(page, 'Enter');
  await expect(page.getByLabel('Key')).toBeVisible();
});

test('every view: each thing that can be pressed is reached by Tab or its arrow keys, has a name, a ring, and is in sight', async ({ page }) => {
  test.setTimeout(300_000);
  await start(page, '/savings');
  for (const [letter, title] of views) {
    if (title !== 'Savings') await go(page, letter, title);
    const stops = await walk(page);
    expect(stops.length, title).toBeGreaterThan(15);
    expect(await missed(page), `${title}: reached by no key`).toEqual([]);
    // In the order of reading: the rail, the title's row, the filters, what is shown.
    expect(stops[0].name).toBe('Skip to content');
  }
});

test('range, comparison, filters: chosen and taken away, and the focus stays by', async ({ page }) => {
  await start(page, '/mix');
  await press(page, 'd', 'ArrowDown', 'ArrowDown');
  await tabTo(page, 'Last 30 days', { most: 20 });
  await press(page, 'Enter');
  await expect(page).toHaveURL(/\/mix\?from=-30d$/);
  await expectFocus(page, /Last 30 days/);
  await tabTo(page, /^vs/);
  await press(page, 'Enter', 'ArrowDown', 'Enter');
  await expect(page).toHaveURL(/cmp=none/);
  await expectFocus(page, /Nothing/);
  await press(page, 'x');
  await expect(page).not.toHaveURL(/cmp=none/);

  for (const [what, value] of [['Tenant', 'acme'], ['Model', 'gpt-4o']]) {
    await openFilters(page);
    await tabTo(page, what);
    await press(page, 'Enter');
    await expectFocus(page, new RegExp(`^Find a ${what}$`));
    await page.keyboard.type(value);
    await tabTo(page, new RegExp(`^${value}`));
    await press(page, 'Space', 'Enter');
    await expect(page.locator('.panel')).toHaveCount(0);
    await expectFocus(page, /Filter/);
  }
  await expect(page).toHaveURL(/tenant=acme.*model=gpt-4o|model=gpt-4o.*tenant=acme/);
  await openFilters(page);
  await tabTo(page, 'Cost from, USD');
  await press(page, 'Enter');
  await expectFocus(page, /^Cost from, USD$/);
  await press(page, 'Escape');
  await expect(page.locator('.panel')).toHaveCount(0);
  await expectFocus(page, /Filter/);
  await tabTo(page, 'Remove filter Tenant', { back: true });
  await press(page, 'Enter');
  await expect(page).not.toHaveURL(/tenant=/);
  await expectFocus(page, /Model|Filter/, 'focus after a filter went');
  await tabTo(page, 'Clear');
  await press(page, 'Enter');
  await expect(page).not.toHaveURL(/model=/);
  await expectFocus(page, /./, 'focus after all filters went');
});

test('from a point of a chart, a bar, a row, a cell to the receipts, and to one of them', async ({ page }) => {
  test.setTimeout(120_000);
  const list = async (what) => {
    await expect(page, what).toHaveURL(/\/receipts\?/);
    await expect(page.locator('.vt-row').first()).toBeVisible();
  };
  await start(page, '/spend');
  await tabTo(page, /receipts?$/); // the newest column of the chart
  await press(page, 'ArrowUp');
  await expectFocus(page, /: \$/);
  await press(page, 'Enter');
  
  await list('a mark');
  await tabTo(page, 'Receipts', { most: 80 });
  await press(page, 'ArrowDown', 'Enter');
  await expect(h1(page)).toContainText('rcpt_');
  await expect(h1(page)).toBeFocused();

  await go(page, 's', 'Savings');
  await tabTo(page, /^Actual bill|^Actual/);
  await press(page, 'Enter');
  await list('a step of the bridge');

  await go(page, 't', 'Tenants');
  await tabTo(page, 'acme', { most: 120 });
  await press(page, 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight');
  const figure = await page.evaluate(() => document.activeElement.getAttribute('href'));
  expect(figure).toMatch(/tenant=acme.*&status=refused/);
  await press(page, 'ArrowDown');
  expect(await page.evaluate(() => document.activeElement.getAttribute('href'))).toMatch(/&status=refused/);
  await press(page, 'ArrowUp', 'Enter');
  await list('a figure of a row');

  await go(page, 'm', 'Model mix');
  await page.locator('.matrix a').first().focus();
  await press(page, 'Enter');
  await list('a cell of the matrix');

  await go(page, 'l', 'Latency');
  await tabTo(page, /Arrow keys move\./);
  const before = (await focused(page)).name;
  await press(page, 'ArrowLeft');
  await expect.poll(async () => (await focused(page)).name).not.toBe(before);
  await press(page, 'ArrowRight', 'Enter');
  await expect(page, 'a cell of the heat map').toHaveURL(/\/receipts\?/);
});

test('search: sums, bars, facets, columns, sorting, peeking, the export and its end', async ({ page }) => {
  test.setTimeout(120_000);
  await start(page, '/receipts');
  await tabTo(page, 'Status');
  await press(page, 'Enter');
  await tabTo(page, /^success/);
  await press(page, 'Enter');
  await expect(page).toHaveURL(/status=success/);
  await expectFocus(page, /^success/);
  await tabTo(page, 'Columns');
  await press(page, 'Enter');
  await tabTo(page, 'Provider');
  await press(page, 'Space');
  await expect(page.getByRole('columnheader', { name: 'Provider' })).toBeVisible();
  await press(page, 'Escape');
  await expectFocus(page, /^Columns$/);
  await tabTo(page, /requests/); // one stop for all bars
  await press(page, 'Home');
  await tabTo(page, 'Receipts');
  await press(page, 'j', 'j', 'k');
  await expect(page.locator('.vt-row.on')).toHaveAttribute('aria-rowindex', '2');
  await press(page, 'ArrowRight', 'ArrowRight', 'ArrowRight');
  const tenant = (await page.locator('.vt-row.on > .at').textContent()).trim();
  await press(page, 'Alt+Enter');
  await expect(page).toHaveURL(new RegExp(`tenant=!${tenant}`));
  await page.goBack();
  await settled(page);
  await tabTo(page, 'Receipts');
  await press(page, 'ArrowDown', ' ');
  const peek = page.getByRole('dialog');
  await expect(peek).toBeVisible();
  await press(page, 'Escape');
  await expect(peek).toHaveCount(0);
  await expectFocus(page, /^Receipts$/);
  await tabTo(page, /^Sort by Cost/);
  await press(page, 'Enter');
  await expect(page).toHaveURL(/order=cost/);
  await expectFocus(page, /^Sort by Cost, now descending/);

  let release;
  await page.route(/\/api\/v1\/receipts\?.*limit=1000/, async (route) => { await new Promise((done) => { release = done; }); await route.abort().catch(() => undefined); });
  await tabTo(page, 'Export CSV', { back: true });
  await press(page, 'Enter');
  await expectFocus(page, /^Stop the export$/);
  await press(page, 'Enter');
  await expectFocus(page, /^Export CSV$/);
  release();
  await page.unroute(/\/api\/v1\/receipts\?.*limit=1000/);
  const [file] = await Promise.all([page.waitForEvent('download'), press(page, 'Enter')]);
  expect(file.suggestedFilename()).toBe('receipts.csv');
});

test('a receipt: neighbours, copying, its JSON, the proof, replay, and back', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await start(page, '/receipts?status=success');
  await tabTo(page, 'Receipts');
  await press(page, 'ArrowDown', 'Enter');
  const first = await h1(page).textContent();
  await settled(page);
  await press(page, 'j');
  await expect(h1(page)).not.toHaveText(first);
  const second = await h1(page).textContent();
  await press(page, 'k');
  await expect(h1(page)).toHaveText(first);
  await settled(page);
  await tabTo(page, 'Receipt below', { back: true });
  await press(page, 'Enter');
  await expect(h1(page)).toHaveText(second);
  await settled(page);
  await tabTo(page, 'Copy receipt id');
  await press(page, 'Enter');
  await expect(page.getByRole('status').filter({ hasText: 'receipt id copied' })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(second);
  await tabTo(page, 'JSON');
  await press(page, 'Enter');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  for (let i = 0; i < 12; ++i) { // the focus stays inside
    await press(page, 'Tab');
    const stop = await focused(page);
    if (stop) expect(stop.inDialog, stop.html).toBe(true);
  }
  await press(page, 'Escape');
  await expect(dialog).toHaveCount(0);
  await expectFocus(page, /^JSON$/);
  await tabTo(page, 'How to verify');
  await press(page, 'Enter');
  await expect(dialog).toContainText('kairosroute verify');
  await press(page, 'Escape');
  await expectFocus(page, /^How to verify$/);
  await tabTo(page, 'Replay', { back: true });
  await press(page, 'Enter');
  await expect(h1(page)).toHaveText('Replay a receipt');
  await page.goBack();
  await expect(h1(page)).toHaveText(second);
  await press(page, 'b');
  await expect(page).toHaveURL(/\/receipts\?status=success/);
  const stops = async () => { await press(page, 'Enter'); };
  await tabTo(page, 'Receipts');
  await press(page, 'ArrowDown');
  await stops();
  await settled(page);
  await walk(page);
  expect(await missed(page)).toEqual([]);
});

test('a cap is made, edited where it stands, left, saved and removed; the focus never falls out', async ({ page }) => {
  await start(page, '/settings/budgets');
  await tabTo(page, 'New cap');
  await press(page, 'Enter');
  await expect(page.getByRole('dialog')).toBeVisible();
  await tabTo(page, 'Workflow');
  await page.keyboard.type('by-keyboard');
  await tabTo(page, 'Cap, US dollars');
  await page.keyboard.type('12');
  await press(page, 'Enter');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expectFocus(page, /^New cap$/);
  const change = /^Change the cap of .*by-keyboard/;
  await tabTo(page, change);
  for (const leave of ['Escape', 'cancel']) {
    await press(page, 'Enter');
    await expectFocus(page, /^Cap in US dollars/);
    await page.keyboard.type('9');
    if (leave === 'Escape') await press(page, 'Escape');
    else { await tabTo(page, 'Leave it as it was'); await press(page, 'Enter'); }
    await expectFocus(page, change);
  }
  await press(page, 'Enter', 'End');
  await page.keyboard.type('.5');
  await press(page, 'Enter');
  await expectFocus(page, change);
  const caps = async () => (await (await page.request.get(`${BASE}/api/v1/budgets`)).json()).budgets.filter((one) => one.scope.workflow === 'by-keyboard');
  expect((await caps()).map((one) => one.cap_usd)).toEqual(['12.5']);
  await tabTo(page, /^Remove the cap of .*by-keyboard/);
  await press(page, 'Enter');
  await tabTo(page, 'Remove');
  await press(page, 'Enter');
  await expect.poll(async () => (await caps()).length).toBe(0);
  await expectFocus(page, /./, 'focus after the row went');
});

test('a tenant and a key: made, cancelled, changed', async ({ page }) => {
  await start(page, '/settings/tenants');
  const dialog = page.getByRole('dialog');
  await tabTo(page, 'New tenant');
  await press(page, 'Enter');
  await tabTo(page, 'Cancel', { back: true });
  await press(page, 'Enter');
  await expect(dialog).toHaveCount(0);
  await expectFocus(page, /^New tenant$/);
  await press(page, 'Enter');
  await tabTo(page, 'Name');
  await page.keyboard.type('keyed');
  await press(page, 'Enter');
  await expect(dialog).toHaveCount(0);
  await tabTo(page, 'Change tenant keyed');
  await press(page, 'Enter');
  await tabTo(page, 'For people');
  await page.keyboard.type('By keys');
  await press(page, 'Enter');
  await expect(page.getByRole('row', { name: /By keys/ })).toBeVisible();
  await expectFocus(page, /^Change tenant keyed$/);
  await tabTo(page, 'Keys', { back: true });
  await press(page, 'Enter');
  await expect(h1(page)).toBeFocused();
  await expect(h1(page)).toContainText('Keys');
  await tabTo(page, 'New key');
  await press(page, 'Enter');
  await press(page, 'Escape');
  await expect(dialog).toHaveCount(0);
  await expectFocus(page, /^New key$/);
  await tabTo(page, 'Tenants', { back: true });
  await press(page, 'Enter');
  await tabTo(page, 'Remove tenant keyed');
  await press(page, 'Enter');
  await tabTo(page, 'Remove');
  await press(page, 'Enter');
  await expect(page.getByRole('row', { name: /By keys/ })).toHaveCount(0);
});

test('the menu of a narrow screen takes the focus, closes by Escape, and gives it back', async ({ page }) => {
  await page.setViewportSize({ width: 400, height: 700 });
  await start(page, '/savings');
  await tabTo(page, 'Open the menu');
  await press(page, 'Enter');
  await expectFocus(page, /^Close the menu$/);
  for (let i = 0; i < 30; ++i) { // what it covers is not reached
    await press(page, 'Tab');
    const inside = await page.evaluate(() => document.activeElement === document.body || !!document.activeElement.closest('.side, .skip'));
    expect(inside).toBe(true);
  }
  await press(page, 'Escape');
  await expectFocus(page, /^Open the menu$/);
  await press(page, 'Enter');
  await tabTo(page, 'Latency');
  await press(page, 'Enter');
  await expect(h1(page)).toHaveText('Latency');
  await expect(h1(page)).toBeFocused();
});
