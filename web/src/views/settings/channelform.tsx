// A channel. Secrets are written here and never shown again; left empty they stay, as long as the receiver is the same.
import { useState } from 'preact/hooks';
import { toast } from '@/lib/actions';
import { type Channel, type ChannelKind, saveChannel } from '@/lib/admin';
import { severities, severityText } from '@/lib/alerts';
import { useRules } from '@/lib/rules';
import { Dialog } from '@/ui/dialog';
import { CheckField, ChoicesField, entries, SelectField, TextField, useSubmit, Whole } from '@/ui/form';

const fields = ['id', 'kind', 'url', 'secret', 'routing_key', 'smtp.host', 'smtp.port', 'smtp.security', 'smtp.username', 'smtp.password', 'smtp', 'from', 'to', 'severities', 'tenants', 'rules'];
const kinds = [{ key: 'webhook', label: 'Webhook' }, { key: 'email', label: 'E-mail' }, { key: 'slack', label: 'Slack' }, { key: 'pagerduty', label: 'PagerDuty' }] as const;
const securities = [{ key: 'starttls', label: 'STARTTLS' }, { key: 'tls', label: 'TLS' }, { key: 'none', label: 'None, in the clear' }] as const;

const draftOf = (channel: Channel | undefined) => ({
  id: channel?.id ?? '', kind: channel?.kind ?? ('webhook' as ChannelKind), url: '', secret: '', routingKey: '', host: channel?.smtp?.host ?? '', port: channel?.smtp?.port.toString() ?? '587', security: channel?.smtp?.security ?? ('starttls' as const),
  username: channel?.smtp?.username ?? '', password: '', from: channel?.from ?? '', to: (channel?.to ?? []).join(', '), severities: channel?.severities ?? [], tenants: (channel?.tenants ?? []).join(', '), rules: (channel?.rules ?? []).join(', '),
  sendResolved: channel?.send_resolved ?? true, enabled: channel?.enabled ?? true,
});
type Draft = ReturnType<typeof draftOf>;
type Put = <K extends keyof Draft>(name: K) => (value: Draft[K]) => void;

function bodyOf(draft: Draft): Record<string, unknown> & { id: string } {
  const some = (name: string, value: string) => (value.trim() === '' ? {} : { [name]: value.trim() });
  const port = /^\d+$/.test(draft.port.trim()) ? Number(draft.port) : draft.port.trim();
  const to = draft.kind === 'email'
    ? { smtp: { host: draft.host.trim(), port, security: draft.security, ...some('username', draft.username), ...some('password', draft.password) }, from: draft.from.trim(), to: entries(draft.to) }
    : { ...some('url', draft.url), ...(draft.kind === 'webhook' ? some('secret', draft.secret) : {}), ...(draft.kind === 'pagerduty' ? some('routing_key', draft.routingKey) : {}) };
  return { id: draft.id.trim(), kind: draft.kind, ...to, severities: draft.severities, tenants: entries(draft.tenants), rules: entries(draft.rules), send_resolved: draft.sendResolved, enabled: draft.enabled };
}

