// What the panes of the settings share.
import { Lock, Pencil, Trash2 } from 'lucide-preact';
import type { ComponentChildren } from 'preact';

/** Objects of the configuration file are read here and changed there. */
export function Origin({ managed }: { managed: string }) {
  if (managed === 'file') return <span class="mut file" title="Comes from the configuration file: change it there and reload"><Lock size={12} aria-hidden="true" />File</span>;
  return <span class={managed === 'api' ? '' : 'mut'}>{managed === 'api' ? 'Made here' : 'Built in'}</span>;
}
export const FileNote = ({ what }: { what: string }) => <p class="hint pad"><Lock size={12} class="inline" aria-hidden="true" />{what} marked File come from the configuration file: they are changed there, and read again on reload.</p>;

export function RowActions({ name, edit, remove, children }: { name: string; edit?: (() => void) | undefined; remove?: (() => void) | undefined; children?: ComponentChildren }) {
  return (
    <span class="row end">
      {children}
      {edit && <button type="button" class="cp" aria-label={`Change ${name}`} title="Change" onClick={edit}><Pencil size={13} aria-hidden="true" /></button>}
      {remove && <button type="button" class="cp" aria-label={`Remove ${name}`} title="Remove" onClick={remove}><Trash2 size={13} aria-hidden="true" /></button>}
    </span>
  );
}
