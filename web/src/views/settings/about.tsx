import { LogOut } from 'lucide-preact';
import { useQuery } from '@tanstack/preact-query';
import type { ComponentChildren } from 'preact';
import { http } from '@/lib/api';
import { count, ms, tokens } from '@/lib/format';
import { may, session, signOut } from '@/lib/session';
import { Card, Loaded } from '@/ui/card';
import { Name, Time } from '@/ui/figures';

const Row = ({ label, children }: { label: string; children: ComponentChildren }) => <><dt>{label}</dt><dd>{children}</dd></>;
const roleText = { tenant: 'Tenant: asks, and reads its own', viewer: 'Viewer: reads all', operator: 'Operator: reads all, changes budgets and alerts', admin: 'Admin: everything' } as const;
const bytes = (value: number | null | undefined) => (value === null || value === undefined ? '—' : value < 1_000_000 ? `${count(Math.ceil(value / 1000))} KB` : `${tokens(Math.round(value / 1_000_000))} MB`);

function Server() {
  const status = useQuery({ queryKey: ['status'], queryFn: async ({ signal }) => (await http.GET('/api/v1/status', { signal })).data ?? null });
  const disk = useQuery({ queryKey: ['disk'], queryFn: async ({ signal }) => (await http.GET('/api/v1/disk', { signal })).data ?? null });
  return (
    <>
      <Card title="This server">
        <Loaded of={status} height={120}>
          {(data) => data && (
            <dl class="dl">
              <Row label="Node"><Name text={data.node_id} /></Row>
              <Row label="Policy version"><span class="mono">{data.policy_version}</span></Row>
              <Row label="Receipts loaded since the start">{count(data.store.loaded)}</Row>
              <Row label="Views are behind by">{ms(data.store.last_lag_ms)}</Row>
              {data.store.last_error && <Row label="Last failure"><span class="bad">{data.store.last_error}</span></Row>}
            </dl>
          )}
        </Loaded>
      </Card>
      <Card title="Disk">
        <Loaded of={disk} height={120}>
          {(data) => data && (
            <dl class="dl">
              <Row label="Journal">{bytes(data.journal_bytes)}</Row>
              <Row label="Store">{bytes(data.store.file_bytes)}, of which {bytes(data.store.free_bytes)} are free</Row>
              <Row label="Free on the disk">{bytes(data.available_bytes)}</Row>
              <Row label="Kept">{data.retention.length === 0 ? 'every receipt, without end' : data.retention.map((one) => `${one.tenant}: ${one.receipts_days} days`).join(', ')}</Row>
            </dl>
          )}
        </Loaded>
      </Card>
    </>
  );
}

export function About() {
  const who = session.value;
  if (!who) return null;
  return (
    <>
      <Card title="Your session" foot={<><span>The key itself is kept by the server only, behind a cookie that scripts cannot read.</span><span class="sp" /><button type="button" class="btn sm" onClick={() => void signOut()}><LogOut size={13} aria-hidden="true" />Sign out</button></>}>
        <dl class="dl">
          <Row label="Key"><span class="mono"><Name text={who.api_key_id ?? ''} empty="local" /></span></Row>
          <Row label="Tenant"><Name text={who.tenant ?? ''} /></Row>
          <Row label="Role">{roleText[who.role]}</Row>
          <Row label="Sees">{who.sees_all ? 'All tenants' : 'Its own tenant'}</Row>
          <Row label="Ends"><Time value={who.expires_at} as="full" /></Row>
        </dl>
      </Card>
      {may('viewer') && <Server />}
    </>
  );
}
