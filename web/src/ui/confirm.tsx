import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { toast } from '@/lib/actions';
import { refusalOf } from '@/lib/problem';
import { Dialog } from '@/ui/dialog';

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
