import { Plus } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { listText, remove, type Tenant, useKeys, useTenants } from '@/lib/admin';
import { count } from '@/lib/format';
import { may } from '@/lib/session';
import { Card, EmptyState, Loaded } from '@/ui/card';
import { Confirm } from '@/ui/confirm';
import { Count, Name } from '@/ui/figures';
import { type Col, Table } from '@/ui/table';
import { FileNote, Origin, RowActions } from '@/views/settings/parts';
import { TenantForm } from '@/views/settings/tenantform';

const privacyText: Record<Tenant['privacy']['policy'] & string, string> = { none: 'no privacy rule', deny_training: 'no training on its data', zdr: 'zero data retention' };
const limitsOf = (tenant: Tenant): string => [...listText('models', tenant.models), ...listText('providers', tenant.providers), ...((tenant.privacy.regions ?? []).length > 0 ? [`only in ${tenant.privacy.regions?.join(', ')}`] : [])].join('; ');

export function TenantsPane() {
  const tenants = useTenants();
  const keys = useKeys();
  const [editing, setEditing] = useState<Tenant | 'new' | null>(null);
  const [removing, setRemoving] = useState<Tenant | null>(null);
  const admin = may('admin');
  const keysOf = (tenant: Tenant) => (keys.data ?? []).filter((key) => key.tenant === tenant.id).length;
  const cols: Col<Tenant>[] = [
    { key: 'id', head: 'Tenant', cell: (tenant) => <span class="two"><b class="strong"><Name text={tenant.id} /></b>{tenant.name && tenant.name !== tenant.id && <small><Name text={tenant.name} /></small>}</span> },
    { key: 'keys', head: 'Keys', right: true, cell: (tenant) => <Link class="cell-link" href={`/settings/keys?tenant=${encodeURIComponent(tenant.id)}`} ><Count value={keys.data ? keysOf(tenant) : null} /><span class="vh"> keys of {tenant.id}</span></Link> },
    { key: 'limits', head: 'May use', cell: (tenant) => <span class="limits"><bdi>{limitsOf(tenant) || 'Everything'}</bdi><br /><span class="mut">{privacyText[tenant.privacy.policy ?? 'none'] ?? tenant.privacy.policy}</span></span> },
    { key: 'keeps', head: 'Keeps', cell: (tenant) => <span class="two"><span>{tenant.retention.receipts_days ? `Receipts ${count(tenant.retention.receipts_days)} days` : 'Receipts without end'}</span><small>{{ none: 'no content', redacted: 'content redacted', full: 'content in full' }[tenant.content] ?? tenant.content}</small></span> },
    { key: 'plan', head: 'Charged', cell: (tenant) => <span class="two"><span>{tenant.price_plan ? (tenant.price_plan.markup_percent ? `Cost + ${tenant.price_plan.markup_percent}%` : 'Own prices') : 'At cost'}</span>{tenant.baseline_model && <small>baseline <Name text={tenant.baseline_model} /></small>}</span> },
    { key: 'origin', head: 'From', cell: (tenant) => <Origin managed={tenant.managed} /> },
    { key: 'receipts', head: '', right: true, cell: (tenant) => (
      <RowActions name={`tenant ${tenant.id}`} edit={admin && tenant.managed === 'api' ? () => setEditing(tenant) : undefined} remove={admin && tenant.managed === 'api' ? () => setRemoving(tenant) : undefined}>
        <Link class="link" href={`/receipts?tenant=${encodeURIComponent(tenant.id)}`} aria-label={`Receipts of ${tenant.id}`}>Receipts</Link>
      </RowActions>) },
  ];
  return (
    <>
      <Card title="Tenants" sub={tenants.data && count(tenants.data.length)} tools={admin && <button type="button" class="btn sm pri" onClick={() => setEditing('new')}><Plus size={14} aria-hidden="true" />New tenant</button>}>
        <Loaded of={tenants} height={240}>
          {(data) => (
            <>
              <Table label="Tenants" cols={cols} rows={data} rowKey={(tenant) => tenant.id} empty={<EmptyState title="No tenant" />} />
              {data.some((tenant) => tenant.managed === 'file') && <FileNote what="Tenants" />}
            </>
          )}
        </Loaded>
      </Card>
      {editing && <TenantForm {...(editing === 'new' ? {} : { tenant: editing })} close={() => setEditing(null)} />}
      {removing && (
        <Confirm title="Remove this tenant?" verb="Remove" run={() => remove('tenants', removing)} done="Tenant removed" close={() => setRemoving(null)}>
          <p><bdi>{removing.id}</bdi> cannot ask any more. Its receipts and what it has spent stay. Its keys have to go first.</p>
        </Confirm>
      )}
    </>
  );
}
