// Keyboard shortcuts. Single letters never fire in fields, in dialogs, or when they are switched off.
import { signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';

export interface Shortcut {
  keys: string; // "x", "g s", "mod+k"
  label: string;
  run: (event: KeyboardEvent) => void;
}
/** What "mod" is called here. */
export const modKey = typeof navigator !== 'undefined' && /mac|iphone|ipad/i.test(navigator.platform) ? '⌘' : 'Ctrl';

const STORE = 'kairosroute.letters';
const stored = typeof localStorage === 'undefined' ? null : localStorage.getItem(STORE);
export const lettersOn = signal(stored !== 'off');
export const setLetters = (on: boolean) => {
  lettersOn.value = on;
  localStorage.setItem(STORE, on ? 'on' : 'off');
};

/** All that are active now, newest last: the help sheet lists them. */
export const active = signal<readonly Shortcut[]>([]);

const inField = (target: EventTarget | null) => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
const inDialog = () => document.querySelector('dialog[open]') !== null;

let pending = '';
let pendingUntil = 0;
function pressed(event: KeyboardEvent): string {
  if (event.metaKey || event.ctrlKey) return `mod+${event.key.toLowerCase()}`;
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}

function dispatch(event: KeyboardEvent) {
  if (event.defaultPrevented || event.altKey || event.isComposing) return;
  const key = pressed(event);
  const modified = key.startsWith('mod+');
  if (!modified && (inField(event.target) || inDialog() || !lettersOn.value)) return;
  const combined = performance.now() < pendingUntil ? `${pending} ${key}` : key;
  const found = active.value.findLast((shortcut) => shortcut.keys === combined);
  pendingUntil = 0;
  if (found) {
    event.preventDefault();
    found.run(event);
  } else if (active.value.some((shortcut) => shortcut.keys.startsWith(`${key} `))) {
    pending = key;
    pendingUntil = performance.now() + 1500;
  }
}
export const listen = () => {
  document.addEventListener('keydown', dispatch);
};

/** Active while the component is on screen: from the same moment, so that no key is lost between two of them. */
export function useShortcuts(shortcuts: readonly Shortcut[]) {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  const names = shortcuts.map((shortcut) => shortcut.keys).join(',');
  useLayoutEffect(() => {
    const mine = latest.current.map((shortcut, i) => ({ ...shortcut, run: (event: KeyboardEvent) => latest.current[i]?.run(event) }));
    active.value = [...active.value, ...mine];
    return () => {
      active.value = active.value.filter((shortcut) => !mine.includes(shortcut));
    };
  }, [names]);
}
