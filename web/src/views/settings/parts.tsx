// What the panes of the settings share.
import { Lock, Pencil, Trash2 } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { toast } from '@/lib/actions';
import { refusalOf } from '@/lib/problem';
import { Dialog } from '@/ui/dialog';

export const failed = (error: unknown) => toast(error instanceof Error ? error.message : String(error), true);

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

/** Asks once more; what the server refuses is said in the dialog. */
export function Confirm({ title, verb, run, done, close, children }: { title: string; verb: string; run: () => Promise<unknown>; done: string; close: () => void; children: ComponentChildren }) {
  const [said, setSaid] = useState('');
  const [busy, setBusy] = useState(false);
  const go = async () => {
    setBusy(true);
    try {
      await run();
      toast(done);
      close();
    } catch (error) {
      setSaid(refusalOf(error, []).whole);
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={close} foot={<><button type="button" class="btn" onClick={close}>Keep it</button><button type="button" class="btn bad" disabled={busy} onClick={() => void go()}>{verb}</button></>}>
      {children}
      {said && <p class="error" role="alert">{said}</p>}
    </Dialog>
  );
}
