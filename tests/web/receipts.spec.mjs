// Search, receipt page, live feed: as on-call, as a tenant, by keyboard.
import { BASE, expect, open, signIn, test, total } from './support.mjs';
import { ask, hostile, start } from './seed.mjs';

const shown = (page) => page.locator('.foot b').first();

test('on-call: from all receipts to one that fell back, and on to its neighbour', async ({ page }) => {
  await signIn(page);
  await open(page, '/receipts');
  const { receipts } = await total(page, {}, ['receipts']);
  await expect(shown(page)).toHaveText(`${receipts.toLocaleString('en-US')} receipts`);
  await page.getByRole('button', { name: 'Status', exact: true }).click();
  await page.getByRole('button', { name: /^refused/ }).click();
  await expect(page).toHaveURL(/status=refused/);
  const refused = await total(page, { status: ['refused'] }, ['receipts']);
  await expect(shown(page)).toHaveText(`${refused.receipts} receipts`);
  await expect(page.getByRole('grid').getByText('Refused').first()).toBeVisible();
  await page.getByRole('grid').focus();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await expect(page.locator('h1')).toContainText('rcpt_');
  await expect(page.locator('.crumbs')).toContainText(`1 of ${refused.receipts}`);
  await page.keyboard.press('j');
  await expect(page.locator('.crumbs')).toContainText(`2 of ${refused.receipts}`);
  await page.keyboard.press('b');
  await expect(page).toHaveURL(/\/receipts\?status=refused/);
  await page.goBack();
  await expect(page.locator('.crumbs')).toContainText('2 of');
});

test('a reload gives back the same view, byte for byte in the address', async ({ page }) => {
  await signIn(page);
  const address = '/receipts?from=-24h&tz=Europe/Berlin&tenant=acme&category=!chat,code&min_latency=0&cols=time.status.cost&order=cost';
  await open(page, address);
  await expect(page.getByRole('grid')).toBeVisible();
  const before = await page.getByRole('grid').innerText();
  await page.reload();
  await expect(page.getByRole('grid')).toBeVisible();
  expect(page.url()).toBe(BASE + address);
  expect(await page.getByRole('grid').innerText()).toBe(before);
});

test('paging shows every receipt once', async ({ page }) => {
  await signIn(page);
  await open(page, '/receipts?cols=id');
  const { receipts } = await total(page, {}, ['receipts']);
  const seen = new Set();
  const grid = page.getByRole('grid');
  await expect(grid.locator('a').first()).toBeVisible();
  await expect.poll(async () => {
    for (const title of await grid.locator('.vt-body a').evaluateAll((links) => links.map((link) => link.title))) seen.add(title);
    await grid.evaluate((element) => element.scrollBy(0, 500));
    return seen.size;
  }, { timeout: 30_000, intervals: [30] }).toBe(receipts);
  expect(await grid.locator('.vt-row').count()).toBeLessThan(60);
});

test('the receipt says what its JSON says', async ({ page }) => {
  await signIn(page);
  const list = await (await page.request.get(`${BASE}/api/v1/receipts?status=success&limit=200`)).json();
  const row = list.receipts.find((one) => one.attempts > 1 && one.cost_usd !== null) ?? list.receipts.find((one) => one.cost_usd !== null);
  const receipt = await (await page.request.get(`${BASE}/api/v1/receipts/${row.receipt_id}`)).json();
  await open(page, `/receipts/${row.receipt_id}`);
  await expect(page.locator('.sum')).toContainText(receipt.decision.reason);
  await expect(page.locator('.cost tbody tr')).toHaveCount(receipt.cost.lines.length + 1);
  await expect(page.locator('.wf ol li')).toHaveCount(receipt.attempts.length + 1);
  await expect(page.locator('.chain .me')).toContainText(receipt.integrity.hash.slice(0, 4));
  const cents = await page.locator('.cost .tot .figure').getAttribute('title');
  expect(cents.slice(1).replace(/0+$/, '')).toBe(row.cost_usd.replace(/0+$/, ''));
  await page.keyboard.press('v');
  await expect(page.getByRole('dialog').locator('pre')).toContainText(`"receipt_id": "${row.receipt_id}"`);
  await page.keyboard.press('Escape');
  await page.emulateMedia({ media: 'print' });
  await expect(page.locator('.side')).toBeHidden();
});

