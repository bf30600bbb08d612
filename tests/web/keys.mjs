// A person with a keyboard alone: what has the focus, whether it can be seen, and the way to a thing by Tab.
import { expect } from './support.mjs';

/** What has the focus: its name as a screen reader has it (nearly), where it is, whether a ring shows it. */
export const focused = (page) => page.evaluate(() => {
  const one = document.activeElement;
  if (!one || one === document.body || one === document.documentElement) return null;
  const text = (id) => document.getElementById(id)?.textContent ?? '';
  const name = one.getAttribute('aria-label') || (one.getAttribute('aria-labelledby') ?? '').split(' ').map(text).join(' ').trim()
    || [...(one.labels ?? [])].map((label) => label.textContent).join(' ') || one.textContent?.trim() || one.getAttribute('title') || '';
  const style = getComputedStyle(one);
  one.dataset.walked = '';
  const box = one.getBoundingClientRect();
  const ringed = [one, ...one.querySelectorAll('*')].some((part) => { const look = getComputedStyle(part); return (look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) >= 2) || (part instanceof SVGElement && look.stroke !== 'none' && parseFloat(look.strokeWidth) >= 1.5); });
  // Seen: a point of it is on screen, and nothing that is not part of it lies above.
  const points = [[0.5, 0.5], [0.1, 0.5], [0.9, 0.5], [0.5, 0.15], [0.5, 0.85]].map(([x, y]) => document.elementFromPoint(box.left + box.width * x, box.top + box.height * y));
  const seen = one instanceof SVGElement || points.some((hit) => hit && (one === hit || one.contains(hit) || hit.contains(one)));
  const tag = one.tagName.toLowerCase();
  return { tag, role: one.getAttribute('role') ?? tag, name: name.replace(/\s+/g, ' ').slice(0, 160), ringed, outline: `${style.outlineStyle} ${style.outlineWidth}`, seen, area: box.width * box.height, inDialog: !!one.closest('dialog'), html: one.outerHTML.slice(0, 200) };
});

/** Waits until what has the focus is called so: a dialog or a panel takes the focus after the key that opened it. */
export const expectFocus = (page, name, message) => expect.poll(async () => (await focused(page))?.name ?? '', { message }).toMatch(name);

/** Opens the filters by their key, and waits until they have the focus. */
export async function openFilters(page) {
  await page.keyboard.press('f');
  await expect(page.locator('.panel :focus')).toHaveCount(1);
}

export function expectSeen(stop) {
  expect(stop.name, `a name: ${stop.html}`).not.toBe('');
  expect(stop.ringed, `a focus ring: ${stop.html}`).toBe(true);
  expect(stop.area, `a size: ${stop.html}`).toBeGreaterThan(0);
  expect(stop.seen, `on screen and not covered: ${stop.html}`).toBe(true);
}

/** Tab until (if it is not so already) what has the focus is called so. Every stop on the way can be seen and has a name. */
export async function tabTo(page, name, { back = false, most = 150 } = {}) {
  const is = (stop) => (typeof name === 'string' ? stop.name === name : name.test(stop.name));
  const passed = [];
  const here = await focused(page);
  if (here && is(here)) return here;
  for (let i = 0; i < most; ++i) {
    await page.keyboard.press(back ? 'Shift+Tab' : 'Tab');
    const stop = await focused(page);
    if (!stop) continue; // around the end of the page
    expectSeen(stop);
    if (is(stop)) return stop;
    passed.push(stop.name);
  }
  throw new Error(`no stop of Tab called ${name}: ${passed.join(' | ')}`);
}

/** As after loading: the next Tab goes to the first stop of the page. */
export const toStart = (page) => page.evaluate(() => {
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute('tabindex');
});

/** All stops of Tab of a page, from its start to its end. */
export async function walk(page, most = 700) {
  await toStart(page);
  const found = [];
  for (let i = 0; i < most; ++i) {
    await page.keyboard.press('Tab');
    const stop = await focused(page);
    if (!stop) return found;
    expectSeen(stop);
    found.push(stop);
  }
  throw new Error(`more than ${most} stops of Tab`);
}

/** What can be pressed but was on no walk: neither itself nor a link to the same, and no group's arrow keys reach it
 *  (a grid's cells, a row's cells once one of them is reached, the marks of a chart). */
export const missed = (page) => page.evaluate(() => {
  const reached = new Set([...document.querySelectorAll('a[data-walked]')].map((one) => one.getAttribute('href')));
  return [...document.querySelectorAll('a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), summary, [onclick]')]
    .filter((one) => one.checkVisibility() && !('walked' in one.dataset) && !reached.has(one.getAttribute('href') ?? '') && !one.closest('[role="grid"], svg, .histo') && !(one.tabIndex < 0 && one.closest('tr')?.querySelector('[data-walked]')))
    .map((one) => one.outerHTML.slice(0, 200));
});
