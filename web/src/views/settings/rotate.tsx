// Another key with the same settings takes over; the old one is revoked when nothing asks with it any more.
import { useState } from 'preact/hooks';
import { toast } from '@/lib/actions';
import { create, type Key, type NewKey, remove, settingsOf, successor } from '@/lib/admin';
import { count } from '@/lib/format';
import { Dialog } from '@/ui/dialog';
import { TextField, useSubmit, Whole } from '@/ui/form';
import { SecretOnce } from '@/views/settings/secretonce';

export function Rotate({ of, taken, used, close }: { of: Key; taken: readonly string[]; used: number | null; close: () => void }) {
  const [id, setId] = useState(() => successor(of.id, taken));
  const [made, setMade] = useState<NewKey | null>(null);
  const { refusal, errors, busy, run } = useSubmit(['id']);
  const make = (event: Event) => {
    event.preventDefault();
    void run(async () => setMade(await create<NewKey>('keys', { ...settingsOf(of), id: id.trim() })));
  };
  const revoke = () => void run(async () => {
    await remove('keys', of);
    toast('The old key is revoked');
    close();
  });
  if (made) {
    return (
      <Dialog title="The new key" onClose={close} foot={<><button type="button" class="btn bad" disabled={busy} onClick={revoke}>Revoke the old one now</button><span class="sp" /><button type="button" class="btn pri" onClick={close}>Keep both for now</button></>}>
        <SecretOnce made={made} />
        <p>Both keys work. Put the new one where <b class="mono"><bdi>{of.id}</bdi></b> is used, then revoke the old one here or in the list.</p>
        <Whole refusal={refusal} />
      </Dialog>
    );
  }
  return (
    <Dialog title={`Rotate key ${of.id}`} onClose={close} foot={<><button type="button" class="btn" onClick={close}>Cancel</button><button type="submit" form="rotate" class="btn pri" disabled={busy || id.trim() === ''}>Make the new key</button></>}>
      <form id="rotate" class="form" onSubmit={make}>
        <p>A second key with the same tenant, role and guardrails is made. The old one goes on working until you revoke it. It has asked {count(used)} times in the last 30 days.</p>
        <TextField label="Name of the new key" value={id} set={setId} mono required maxLength={128} error={errors.id} />
        <Whole refusal={refusal} />
      </form>
    </Dialog>
  );
}
