import { useState } from 'preact/hooks';
import { toast } from '@/lib/actions';
import { create, type Key, type NewKey, replace } from '@/lib/admin';
import { Dialog } from '@/ui/dialog';
import { entries, LinesField, SelectField, TextField, useSubmit, Whole } from '@/ui/form';
import { SecretOnce } from '@/views/settings/secretonce';

const fields = ['id', 'tenant', 'role', 'max_cost_per_request_usd', 'min_quality', 'models.allow', 'models.deny', 'models', 'providers.allow', 'providers.deny', 'providers', 'requests_per_minute', 'tokens_per_minute'];
const roles = [{ key: 'tenant', label: 'Tenant: asks, and reads its own' }, { key: 'viewer', label: 'Viewer: reads all' }, { key: 'operator', label: 'Operator: and changes budgets and alerts' }, { key: 'admin', label: 'Admin: everything' }] as const;

const draftOf = (key: Key | undefined) => ({
  id: key?.id ?? '', tenant: key?.tenant ?? '', role: key?.role ?? ('tenant' as Key['role']), maxCost: key?.max_cost_per_request_usd ?? '', quality: key?.min_quality?.toString() ?? '',
  modelsAllow: (key?.models.allow ?? []).join('\n'), modelsDeny: (key?.models.deny ?? []).join('\n'), providersAllow: (key?.providers.allow ?? []).join('\n'), providersDeny: (key?.providers.deny ?? []).join('\n'),
  requests: key?.requests_per_minute?.toString() ?? '', tokens: key?.tokens_per_minute?.toString() ?? '',
});
type Draft = ReturnType<typeof draftOf>;
const number = (text: string, form: RegExp): number | string | null => (text.trim() === '' ? null : form.test(text.trim()) ? Number(text) : text.trim());
const bodyOf = (draft: Draft): Record<string, unknown> => ({
  role: draft.role, max_cost_per_request_usd: draft.maxCost.trim() || null, min_quality: number(draft.quality, /^\d*\.?\d+$/), models: { allow: entries(draft.modelsAllow), deny: entries(draft.modelsDeny) },
  providers: { allow: entries(draft.providersAllow), deny: entries(draft.providersDeny) }, requests_per_minute: number(draft.requests, /^\d+$/), tokens_per_minute: number(draft.tokens, /^\d+$/),
});

export function KeyForm({ of, tenants, close }: { of?: Key; tenants: readonly string[]; close: () => void }) {
  const [draft, setDraft] = useState(() => draftOf(of));
  const [made, setMade] = useState<NewKey | null>(null);
  const { refusal, errors, busy, run } = useSubmit(fields);
  const put = <K extends keyof Draft>(name: K) => (value: Draft[K]) => setDraft((before) => ({ ...before, [name]: value }));
  const save = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      if (!of) return setMade(await create<NewKey>('keys', { ...(draft.id.trim() ? { id: draft.id.trim() } : {}), tenant: draft.tenant.trim(), ...bodyOf(draft) }));
      await replace('keys', of, bodyOf(draft));
      toast('Key changed');
      close();
    });
  };
  if (made) return <Dialog title="The new key" onClose={close} foot={<button type="button" class="btn pri" onClick={close}>I have it</button>}><SecretOnce made={made} /></Dialog>;
  return (
    <Dialog class="wide" title={of ? `Key ${of.id}` : 'New key'} onClose={close} foot={<><button type="button" class="btn" onClick={close}>Cancel</button><button type="submit" form="key-form" class="btn pri" disabled={busy || draft.tenant.trim() === ''}>{of ? 'Save' : 'Make the key'}</button></>}>
      <form id="key-form" class="form" onSubmit={save}>
        <div class="fields">
          <TextField label="Tenant" value={draft.tenant} set={put('tenant')} options={tenants} required disabled={of !== undefined} error={errors.tenant} />
          <TextField label="Name" value={draft.id} set={put('id')} mono disabled={of !== undefined} maxLength={128} placeholder="made up if empty" hint="in receipts; it is not the secret" error={errors.id} />
          <SelectField class="whole" label="Role" value={draft.role} set={put('role')} options={roles} error={errors.role} />
        </div>
        <div class="fields">
          <TextField label="Most a request may cost, US dollars" value={draft.maxCost} set={put('maxCost')} inputMode="decimal" placeholder="no limit" error={errors.max_cost_per_request_usd} />
          <TextField label="Least quality, 0 to 1" value={draft.quality} set={put('quality')} inputMode="decimal" placeholder="no limit" error={errors.min_quality} />
          <TextField label="Requests a minute" value={draft.requests} set={put('requests')} inputMode="numeric" placeholder="no limit" error={errors.requests_per_minute} />
          <TextField label="Tokens a minute" value={draft.tokens} set={put('tokens')} inputMode="numeric" placeholder="no limit" error={errors.tokens_per_minute} />
          <LinesField label="Models it may use" value={draft.modelsAllow} set={put('modelsAllow')} placeholder="those of its tenant" hint="One a line; a trailing * matches any rest." error={errors['models.allow'] ?? errors.models} />
          <LinesField label="Models it may not use" value={draft.modelsDeny} set={put('modelsDeny')} placeholder="none" error={errors['models.deny']} />
          <LinesField label="Providers it may use" value={draft.providersAllow} set={put('providersAllow')} placeholder="those of its tenant" error={errors['providers.allow'] ?? errors.providers} />
          <LinesField label="Providers it may not use" value={draft.providersDeny} set={put('providersDeny')} placeholder="none" error={errors['providers.deny']} />
        </div>
        <Whole refusal={refusal} />
      </form>
    </Dialog>
  );
}
