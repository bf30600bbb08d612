// ⌘K: go to a view, a saved view, a receipt by its id or trace; filters, ranges, actions. A combobox over a listbox in a native dialog.
import { ArrowRight, Search } from 'lucide-preact';
import { useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import { cleared, dimensions, type Filters, formatFilters, hasFilters, withRange } from '@/lib/filters';
import { presets } from '@/lib/range';
import { refresh, useFilters, viewHref } from '@/lib/state';
import { setTheme } from '@/lib/theme';
import { signOut } from '@/lib/session';
import { useSavedViews } from '@/views/receipts/saved';
import { dimensionLabel, pickValues } from '@/ui/filterpicker';
import { helpOpen } from '@/ui/help';
import { allViews, takesFilters } from '@/ui/nav';

interface Command {
  label: string;
  note: string;
  run: () => void;
}

/** What a pasted id means. */
export function jumpOf(text: string): { href: string; label: string } | null {
  const id = text.trim();
  if (/^rcpt_[0-9A-Za-z]{10,40}$/.test(id)) return { href: `/receipts/${id}`, label: `Open receipt ${id}` };
  if (/^[0-9a-f]{32}$/i.test(id)) return { href: `/receipts?from=-90d&trace_id=${id.toLowerCase()}`, label: `Receipts of trace ${id}` };
  return null;
}

function useCommands(text: string): Command[] {
  const [path, navigate] = useLocation();
  const { filters } = useFilters();
  const saved = useSavedViews();
  return useMemo(() => {
    const jump = jumpOf(text);
    const here = (next: Filters) => navigate(path + formatFilters(next));
    const narrowed = takesFilters(path) ? path : '/receipts';
    const fixed: Command[] = [
      ...allViews.map((view) => ({ label: view.label, note: 'view', run: () => navigate(viewHref(view.path, filters)) })),
      ...saved.views.map((view) => ({ label: view.name, note: 'saved view', run: () => navigate(view.href) })),
      ...dimensions.map((key) => ({ label: `Filter by ${dimensionLabel(key).toLowerCase().replace('api', 'API')}`, note: 'filter', run: () => { if (narrowed !== path) navigate(viewHref(narrowed, filters)); setTimeout(() => pickValues(key)); } })),
      ...presets.map((preset) => ({ label: `Range: ${preset.label.toLowerCase()}`, note: 'range', run: () => here(withRange(filters, preset.key)) })),
      { label: filters.compare ? 'Compare with nothing' : 'Compare with the previous period', note: 'filter', run: () => here({ ...filters, compare: !filters.compare }) },
      ...[...new Set(['UTC', Intl.DateTimeFormat().resolvedOptions().timeZone])].map((tz) => ({ label: `Time zone: ${tz}`, note: 'range', run: () => here({ ...filters, tz }) })),
      ...(hasFilters(filters) ? [{ label: 'Clear filters', note: 'filter', run: () => here(cleared(filters)) }] : []),
      { label: 'Refresh', note: 'action', run: refresh },
      { label: 'Keyboard shortcuts', note: 'action', run: () => { helpOpen.value = true; } },
      { label: 'Theme: light', note: 'action', run: () => setTheme('light') },
      { label: 'Theme: dark', note: 'action', run: () => setTheme('dark') },
      { label: 'Theme: as the system', note: 'action', run: () => setTheme('system') },
      { label: 'Sign out', note: 'action', run: () => void signOut() },
    ];
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const found = fixed.filter((command) => words.every((word) => `${command.label} ${command.note}`.toLowerCase().includes(word)));
    const search = text.trim() && !jump ? [{ label: `Search receipts for “${text.trim().slice(0, 80)}”`, note: 'search', run: () => navigate(viewHref('/receipts', { ...filters, q: text.trim() })) }] : [];
    return [...(jump ? [{ label: jump.label, note: 'open', run: () => navigate(jump.href) }] : []), ...found, ...search];
  }, [text, path, filters, saved.views, navigate]);
}

export function CommandPalette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const commands = useCommands(text);
  const current = Math.min(at, commands.length - 1);
  useLayoutEffect(() => {
    const opener = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  useLayoutEffect(() => dialog.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' }), [current]);
  const choose = (command: Command | undefined) => {
    if (!command) return;
    dialog.current?.close();
    onClose();
    command.run();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      setAt((current + (event.key === 'ArrowDown' ? 1 : -1) + commands.length) % Math.max(1, commands.length));
    } else if (event.key === 'Enter' && !event.isComposing) {
      event.preventDefault();
      choose(commands[current]);
    }
  };
  return (
    // A click on the backdrop is a convenience beside Escape.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events
    <dialog ref={dialog} class="palette" aria-label="Search or jump to" onCancel={onClose} onClick={(event) => { if (event.target === dialog.current) onClose(); }}>
      <div class="palette-in">
        <Search size={16} aria-hidden="true" />
        <input autofocus role="combobox" aria-label="Search or jump to" aria-expanded="true" aria-controls={`${id}l`} aria-activedescendant={commands.length > 0 ? `${id}-${current}` : undefined} aria-autocomplete="list"
          placeholder="A view, a receipt id, a trace id, a word" value={text} onInput={(event) => { setText(event.currentTarget.value); setAt(0); }} onKeyDown={onKey} />
        <kbd>esc</kbd>
      </div>
      <div id={`${id}l`} class="list" role="listbox" aria-label="Results" style={{ padding: 6, maxHeight: 380 }}>
        {commands.map((command, index) => (
          // Enter in the field chooses; the pointer is the other way.
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
          <div key={command.label} id={`${id}-${index}`} class="menu-i" role="option" aria-selected={index === current} onClick={() => choose(command)} onPointerMove={() => setAt(index)}>
            <ArrowRight size={13} aria-hidden="true" /><span class="clip">{command.label}</span><span class="r">{command.note}</span>
          </div>
        ))}
        {commands.length === 0 && <p class="group-t">Nothing by that name.</p>}
      </div>
    </dialog>
  );
}
