// One tenant: all of it, with the ways into the other views.
import { Link } from 'wouter-preact';
import { sortBy, sorting } from '@/lib/choice';
import { drillHref } from '@/lib/drill';
import { count, money } from '@/lib/format';
import { labelOf } from '@/lib/series';
import { chargedOnly, session } from '@/lib/session';
import { type FilterState, useFilters, viewHref } from '@/lib/state';
import { presentRows, previous, type Row, totalsOf } from '@/lib/table';
import { Card, EmptyState, Loaded } from '@/ui/card';
import { Segment } from '@/ui/controls';
import { Count, Delta, ModelName, Money, Ms, Name, Pct, Tag } from '@/ui/figures';
import { PanelExports } from '@/ui/exports';
import { NoReceipts } from '@/ui/none';
import { DataNotices } from '@/ui/notices';
import { Page } from '@/ui/page';
import { type Col, Table } from '@/ui/table';
import { Burn } from '@/views/tenants/burn';
import { TenantChart } from '@/views/tenants/chart';
import { choicesOf, type Key, ofTenant, type OneTenant, useTenant } from '@/views/tenants/data';
import { TenantKpis } from '@/views/tenants/kpis';
import { rateHref, rates } from '@/views/tenants/rates';

const heads = { model: 'Model', workflow: 'Workflow', key: 'API key', category: 'Category' } as const;

function Rates({ state, one }: { state: FilterState; one: OneTenant }) {
  return (
    <Card title="Rates" tools={<span class="sub">of requests{state.filters.compare ? ' · change' : ''}</span>}>
      <Loaded of={one.totals} height={180}>
        {(data) => {
          const total = totalsOf(data);
          return (
            <ul class="hop-list" aria-label="Rates">
              {rates.map(({ key, label, good }) => (
                <li key={key}><Link class="hop" href={rateHref(state, key)}><span class="hop-h"><span>{label}</span><span class="sp" />{state.filters.compare && <Delta rate now={total?.number(key)} before={total?.number(previous(key))} good={good} />}<b class="strong"><Pct value={total?.number(key)} /></b></span></Link></li>
              ))}
            </ul>
          );
        }}
      </Loaded>
    </Card>
  );
}

function Parts({ state, one }: { state: FilterState; one: OneTenant }) {
  const { parts: [group, setGroup] } = choicesOf(state);
  const [sort, setSort] = sorting(state, { key: 'cost', desc: true });
  return (
    <Card class="c12" title={`By ${heads[group].toLowerCase().replace('api', 'API')}`} tools={<Segment label="Rows" value={group} options={(Object.keys(heads) as (keyof typeof heads)[]).map((key) => ({ key, label: heads[key] }))} onChange={setGroup} />}>
      <Loaded of={one.parts} height={260}>
        {(data) => {
          if (!data.columns.some((column) => column.name === group)) return null;
          const all = presentRows(data);
          const keys = all.map((row) => row.text(group));
          const href = (row: Row) => drillHref(state.filters, { now: state.now }, [[group, row.text(group), keys]]);
          const linked = (of: (row: Row) => preact.ComponentChildren) => (row: Row) => <Link class="cell-link" href={href(row)} tabIndex={-1}>{of(row)}</Link>;
          const cols: Col<Row>[] = [
            { key: group, head: heads[group], cell: (row) => (group === 'model' && row.text(group) && !row.text(group).startsWith('(') ? <ModelName id={row.text(group)} /> : <b class="strong"><Name text={labelOf(group, row.text(group))} /></b>) },
            { key: 'cost', head: chargedOnly() ? 'Charged' : 'Spend', right: true, sortable: true, cell: linked((row) => <Money value={row.money('cost')} as="cents" />) },
            ...(state.filters.compare ? [{ key: 'change', head: 'Change', right: true, cell: (row: Row) => <Delta now={row.money('cost')} before={row.money(previous('cost'))} good="down" /> }] : []),
            { key: 'requests', head: 'Requests', right: true, sortable: true, cell: linked((row) => <Count value={row.number('requests')} />) },
            { key: 'receipts', head: 'Receipts', right: true, sortable: true, cell: linked((row) => <Count value={row.number('receipts')} />) },
            ...(chargedOnly() ? [] : [{ key: 'savings', head: 'Saved', right: true, sortable: true, cell: (row: Row) => <Money value={row.money('savings')} as="cents" /> }]),
            { key: 'error_rate', head: 'Errors', right: true, sortable: true, cell: (row) => <Pct value={row.number('error_rate')} /> },
            { key: 'latency_p95', head: 'p95', right: true, sortable: true, cell: (row) => <Ms value={row.number('latency_p95')} /> },
          ];
          const value = (row: Row) => (sort.key === 'cost' || sort.key === 'savings' ? row.money(sort.key) : row.number(sort.key));
          return <Table label={`The tenant by ${heads[group]}`} cols={cols} rows={sortBy(all, value, sort.desc)} rowKey={(row) => row.text(group)} sort={sort} onSort={setSort} href={href} empty={<EmptyState title="No receipt in this range" />} />;
        }}
      </Loaded>
    </Card>
  );
}

