import { CircleAlert, CircleCheck, Plus, Send } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { failed, toast } from '@/lib/actions';
import { type Channel, channelBody, removeChannel, saveChannel, testChannel, type TestResult, useChannels } from '@/lib/admin';
import { severityText } from '@/lib/alerts';
import { ago, count } from '@/lib/format';
import { may } from '@/lib/session';
import { clock } from '@/lib/state';
import { Card, EmptyState, Loaded } from '@/ui/card';
import { Confirm } from '@/ui/confirm';
import { Name, Tag } from '@/ui/figures';
import { type Col, Table } from '@/ui/table';
import { useDeliveries } from '@/views/alerts/deliveries';
import { ChannelForm } from '@/views/settings/channelform';
import { FileNote, Origin, RowActions } from '@/views/settings/parts';

const kindText = { webhook: 'Webhook', email: 'E-mail', slack: 'Slack', pagerduty: 'PagerDuty' } as const;
const whereOf = (channel: Channel) => (channel.kind === 'email' ? `${(channel.to ?? []).join(', ')} by ${channel.smtp?.host ?? ''}` : channel.url_shown || (channel.kind === 'pagerduty' ? 'PagerDuty' : ''));
function takes({ severities, tenants, rules, send_resolved }: Channel): string {
  const parts = [severities.length > 0 ? severities.map((one) => severityText[one]).join(', ') : 'Every severity', ...(tenants.length > 0 ? [`tenants ${tenants.join(', ')}`] : []), ...(rules.length > 0 ? [`rules ${rules.join(', ')}`] : []), ...(send_resolved ? [] : ['not when it is over'])];
  return parts.join('; ');
}

/** What the receiver said to a test message. */
export function Said({ id, result }: { id: string; result: TestResult }) {
  return (
    <p class={`said ${result.delivered ? 'good' : 'bad'}`} role="status">
      {result.delivered ? <CircleCheck size={14} aria-hidden="true" /> : <CircleAlert size={14} aria-hidden="true" />}
      <span><b><bdi>{id}</bdi></b>: {result.delivered ? 'the test message was delivered' : 'the test message was not delivered'}{result.status > 0 && `, the receiver answered ${result.status}`}{result.detail && <>: <bdi>{result.detail.slice(0, 500)}</bdi></>}</span>
    </p>
  );
}

function Switch({ channel }: { channel: Channel }) {
  const [busy, setBusy] = useState(false);
  const flip = () => {
    setBusy(true);
    saveChannel(channelBody(channel, { enabled: !channel.enabled }), false).then(() => toast(channel.enabled ? 'Switched off' : 'Switched on'), failed).finally(() => setBusy(false));
  };
  return <button type="button" class="switch" role="switch" aria-checked={channel.enabled} aria-label={`${channel.id} switched on`} disabled={busy || !may('operator') || channel.managed === 'file'} onClick={flip}><i /></button>;
}

export function ChannelsPane() {
  const channels = useChannels();
  const deliveries = useDeliveries();
  const [form, setForm] = useState<Channel | 'new' | null>(null);
  const [removing, setRemoving] = useState<Channel | null>(null);
  const [testing, setTesting] = useState('');
  const [said, setSaid] = useState<{ id: string; result: TestResult } | null>(null);
  const operator = may('operator');
  const test = (id: string) => {
    setTesting(id);
    setSaid(null);
    testChannel(id).then((result) => setSaid({ id, result }), (error: unknown) => setSaid({ id, result: { delivered: false, status: 0, detail: error instanceof Error ? error.message : String(error) } })).finally(() => setTesting(''));
  };
  const last = (id: string) => deliveries.data?.log.find((line) => line.channel === id);
  const dead = (id: string) => deliveries.data?.dead.filter((line) => line.channel === id).length ?? 0;
  const cols: Col<Channel>[] = [
    { key: 'on', head: 'On', cell: (channel) => <Switch channel={channel} /> },
    { key: 'id', head: 'Channel', cell: (channel) => <span class="two"><b class="strong"><Name text={channel.id} /></b><small>{kindText[channel.kind]}</small></span> },
    { key: 'where', head: 'Goes to', cell: (channel) => <span class="two"><Name text={whereOf(channel)} /><small>{channel.kind === 'webhook' ? (channel.secret_set ? 'signed' : 'not signed') : channel.kind === 'email' && channel.smtp?.username ? `as ${channel.smtp.username}` : ''}</small></span> },
    { key: 'takes', head: 'Takes', cell: (channel) => <span class="limits"><bdi>{takes(channel)}</bdi></span> },
    { key: 'last', head: 'Last message', cell: (channel) => {
      const line = last(channel.id);
      return <span class="two">{line ? <span>{line.delivered ? <Tag tone="pos">Delivered</Tag> : <Tag tone="neg">Not delivered</Tag>} <span class="mut">{ago(line.at ?? '', clock.value)}</span></span> : <span class="mut">—</span>}{dead(channel.id) > 0 && <Link class="link small" href={`/alerts?tab=messages&channel=${encodeURIComponent(channel.id)}`}>{dead(channel.id) === 1 ? '1 dead letter' : `${count(dead(channel.id))} dead letters`}</Link>}</span>;
    } },
    { key: 'origin', head: 'From', cell: (channel) => <Origin managed={channel.managed} /> },
    ...(operator ? [{ key: 'act', head: '', right: true, cell: (channel: Channel) => (
      <RowActions name={`channel ${channel.id}`} edit={channel.managed === 'api' ? () => setForm(channel) : undefined} remove={channel.managed === 'api' ? () => setRemoving(channel) : undefined}>
        <button type="button" class="btn sm" disabled={testing !== ''} aria-label={`Send a test message to ${channel.id}`} onClick={() => test(channel.id)}><Send size={13} aria-hidden="true" />{testing === channel.id ? 'Sending…' : 'Test'}</button>
      </RowActions>) }] : []),
  ];
  return (
    <>
      {said && <Said id={said.id} result={said.result} />}
      <Card title="Channels" sub={channels.data && count(channels.data.length)} tools={operator && <button type="button" class="btn sm pri" onClick={() => setForm('new')}><Plus size={14} aria-hidden="true" />New channel</button>}>
        <Loaded of={channels} height={200}>
          {(data) => (
            <>
              <Table label="Channels" cols={cols} rows={data} rowKey={(channel) => channel.id} empty={<EmptyState title="Nobody is told yet"><p>Alerts are recorded without channels. A channel carries them to where people look.</p></EmptyState>} />
              {data.some((channel) => channel.managed === 'file') && <FileNote what="Channels" />}
            </>
          )}
        </Loaded>
      </Card>
      {form && <ChannelForm {...(form === 'new' ? {} : { of: form })} close={(saved) => { setForm(null); if (saved) test(saved); }} />}
      {removing && (
        <Confirm title="Remove this channel?" verb="Remove" run={() => removeChannel(removing.id)} done="Channel removed" close={() => setRemoving(null)}>
          <p><bdi>{removing.id}</bdi> gets no more messages, and those that wait for it are given up. Its secrets are gone.</p>
        </Confirm>
      )}
    </>
  );
}
