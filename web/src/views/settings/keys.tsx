import { Plus, RotateCw } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { Link, useSearch } from 'wouter-preact';
import { guardrails, type Key, remove, useKeys, useTenants } from '@/lib/admin';
import { defaults, receiptsHref } from '@/lib/filters';
import { count } from '@/lib/format';
import { useTable } from '@/lib/query';
import { may } from '@/lib/session';
import { asOf } from '@/lib/state';
import { rowsOf } from '@/lib/table';
import { Card, EmptyState, Loaded } from '@/ui/card';
import { Confirm } from '@/ui/confirm';
import { Chip } from '@/ui/controls';
import { Count, Name, Tag } from '@/ui/figures';
import { type Col, Table } from '@/ui/table';
import { KeyForm } from '@/views/settings/keyform';
import { FileNote, Origin, RowActions } from '@/views/settings/parts';
import { Rotate } from '@/views/settings/rotate';
import { useLocation } from 'wouter-preact';

const DAYS = 30;
/** What each key has asked in the last days: one question for all rows. */
function useUsage() {
  const to = asOf.value;
  const range = { from: new Date(to - DAYS * 86_400_000), to: new Date(to) };
  const table = useTable({ measures: ['requests', 'receipts'], dimensions: ['key'], from: range.from.toISOString(), to: range.to.toISOString(), limit: 5000 });
  const found = new Map(rowsOf(table.data).map((row) => [row.text('key'), row.number('requests')]));
  return { range, of: (id: string): number | null => (table.data ? (found.get(id) ?? 0) : null) };
}
const tones: Record<Key['role'], string> = { tenant: '', viewer: 'info', operator: 'warn', admin: 'neg' };

export function KeysPane() {
  const keys = useKeys();
  const tenants = useTenants();
  const usage = useUsage();
  const [, navigate] = useLocation();
  const only = new URLSearchParams(useSearch()).get('tenant') ?? '';
  const [form, setForm] = useState<Key | 'new' | null>(null);
  const [rotating, setRotating] = useState<Key | null>(null);
  const [revoking, setRevoking] = useState<Key | null>(null);
  const admin = may('admin');
  const href = (key: Key) => receiptsHref(defaults, usage.range.to.getTime(), { key: key.id }, usage.range);
  const cols: Col<Key>[] = [
    { key: 'id', head: 'Key', cell: (key) => <b class="mono"><Name text={key.id} /></b> },
    { key: 'tenant', head: 'Tenant', cell: (key) => <Name text={key.tenant} /> },
    { key: 'role', head: 'Role', cell: (key) => <Tag tone={tones[key.role]}>{key.role}</Tag> },
    { key: 'rails', head: 'Guardrails', cell: (key) => <span class="limits"><bdi>{guardrails(key).join('; ') || 'None'}</bdi></span> },
    { key: 'used', head: `Requests, ${DAYS} d`, right: true, cell: (key) => <Link class="cell-link" href={href(key)} ><Count value={usage.of(key.id)} /><span class="vh"> requests with key {key.id}</span></Link> },
    { key: 'origin', head: 'From', cell: (key) => <Origin managed={key.managed} /> },
    ...(admin ? [{ key: 'act', head: '', right: true, cell: (key: Key) => (key.managed === 'file' ? null : (
      <RowActions name={`key ${key.id}`} edit={() => setForm(key)} remove={() => setRevoking(key)}>
        <button type="button" class="cp" aria-label={`Rotate key ${key.id}`} title="Rotate" onClick={() => setRotating(key)}><RotateCw size={13} aria-hidden="true" /></button>
      </RowActions>)) }] : []),
  ];
  return (
    <>
      <Card title="Keys" sub={keys.data && count(keys.data.length)} tools={<>
        {only && <Chip name="Tenant" value={only} onRemove={() => navigate('/settings/keys')} />}
        {admin && <button type="button" class="btn sm pri" onClick={() => setForm('new')}><Plus size={14} aria-hidden="true" />New key</button>}
      </>}>
        <Loaded of={keys} height={240}>
          {(data) => (
            <>
              <Table label="Keys" cols={cols} rows={data.filter((key) => only === '' || key.tenant === only)} rowKey={(key) => key.id} empty={<EmptyState title="No key"><p>Without a key nobody can ask{only && ' for this tenant'}.</p></EmptyState>} />
              {data.some((key) => key.managed === 'file') && <FileNote what="Keys" />}
            </>
          )}
        </Loaded>
      </Card>
      {form && <KeyForm {...(form === 'new' ? {} : { of: form })} tenants={(tenants.data ?? []).map((tenant) => tenant.id)} close={() => setForm(null)} />}
      {rotating && <Rotate of={rotating} taken={(keys.data ?? []).map((key) => key.id)} used={usage.of(rotating.id)} close={() => setRotating(null)} />}
      {revoking && (
        <Confirm title="Revoke this key?" verb="Revoke" run={() => remove('keys', revoking)} done="Key revoked" close={() => setRevoking(null)}>
          <p><b class="mono"><bdi>{revoking.id}</bdi></b> of <bdi>{revoking.tenant}</bdi> is refused from the next request on. It has asked {count(usage.of(revoking.id))} times in the last {DAYS} days. Its receipts stay.</p>
        </Confirm>
      )}
    </>
  );
}