function Keys({ state, one, tenant }: { state: FilterState; one: OneTenant; tenant: string }) {
  const cols: Col<Key>[] = [
    { key: 'id', head: 'Key', cell: (key) => <ModelName id={key.id} /> },
    { key: 'role', head: 'Role', cell: (key) => <Tag>{key.role}</Tag> },
    { key: 'rpm', head: 'Requests a minute', right: true, cell: (key) => <span class="n">{key.requests_per_minute === null || key.requests_per_minute === undefined ? <span class="mut">no limit</span> : count(key.requests_per_minute)}</span> },
    { key: 'max', head: 'Most a request', right: true, cell: (key) => (key.max_cost_per_request_usd ? <span class="n">{money(key.max_cost_per_request_usd)}</span> : <span class="mut">no limit</span>) },
  ];
  return (
    <Card class="c12" title="Keys" sub="each opens its receipts of this range" tools={<Link class="btn sm gh" href={viewHref('/settings', state.filters)}>Settings</Link>}>
      <Loaded of={one.keys} height={120}>{(keys) => <Table label="Keys" cols={cols} rows={keys.filter((key) => key.tenant === tenant)} rowKey={(key) => key.id} href={(key) => drillHref(state.filters, { now: state.now }, [['key', key.id, []]])} empty={<EmptyState title="No key" />} />}</Loaded>
    </Card>
  );
}

const ways = [['/spend', 'Spend'], ['/savings', 'Savings'], ['/mix', 'Model mix'], ['/latency', 'Latency'], ['/receipts', 'Receipts']] as const;

export function TenantPage({ id }: { id: string }) {
  const state = ofTenant(useFilters(), id);
  const one = useTenant(state);
  const asked = [one.totals, one.series, one.parts];
  const own = session.value?.sees_all === false;
  const name = one.objects.data?.find((tenant) => tenant.id === id)?.name;
  const empty = one.totals.data !== undefined && totalsOf(one.totals.data)?.number('receipts') === 0;
  return (
    <Page title={id} heading={<span class="row"><Name text={name || id} />{name && name !== id && <span class="mut mono">{id}</span>}</span>} busy={asked.some((query) => query.isFetching)} filters={{ unused: ['tenant'] }} actions={<PanelExports state={state} view="tenants" panels={[['by_tenant', 'This tenant’s figures'], ['over_time', 'Over time']]} />}
      above={<nav class="crumbs row" aria-label="Where this is">{own ? <span>Your tenant</span> : <Link href={viewHref('/tenants', state.filters)}>Tenants</Link>}<span class="sl">/</span><span><Name text={id} /></span><span class="sp" />{ways.filter(([path]) => path !== '/savings' || !chargedOnly()).map(([path, label]) => <Link key={path} class="link" href={viewHref(path, state.filters)}>{label}</Link>)}</nav>}>
      <DataNotices tables={asked.map((query) => query.data)} />
      {empty ? <NoReceipts what="receipt of this tenant" /> : (
        <>
          <TenantKpis state={state} total={totalsOf(one.totals.data)} />
          <div class="grid">
            <TenantChart state={state} group="model" asked={one} />
            <div class="c4 col">
              <Rates state={state} one={one} />
              <Burn class="" state={state} budgets={one.budgets.data} error={one.budgets.error} tenant={id} />
            </div>
            <Parts state={state} one={one} />
          </div>
        </>
      )}
      <div class="grid"><Keys state={state} one={one} tenant={id} /></div>
    </Page>
  );
}
