import { useState } from 'preact/hooks';
import { toast } from '@/lib/actions';
import { create, linesOfPrices, pricesOf, replace, type Tenant } from '@/lib/admin';
import { Dialog } from '@/ui/dialog';
import { entries, LinesField, SelectField, TextField, useSubmit, Whole } from '@/ui/form';

const fields = ['id', 'name', 'models.allow', 'models.deny', 'models', 'providers.allow', 'providers.deny', 'providers', 'privacy.policy', 'privacy.regions', 'privacy', 'privacy_filter.detect', 'privacy_filter.action', 'privacy_filter.narrow_to', 'privacy_filter', 'cache', 'baseline_model', 'price_plan.markup_percent', 'price_plan.prices', 'price_plan', 'default_max_output_tokens', 'content', 'retention.receipts_days', 'retention'];
const policies = [{ key: 'none', label: 'No rule' }, { key: 'deny_training', label: 'Only providers that do not train on it' }, { key: 'zdr', label: 'Only zero data retention' }] as const;
const contents = [{ key: 'none', label: 'No' }, { key: 'redacted', label: 'Redacted' }, { key: 'full', label: 'In full' }] as const;
type Content = Tenant['content'];
const actions = [{ key: 'off', label: 'Nothing is looked for' }, { key: 'report', label: 'The receipt says so' }, { key: 'narrow', label: 'Fewer models may answer' }, { key: 'redact', label: 'It is replaced by placeholders' }, { key: 'refuse', label: 'The request is refused' }] as const;
const narrows = [{ key: 'zdr', label: 'Only zero data retention' }, { key: 'deny_training', label: 'Only those that do not train on it' }] as const;
const caches = [{ key: 'default', label: 'As configured for all' }, { key: 'off', label: 'Never' }, { key: 'exact', label: 'The same request' }, { key: 'semantic', label: 'A request that means the same' }] as const;

const draftOf = (tenant: Tenant | undefined) => ({
  id: tenant?.id ?? '', name: tenant?.name ?? '', modelsAllow: (tenant?.models.allow ?? []).join('\n'), modelsDeny: (tenant?.models.deny ?? []).join('\n'),
  providersAllow: (tenant?.providers.allow ?? []).join('\n'), providersDeny: (tenant?.providers.deny ?? []).join('\n'), policy: tenant?.privacy.policy ?? 'none', regions: (tenant?.privacy.regions ?? []).join(', '),
  baseline: tenant?.baseline_model ?? '', markup: tenant?.price_plan?.markup_percent ?? '', prices: linesOfPrices(tenant?.price_plan?.prices ?? {}), maxOutput: tenant?.default_max_output_tokens?.toString() ?? '',
  action: tenant?.privacy_filter ? (tenant.privacy_filter.action ?? 'report') : ('off' as (typeof actions)[number]['key']), detect: (tenant?.privacy_filter?.detect ?? []).join(', '), narrowTo: tenant?.privacy_filter?.narrow_to ?? ('zdr' as const), cache: tenant?.cache ?? ('default' as const),
  content: tenant?.content ?? ('none' as Content), days: tenant?.retention.receipts_days?.toString() ?? '',
});
type Draft = ReturnType<typeof draftOf>;

/** Whole numbers as numbers; what is none goes to the server as it is, which says what is wrong. */
const whole = (text: string): number | string | null => (text.trim() === '' ? null : /^\d+$/.test(text.trim()) ? Number(text) : text.trim());

function bodyOf(draft: Draft, seen: Tenant | undefined): Record<string, unknown> {
  const prices = pricesOf(draft.prices) ?? {};
  const plan = draft.markup.trim() !== '' || Object.keys(prices).length > 0 ? { ...(draft.markup.trim() ? { markup_percent: draft.markup.trim() } : {}), prices } : null;
  return {
    name: draft.name.trim(), models: { allow: entries(draft.modelsAllow), deny: entries(draft.modelsDeny) }, providers: { allow: entries(draft.providersAllow), deny: entries(draft.providersDeny) },
    privacy: { ...seen?.privacy, policy: draft.policy, regions: entries(draft.regions) }, baseline_model: draft.baseline.trim() || null, price_plan: plan, cache: draft.cache === 'default' ? null : draft.cache,
    privacy_filter: draft.action === 'off' ? null : { detect: entries(draft.detect), action: draft.action, ...(draft.action === 'narrow' ? { narrow_to: draft.narrowTo } : {}) },
    default_max_output_tokens: whole(draft.maxOutput), content: draft.content, retention: { ...seen?.retention, receipts_days: whole(draft.days) },
  };
}