test('a tenant sees its own receipts, no hashes, and nobody else’s', async ({ page }) => {
  await signIn(page, 'kr-rival');
  await open(page, '/receipts');
  const { receipts } = await total(page, {}, ['receipts']);
  await expect(shown(page)).toHaveText(`${receipts} receipts`);
  const own = await (await page.request.get(`${BASE}/api/v1/receipts?limit=1`)).json();
  expect(own.receipts[0].tenant).toBe('rival');
  await open(page, `/receipts/${own.receipts[0].receipt_id}`);
  await expect(page.getByText('shown to the platform’s operators only')).toBeVisible();
  await open(page, `/receipts/${process.env.HOSTILE}`);
  await expect(page.getByText('No receipt with this id')).toBeVisible();
  page.faults.length = 0; // the browser reports the 404 that is the point here
});

test('a reseller’s tenant is offered no order by cost, and an address with one is served by time', async ({ page }) => {
  await signIn(page, 'kr-resold');
  const asked = [];
  page.on('request', (request) => { if (request.url().includes('/api/v1/receipts?')) asked.push(new URL(request.url()).searchParams.get('order')); });
  await open(page, '/receipts?from=-90d&order=cost');
  await expect(page.getByRole('button', { name: /^Sort by Time, now descending/ })).toBeVisible();
  await expect(page.getByRole('button', { name: /^Sort by Latency/ })).toBeVisible();
  await expect(page.getByRole('button', { name: /^Sort by Cost/ })).toHaveCount(0);
  await expect(page.getByRole('alert')).toHaveCount(0);
  expect(asked).toContain('time');
  expect(asked).not.toContain('cost');
});

test('hostile texts are texts', async ({ page }) => {
  await signIn(page);
  await open(page, `/receipts/${process.env.HOSTILE}`);
  await expect(page.locator('.props')).toContainText('<img src=x');
  await expect(page.locator('.props')).toContainText(hostile.workflow.slice(0, 12));
  await open(page, '/receipts?cols=time.workflow.end_user');
  await expect(page.getByRole('grid')).toContainText('<script>');
  await open(page, `/receipts?q=${encodeURIComponent('</script><img src=x onerror=window.hacked=4>')}&tags.x=${encodeURIComponent('\u0000\u202E<b>')}&tenant=${encodeURIComponent('x'.repeat(5000))}`);
  await expect(page.getByText('No receipt matches')).toBeVisible();
  expect(await page.evaluate(() => window.hacked)).toBeUndefined();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
});

test('palette: views, an id, and words; focus comes back', async ({ page }) => {
  await signIn(page);
  await open(page, '/receipts?tenant=acme');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('laten');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/latency\?tenant=acme/);
  await page.keyboard.press('/');
  await page.keyboard.type(process.env.HOSTILE);
  await page.keyboard.press('Enter');
  await expect(page.locator('h1')).toContainText(process.env.HOSTILE);
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await expect(page.locator('h1')).toHaveText('Search');
  await expect(page.locator('h1')).toBeFocused();
});

test('filters by keyboard and their removal', async ({ page }) => {
  await signIn(page);
  await open(page, '/receipts');
  await page.keyboard.press('f');
  await page.locator('.panel').getByRole('button', { name: 'Workflow' }).press('Enter');
  await page.getByLabel(/pr-agent/).press('Space');
  await page.getByRole('button', { name: 'Apply' }).press('Enter');
  await expect(page).toHaveURL(/workflow=pr-agent/);
  await page.getByRole('button', { name: 'Remove filter Workflow' }).click();
  await expect(page).not.toHaveURL(/workflow/);
  await page.keyboard.press('d');
  await page.getByRole('button', { name: 'Last hour' }).click();
  await expect(page).toHaveURL(/from=-1h/);
});