const kept = (is: boolean | undefined) => (is ? { placeholder: 'kept: leave empty to keep it' } : {});
function Where({ draft, put, errors, of }: { draft: Draft; put: Put; errors: Readonly<Record<string, string | undefined>>; of: Channel | undefined }) {
  const same = of?.kind === draft.kind ? of : undefined;
  const url = same?.url_shown ? { placeholder: `kept: ${same.url_shown}` } : { placeholder: draft.kind === 'slack' ? 'https://hooks.slack.com/services/…' : 'https://alerts.example.com/hook' };
  if (draft.kind === 'email') {
    return (
      <div class="fields">
        <TextField label="Server" value={draft.host} set={put('host')} required placeholder="smtp.example.com" error={errors['smtp.host'] ?? errors.smtp} />
        <TextField label="Port" value={draft.port} set={put('port')} inputMode="numeric" error={errors['smtp.port']} />
        <SelectField label="Security" value={draft.security} set={put('security')} options={securities} error={errors['smtp.security']} />
        <TextField label="User" value={draft.username} set={put('username')} autocomplete="off" placeholder="none" error={errors['smtp.username']} />
        <TextField label="Password" type="password" autocomplete="new-password" value={draft.password} set={put('password')} {...kept(same?.smtp?.password_set)} error={errors['smtp.password']} />
        <TextField label="From" value={draft.from} set={put('from')} required placeholder="alerts@example.com" error={errors.from} />
        <TextField class="whole" label="To" value={draft.to} set={put('to')} required placeholder="oncall@example.com" hint="Several are separated by commas." error={errors.to} />
      </div>
    );
  }
  return (
    <div class="fields">
      <TextField class="whole" label={draft.kind === 'pagerduty' ? 'Address, if not PagerDuty’s own' : 'Address'} type="url" autocomplete="off" value={draft.url} set={put('url')} maxLength={2000} {...(draft.kind === 'pagerduty' && !same?.url_shown ? { placeholder: 'PagerDuty’s own' } : url)} required={!same && draft.kind !== 'pagerduty'} error={errors.url} />
      {draft.kind === 'webhook' && <TextField class="whole" label="Secret" type="password" autocomplete="new-password" value={draft.secret} set={put('secret')} {...(same?.secret_set ? kept(true) : { placeholder: 'none: messages are not signed' })} hint="Signs each message, so that the receiver can tell that it is ours." error={errors.secret} />}
      {draft.kind === 'pagerduty' && <TextField class="whole" label="Routing key" type="password" autocomplete="new-password" value={draft.routingKey} set={put('routingKey')} {...kept(same?.routing_key_set)} hint="The integration’s 32 characters." error={errors.routing_key} />}
      {same && <p class="hint whole">Another address needs its secrets anew: they are not sent to where they were not meant for.</p>}
    </div>
  );
}

export function ChannelForm({ of, close }: { of?: Channel; close: (saved?: string) => void }) {
  const [draft, setDraft] = useState(() => draftOf(of));
  const rules = useRules();
  const { refusal, errors, busy, run } = useSubmit(fields);
  const put: Put = (name) => (value) => setDraft((before) => ({ ...before, [name]: value }));
  const save = (test: boolean) => (event: Event) => {
    event.preventDefault();
    void run(async () => {
      await saveChannel(bodyOf(draft), !of);
      toast(of ? 'Channel changed' : 'Channel made');
      close(test ? draft.id.trim() : undefined);
    });
  };
  const incomplete = draft.id.trim() === '';
  return (
    <Dialog class="wide" title={of ? `Channel ${of.id}` : 'New channel'} onClose={() => close()} foot={<>
      <button type="button" class="btn" disabled={busy || incomplete} onClick={save(true)}>Save and send a test</button>
      <span class="sp" />
      <button type="button" class="btn" onClick={() => close()}>Cancel</button>
      <button type="submit" form="channel" class="btn pri" disabled={busy || incomplete}>{of ? 'Save' : 'Make the channel'}</button>
    </>}>
      <form id="channel" class="form" noValidate onSubmit={save(false)}>
        <div class="fields">
          <TextField label="Name" value={draft.id} set={put('id')} mono required disabled={of !== undefined} maxLength={100} placeholder="oncall" error={errors.id} />
          <SelectField label="Kind" value={draft.kind} set={put('kind')} options={kinds} error={errors.kind} />
        </div>
        <Where draft={draft} put={put} errors={errors} of={of} />
        <ChoicesField label="Takes alerts that are" value={draft.severities} set={put('severities')} options={severities.map((key) => ({ key, label: severityText[key] }))} hint="None chosen: every severity. Good news and notes go only to channels that ask for them." />
        <div class="fields">
          <TextField label="Of tenants" value={draft.tenants} set={put('tenants')} placeholder="all" hint="Commas between; a trailing * matches any rest." error={errors.tenants} />
          <TextField label="Of rules" value={draft.rules} set={put('rules')} placeholder="all" options={(rules.data ?? []).map((rule) => rule.id)} error={errors.rules} />
        </div>
        <CheckField label="Tell when it is over, too" checked={draft.sendResolved} set={put('sendResolved')} />
        <CheckField label="Switched on" checked={draft.enabled} set={put('enabled')} />
        <Whole refusal={refusal} />
      </form>
    </Dialog>
  );
}