export function TenantForm({ tenant, close }: { tenant?: Tenant; close: () => void }) {
  const [draft, setDraft] = useState(() => draftOf(tenant));
  const { refusal, errors, busy, run } = useSubmit(fields);
  const put = <K extends keyof Draft>(name: K) => (value: Draft[K]) => setDraft((before) => ({ ...before, [name]: value }));
  const badPrices = pricesOf(draft.prices) === null;
  const save = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      if (tenant) await replace('tenants', tenant, bodyOf(draft, tenant));
      else await create('tenants', { id: draft.id.trim(), ...bodyOf(draft, undefined) });
      toast(tenant ? 'Tenant changed' : 'Tenant made');
      close();
    });
  };
  return (
    <Dialog class="wide" title={tenant ? `Tenant ${tenant.id}` : 'New tenant'} onClose={close} foot={<><button type="button" class="btn" onClick={close}>Cancel</button><button type="submit" form="tenant" class="btn pri" disabled={busy || badPrices || draft.id.trim() === ''}>{tenant ? 'Save' : 'Make the tenant'}</button></>}>
      <form id="tenant" class="form" onSubmit={save}>
        <div class="fields">
          <TextField label="Name" value={draft.id} set={put('id')} mono required disabled={tenant !== undefined} maxLength={128} placeholder="acme" hint="in receipts and addresses; it cannot be changed" error={errors.id} />
          <TextField label="For people" value={draft.name} set={put('name')} placeholder="Acme Inc" error={errors.name} />
        </div>
        <div class="fields">
          <LinesField label="Models it may use" value={draft.modelsAllow} set={put('modelsAllow')} placeholder="every model" hint="One a line; a trailing * matches any rest." error={errors['models.allow'] ?? errors.models} />
          <LinesField label="Models it may not use" value={draft.modelsDeny} set={put('modelsDeny')} placeholder="none" error={errors['models.deny']} />
          <LinesField label="Providers it may use" value={draft.providersAllow} set={put('providersAllow')} placeholder="every provider" error={errors['providers.allow'] ?? errors.providers} />
          <LinesField label="Providers it may not use" value={draft.providersDeny} set={put('providersDeny')} placeholder="none" error={errors['providers.deny']} />
        </div>
        <div class="fields">
          <SelectField label="Privacy" value={draft.policy} set={put('policy')} options={policies} error={errors['privacy.policy'] ?? errors.privacy} />
          <TextField label="Data may go to regions" value={draft.regions} set={put('regions')} placeholder="anywhere" error={errors['privacy.regions']} />
          <SelectField label="When a prompt holds personal data" value={draft.action} set={put('action')} options={actions} error={errors['privacy_filter.action'] ?? errors.privacy_filter} />
          {draft.action !== 'off' && <TextField label="What is looked for" value={draft.detect} set={put('detect')} placeholder="all" hint="all, national_ids, secrets, email, phone, card, iban, …" error={errors['privacy_filter.detect']} />}
          {draft.action === 'narrow' && <SelectField label="Then only" value={draft.narrowTo} set={put('narrowTo')} options={narrows} error={errors['privacy_filter.narrow_to']} />}
          <SelectField label="Answers from the cache" value={draft.cache} set={put('cache')} options={caches} error={errors.cache} />
          <SelectField label="Keep prompts and answers" value={draft.content} set={put('content')} options={contents.filter((one) => one.key !== 'redacted' || tenant?.content === 'redacted')} error={errors.content} />
          <TextField label="Keep receipts, days" value={draft.days} set={put('days')} inputMode="numeric" placeholder="no end" hint="then they can no longer be searched or opened; their sums stay" error={errors['retention.receipts_days'] ?? errors.retention} />
          <TextField label="Baseline model" value={draft.baseline} set={put('baseline')} placeholder="none" hint="what savings are measured against" error={errors.baseline_model} />
          <TextField label="Longest answer, tokens" value={draft.maxOutput} set={put('maxOutput')} inputMode="numeric" placeholder="the model’s own" hint="held when a request names none" error={errors.default_max_output_tokens} />
        </div>
        <details class="more" open={draft.markup !== '' || draft.prices !== ''}>
          <summary>What it is charged</summary>
          <div class="fields">
            <TextField label="On top of cost, per cent" value={draft.markup} set={put('markup')} inputMode="decimal" placeholder="0" error={errors['price_plan.markup_percent'] ?? errors.price_plan} />
            <LinesField class="whole" label="Own prices, US dollars a million tokens" value={draft.prices} set={put('prices')} rows={3} placeholder={'gpt-4o input_tokens = 3\ngpt-4o output_tokens = 12'} hint="Model, meter = price, one a line; * is any model. Own prices come first." error={badPrices ? 'A line is a model, a meter, = and a price.' : errors['price_plan.prices']} />
          </div>
        </details>
        <Whole refusal={refusal} />
      </form>
    </Dialog>
  );
}
