// Text at 200 and 400 per cent: nothing is wider than the screen, nothing lies over something else, nothing is cut off.
import { BASE, expect, open, settled, signIn, test, tooWide } from './support.mjs';

const views = ['/savings', '/spend', '/spend/ledger', '/tenants', '/tenants/acme', '/mix', '/latency', '/alerts', '/alerts?tab=rules', '/live', '/receipts', '/replay',
  ...['tenants', 'keys', 'budgets', 'rules', 'channels', 'providers', 'changes', 'about'].map((pane) => `/settings/${pane}`), `/receipts/${process.env.HOSTILE}`];
// 1280 × 900 at zoom 2 and 4 is so many CSS pixels, each of so many of the screen's.
const zooms = [{ zoom: 2, width: 640, height: 450 }, { zoom: 4, width: 320, height: 256 }];

/** Texts that lie over each other, and texts that are cut without a way to read them. */
const faults = (page) => page.evaluate(() => {
  const found = [];
  const root = document.querySelector('dialog[open]') ?? document.querySelector('main');
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const parent = node.parentElement;
    if (!node.textContent.trim() || !parent.checkVisibility() || parent.closest('svg, .vh, .heat-side, [aria-hidden="true"], .skip, option')) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (let { left, top, right, bottom } of range.getClientRects()) { // of each line
      let cut = false;
      for (let box = parent; box && box !== root; box = box.parentElement) { // what its boxes leave of it
        const style = getComputedStyle(box);
        const edge = box.getBoundingClientRect();
        if (style.overflowX !== 'visible') {
          const scrolls = style.overflowX === 'auto' || style.overflowX === 'scroll';
          const told = style.textOverflow === 'ellipsis' || parent.closest('[title], [aria-label], a, label') !== null;
          if (!scrolls && !told && right > edge.right + 2) cut = true;
          left = Math.max(left, edge.left);
          right = Math.min(right, edge.right);
        }
        if (style.overflowY !== 'visible') {
          top = Math.max(top, edge.top);
          bottom = Math.min(bottom, edge.bottom);
        }
      }
      if (cut) found.push(`cut: ${node.textContent.trim().slice(0, 60)} in ${parent.outerHTML.slice(0, 100)}`);
      if (right - left > 1 && bottom - top > 1) texts.push({ left, top, right, bottom, text: node.textContent.trim().slice(0, 40), node });
    }
  }
  texts.sort((a, b) => a.top - b.top);
  for (let i = 0; i < texts.length; ++i) for (let j = i + 1; j < texts.length && texts[j].top < texts[i].bottom - 3; ++j) {
    const [a, b] = [texts[i], texts[j]];
    if (a.node !== b.node && Math.min(a.right, b.right) - Math.max(a.left, b.left) > 3 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3) found.push(`over each other: “${a.text}” and “${b.text}”`);
  }
  return found.slice(0, 12);
});

for (const { zoom, width, height } of zooms) {
  test(`at ${zoom * 100} % every view keeps its content`, async ({ browser }) => {
    test.setTimeout(240_000);
    const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor: zoom, reducedMotion: 'reduce' });
    const page = await context.newPage();
    page.faults = [];
    await page.goto(`${BASE}/savings`);
    await page.getByLabel('Key').waitFor();
    expect(await tooWide(page), 'login').toBeLessThanOrEqual(0);
    expect(await faults(page), 'login').toEqual([]);
    await signIn(page);
    for (const path of views) {
      await open(page, path);
      await settled(page);
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${zoom}${path.replaceAll(/[/?=]/g, '-').slice(0, 30)}.png`, fullPage: true });
      expect.soft(await tooWide(page), path).toBeLessThanOrEqual(0);
      expect.soft(await faults(page), path).toEqual([]);
    }
    // What opens over a view fits, or scrolls.
    for (const [path, name] of [['/settings/tenants', 'New tenant'], ['/settings/keys', 'New key'], ['/settings/channels', 'New channel'], ['/spend', /New cap/], ['/alerts', /New rule/]]) {
      await open(page, path);
      await settled(page);
      await page.getByRole('button', { name }).first().click();
      const dialog = page.getByRole('dialog');
      const box = await dialog.boundingBox();
      expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= width + 1 && box.y + box.height <= height + 1, `${name} fits`).toBe(true);
      expect.soft(await faults(page), String(name)).toEqual([]);
      const last = dialog.locator('.dialog-f button').last();
      await last.scrollIntoViewIfNeeded();
      await expect(last).toBeInViewport();
      await page.keyboard.press('Escape');
    }
    for (const key of ['d', 'f']) {
      await open(page, '/mix');
      await page.keyboard.press(key);
      const panel = page.locator('.panel');
      await expect(panel).toBeVisible();
      const box = await panel.boundingBox();
      expect(box.x >= 0 && box.x + box.width <= width + 1, `the panel of ${key} fits`).toBe(true);
      expect(await tooWide(page)).toBeLessThanOrEqual(0);
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${zoom}-panel-${key}.png` });
    }
    await context.close();
  });
}

test('settings, dark, 2560 px, reduced motion: nothing moves, nothing is stretched beyond reading', async ({ page }) => {
  await page.setViewportSize({ width: 2560, height: 1200 });
  await signIn(page, 'kr-ops', 'dark');
  for (const pane of ['tenants', 'keys', 'budgets', 'rules', 'providers', 'about']) {
    await open(page, `/settings/${pane}`);
    await settled(page);
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/dark-2560-${pane}.png` });
    expect(await faults(page), pane).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark');
    const moving = await page.evaluate(() => [...document.querySelectorAll('*')].filter((one) => { const style = getComputedStyle(one); return style.animationName !== 'none' || (style.transitionDuration !== '0s' && style.transitionProperty !== 'none' && style.transitionDuration.split(',').some((time) => parseFloat(time) > 0)); }).map((one) => one.outerHTML.slice(0, 80)));
    expect(moving, pane).toEqual([]);
    const lines = await page.evaluate(() => [...document.querySelectorAll('main p')].map((one) => one.getBoundingClientRect().width));
    expect(Math.max(0, ...lines), 'lines one can follow').toBeLessThan(1300);
  }
});