test('a view can be saved, found again and removed', async ({ page }) => {
  await signIn(page);
  await open(page, '/receipts?tenant=acme&category=code');
  await page.getByRole('button', { name: 'Save view' }).click();
  await page.getByLabel('Save this view as').fill('Code of <b>acme</b>');
  await page.keyboard.press('Enter');
  const link = page.getByRole('navigation', { name: 'Primary' }).getByRole('link', { name: 'Code of <b>acme</b>' });
  await expect(link).toBeVisible();
  await open(page, '/receipts');
  await link.click();
  await expect(page).toHaveURL(/\/receipts\?tenant=acme&category=code/);
  await page.getByRole('button', { name: 'Save view' }).click();
  await page.getByRole('button', { name: 'Delete Code of <b>acme</b>' }).click();
  await expect(link).toHaveCount(0);
});

test('every filter narrows the list and the sums alike', async ({ page }) => {
  await signIn(page);
  const cases = [['fallback=true', { fallback: true }], ['unknown_cost=true', { unknown_cost: true }], ['min_cost=0.0001', { min_cost_usd: '0.0001' }], ['category=!code,reasoning', { not: { category: ['code', 'reasoning'] } }],
    ['tags.team=sea', { 'tags.team': ['sea'] }], ['provider=', { provider: [''] }], ['requested_model=auto&tenant=acme', { requested_model: ['auto'], tenant: ['acme'] }]];
  for (const [address, filters] of cases) {
    const { receipts } = await total(page, filters, ['receipts']);
    expect(receipts, address).toBeGreaterThan(0);
    await open(page, `/receipts?${address}`);
    await expect(shown(page)).toHaveText(`${receipts} receipts`);
    await expect(page.getByRole('grid')).toHaveAttribute('aria-rowcount', String(receipts + 1));
    const listed = await (await page.request.get(`${BASE}/api/v1/receipts?limit=1000&${address}`)).json();
    expect(listed.receipts.length, address).toBe(receipts);
  }
});

test('export has every row', async ({ page }) => {
  await signIn(page);
  await open(page, '/receipts?status=success');
  const { receipts } = await total(page, { status: ['success'] }, ['receipts']);
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export CSV' }).click()]);
  const chunks = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString().trim().split('\r\n').length).toBe(receipts + 1);
});

test('a fresh install greets, and moves on when the first receipt is there; live follows and holds', async ({ page }) => {
  test.setTimeout(90_000);
  const { router, stop } = await start();
  try {
    page.on('request', () => undefined);
    await page.request.post(`${router.url}/api/v1/session`, { data: { key: 'kr-ops' } });
    await page.goto(`${router.url}/savings`);
    await expect(page.getByText('Send the first request')).toBeVisible();
    await expect(page.locator('pre')).toContainText(`curl ${router.url}/v1/chat/completions`);
    const id = await ask(router, 1);
    await expect(page.locator('h1')).toContainText(id, { timeout: 5000 });
    await page.goto(`${router.url}/live`);
    await expect(page.getByText('Waiting for the next receipt')).toBeVisible();
    for (let i = 1; i < 60; ++i) await ask(router, i);
    await expect(page.locator('.vt-row').first()).toBeVisible();
    await page.keyboard.press('.');
    const first = await page.locator('.vt-row').first().innerText();
    for (let i = 1; i < 11; ++i) await ask(router, i);
    await expect(page.getByRole('button', { name: /\d+ new, press/ })).toBeVisible();
    expect(await page.locator('.vt-row').first().innerText()).toBe(first);
    await page.keyboard.press('.');
    await expect(page.getByRole('button', { name: /new, press/ })).toHaveCount(0);
    await page.goto('about:blank'); // an open stream would come back to a server that is gone
    page.faults.length = 0; // another server than the other tests', so another origin
  } finally {
    await stop();
  }
});
