// Modal dialogs and side sheets on the native element: focus stays inside, Escape closes, focus returns to the opener.
import { X } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { toTitle } from '@/lib/focus';

interface DialogProps {
  title: string;
  onClose: () => void;
  foot?: ComponentChildren;
  class?: '' | 'wide' | 'side-sheet';
  children: ComponentChildren;
}

/** Rendered only while it is open. */
export function Dialog({ title, onClose, foot, class: name = '', children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // In a layout effect: keys typed right after the opening one must land inside.
  useLayoutEffect(() => {
    const dialog = element.current;
    const opener = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
      else toTitle();
    };
  }, []);
  return (
    // A click on the backdrop is a convenience beside Escape and the close button.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events
    <dialog ref={element} class={name} aria-labelledby={heading} onCancel={(event) => { event.preventDefault(); onClose(); }}
      onClick={(event) => { if (event.target === element.current) onClose(); }}>
      <header class="dialog-h">
        <h2 id={heading}>{title}</h2>
        <button type="button" class="cp" aria-label="Close" onClick={onClose}><X size={16} aria-hidden="true" /></button>
      </header>
      <div class="dialog-b">{children}</div>
      {foot !== undefined && <footer class="dialog-f">{foot}</footer>}
    </dialog>
  );
}
