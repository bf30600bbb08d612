// A panel under its button. Escape and a click outside close it; focus goes back to the button.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';

interface PopoverProps {
  /** What the button shows. */
  button: ComponentChildren;
  /** Only for a button without text; `title` says more about one that has some. */
  label?: string;
  title?: string;
  class?: string;
  right?: boolean;
  panelClass?: string;
  /** Opens it from outside, as a shortcut does: changes of this number toggle it. */
  trigger?: number;
  /** Before it opens by its own button. */
  onOpen?: (byButton: boolean) => void;
  children: (close: () => void) => ComponentChildren;
}

export function Popover({ button, label, title, class: name = 'btn sm', right = false, panelClass = '', trigger = 0, onOpen, children }: PopoverProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = () => {
    setOpen(false);
    opener.current?.focus();
  };
  useEffect(() => {
    if (trigger > 0) setOpen((was) => !was);
  }, [trigger]);
  // In a layout effect: keys typed right after the opening one must land inside.
  useLayoutEffect(() => {
    if (!open) return undefined;
    const first = root.current?.querySelector<HTMLElement>('.panel [data-first]') ?? root.current?.querySelector<HTMLElement>('.panel input:not([type=hidden]), .panel button, .panel a, .panel select');
    first?.focus();
    const outside = (event: Event) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener('pointerdown', outside);
    document.addEventListener('focusin', outside);
    return () => {
      document.removeEventListener('pointerdown', outside);
      document.removeEventListener('focusin', outside);
    };
  }, [open]);
  return (
    // Escape from anywhere inside; the panel's own elements are the interactive ones.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div class="pop" ref={root} onKeyDown={(event) => {
      if (event.key === 'Escape' && open) {
        event.stopPropagation();
        close();
      }
    }}>
      <button ref={opener} type="button" class={name} aria-expanded={open} aria-controls={id} aria-label={label} title={title} onClick={() => { if (!open) onOpen?.(true); setOpen(!open); }}>{button}</button>
      {open && <div id={id} class={`panel ${right ? 'right' : ''} ${panelClass}`}>{children(close)}</div>}
    </div>
  );
}

/** Arrow keys move through the buttons and links of a menu. */
export function moveFocus(event: KeyboardEvent & { currentTarget: HTMLElement }, selector = '.menu-i') {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>(selector)];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const next = items[(at + (event.key === 'ArrowDown' ? 1 : -1) + items.length) % items.length];
  event.preventDefault();
  next?.focus();
}
