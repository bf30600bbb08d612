// Focus never falls out of the page: where the element that has it goes away (a row that is removed, a button that turns
// into a form), focus goes to what took its place, else to what is next to where it was, else to the view's title.

const FOCUSABLE = 'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), summary, [tabindex]:not([tabindex="-1"])';

/** Stops of Tab inside, in their order. */
export const stops = (root: Element): HTMLElement[] => [...root.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((one) => one.tabIndex >= 0 && one.checkVisibility());
export const toTitle = () => document.querySelector<HTMLElement>('main h1')?.focus();

const WHOLE = 'main, #app, body'; // beyond one part of the page

interface Kept {
  element: HTMLElement;
  above: Element[]; // from the inside out
}
let kept: Kept | null = null;

const lost = () => document.activeElement === document.body || document.activeElement === null;
const holds = (node: Node, element: Element) => node === element || node.contains(element);

function inPlaceOf(records: readonly MutationRecord[], element: Element): HTMLElement | null {
  const removal = records.find((one) => [...one.removedNodes].some((node) => holds(node, element)));
  if (!removal?.target.isConnected || !(removal.target instanceof Element) || removal.target.matches(WHOLE)) return null;
  const made = records.filter((one) => one.target === removal.target).flatMap((one) => [...one.addedNodes]);
  for (const node of made) {
    if (!(node instanceof HTMLElement) || !node.isConnected) continue;
    const found = node.matches(FOCUSABLE) ? node : stops(node)[0];
    if (found) return found;
  }
  const next = removal.nextSibling;
  const after = next?.isConnected ? stops(removal.target).find((one) => holds(next, one) || next.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING) : undefined;
  return after ?? stops(removal.target).at(-1) ?? null;
}

function around(above: readonly Element[]): HTMLElement | null {
  for (const one of above) {
    if (!one.isConnected) continue;
    if (one.matches(WHOLE)) return null;
    const [found] = stops(one);
    if (found) return found;
    if (one.matches('dialog')) return null;
  }
  return null;
}

function repair(records: readonly MutationRecord[]) {
  if (!kept || !lost()) return;
  const { element, above } = kept;
  if (element.isConnected) { // it was switched off for a while
    if (records.some((one) => one.target === element) && !element.matches(':disabled')) element.focus({ preventScroll: true });
    return;
  }
  kept = null;
  const target = inPlaceOf(records, element) ?? around(above);
  if (target) target.focus({ preventScroll: true });
  else toTitle();
}

export function keepFocus() {
  document.addEventListener('focusin', ({ target }) => {
    if (!(target instanceof HTMLElement)) return void (kept = null);
    const above: Element[] = [];
    for (let one = target.parentElement; one; one = one.parentElement) above.push(one);
    kept = { element: target, above };
  });
  // Left on purpose, as by a click beside everything: then there is nothing to repair.
  document.addEventListener('focusout', ({ target }) => queueMicrotask(() => {
    if (kept?.element === target && kept?.element.isConnected && !kept.element.matches(':disabled') && lost()) kept = null;
  }));
  new MutationObserver(repair).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ['disabled'] });
}
