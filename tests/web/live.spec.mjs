// The live feed over as many receipts as two minutes of 1,000 a second bring: nothing of them stays behind.
import { expect, watching } from './support.mjs';
import { collected, receivedBy, streamServer } from './stream.mjs';

const feed = await streamServer();
const test = watching(() => feed.base);
test.afterAll(() => feed.stop());

const PIECE = 200;
async function bring(page, receipts) {
  const before = await receivedBy(page);
  for (let sent = 0; sent < receipts; sent += PIECE) await feed.send(PIECE);
  await expect.poll(() => receivedBy(page), { timeout: 60_000 }).toBe(before + receipts);
}

test('120,000 receipts go through the list: it stays short, and the memory as it was', async ({ page }) => {
  test.setTimeout(240_000);
  const metrics = await collected(page);
  await page.goto(`${feed.base}/live`);
  await expect(page.locator('.live-bar')).toContainText('received');
  await bring(page, 6000); // the list is full
  const before = await metrics();
  await bring(page, 120_000);
  const after = await metrics();
  expect(await page.locator('.vt-row').count()).toBeLessThan(100);
  expect((after.JSHeapUsedSize - before.JSHeapUsedSize) / 1e6, 'MB more than before').toBeLessThan(3);
  expect(after.Nodes - before.Nodes, 'elements more than before').toBeLessThan(2000);
});
