// Tenants: all of them beside each other, and a page of each. A tenant's own key sees its own page only.
import { useLocation } from 'wouter-preact';
import { session } from '@/lib/session';
import { useFilters, viewHref } from '@/lib/state';
import { presentRows, totalsOf } from '@/lib/table';
import { Link } from 'wouter-preact';
import { EmptyState } from '@/ui/card';
import { PanelExports } from '@/ui/exports';
import { NoReceipts } from '@/ui/none';
import { DataNotices } from '@/ui/notices';
import { Page } from '@/ui/page';
import { Burn } from '@/views/tenants/burn';
import { TenantChart } from '@/views/tenants/chart';
import { useTenants } from '@/views/tenants/data';
import { TenantKpis } from '@/views/tenants/kpis';
import { TenantPage } from '@/views/tenants/one';
import { TenantRows } from '@/views/tenants/table';

function AllTenants() {
  const state = useFilters();
  const all = useTenants(state);
  const asked = [all.table, all.series, all.trends];
  const total = totalsOf(all.table.data);
  const rows = presentRows(all.table.data);
  return (
    <Page title="Tenants" busy={asked.some((one) => one.isFetching)} actions={<PanelExports state={state} view="tenants" panels={[['by_tenant', 'All tenants'], ['over_time', 'Over time']]} />}>
      <DataNotices tables={asked.map((one) => one.data)} />
      {all.table.data !== undefined && rows.length === 0 ? <NoReceipts /> : (
        <>
          <TenantKpis state={state} total={total} tenants={all.table.data ? rows.length : null} />
          <div class="grid">
            <TenantChart state={state} group="tenant" asked={all} />
            <Burn state={state} budgets={all.budgets.data} error={all.budgets.error} />
            <TenantRows state={state} all={all} />
          </div>
        </>
      )}
    </Page>
  );
}

function Foreign({ own }: { own: string }) {
  const { filters } = useFilters();
  return <Page title="Tenants" filters={false}><section class="card"><EmptyState title="Not for this key" actions={<Link class="btn sm" href={viewHref('/tenants', filters)}>Your tenant</Link>}><p>This key sees the tenant <bdi>{own}</bdi> only. Other tenants need a key with the role viewer.</p></EmptyState></section></Page>;
}

/** The tenant of the address; what cannot be decoded is none. */
function tenantOf(path: string): string {
  const part = path.replace(/^\/tenants\/?/, '');
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export default function TenantsView() {
  useLocation(); // moves with the address; what it says has been decoded once already
  const id = tenantOf(location.pathname);
  const who = session.value;
  if (who && !who.sees_all) return id && id !== who.tenant ? <Foreign own={who.tenant ?? ''} /> : <TenantPage key={who.tenant ?? ''} id={who.tenant ?? ''} />;
  return id ? <TenantPage key={id} id={id} /> : <AllTenants />;
}
