import { Trash2 } from 'lucide-preact';
import { useQuery } from '@tanstack/preact-query';
import { Link } from 'wouter-preact';
import { failed, toast } from '@/lib/actions';
import { ask, type Schemas } from '@/lib/api';
import { listAll } from '@/lib/budgets';
import { count } from '@/lib/format';
import { client } from '@/lib/query';
import { may, session } from '@/lib/session';
import { Card, EmptyState, Loaded } from '@/ui/card';
import { Name } from '@/ui/figures';
import { CheckField } from '@/ui/form';
import { type Col, Table } from '@/ui/table';
import { Origin } from '@/views/settings/parts';

type View = Schemas['SavedView'];
export function ViewsPane() {
  const views = useQuery({ queryKey: ['saved-views', 'all'], queryFn: ({ signal }) => listAll<View>('/api/v1/saved-views', 'views', signal), staleTime: 10_000 });
  const mine = (view: View) => view.managed === 'api' && (may('admin') || view.owner === session.value?.api_key_id);
  const changed = () => client.invalidateQueries({ queryKey: ['saved-views'] });
  const at = (view: View) => `/api/v1/saved-views/${encodeURIComponent(view.id)}`;
  const match = (view: View): Record<string, string> => (view.version === null ? {} : { 'if-match': String(view.version) });
  const share = (view: View, shared: boolean) => ask(at(view), { method: 'PUT', body: { name: view.name, page: view.page, query: view.query, shared }, headers: match(view) }).then(changed).then(() => toast(shared ? 'Everybody of the tenant sees it' : 'Only you see it'), failed);
  const remove = (view: View) => ask(at(view), { method: 'DELETE', headers: match(view) }).then(changed).then(() => toast('View removed'), failed);
  const cols: Col<View>[] = [
    { key: 'name', head: 'Name', cell: (view) => (/^[a-z]+$/.test(view.page) ? <Link class="cell-link strong" href={`/${view.page}${view.query && `?${view.query.replace(/^\?/, '')}`}`}><Name text={view.name} /></Link> : <Name text={view.name} />) },
    { key: 'page', head: 'View', cell: (view) => <Name text={view.page} /> },
    { key: 'query', head: 'Filters', cell: (view) => <span class="mono"><Name text={view.query} empty="none" /></span> },
    { key: 'owner', head: 'By', cell: (view) => <Name text={view.owner ?? ''} empty="ships with it" /> },
    { key: 'shared', head: 'Shared', cell: (view) => (mine(view) ? <CheckField label={<span class="vh">Share {view.name}</span>} checked={view.shared} set={(on) => void share(view, on)} /> : view.shared ? 'Yes' : 'No') },
    { key: 'origin', head: 'From', cell: (view) => <Origin managed={view.managed} /> },
    { key: 'act', head: '', right: true, cell: (view) => (mine(view) ? <button type="button" class="cp" aria-label={`Remove view ${view.name}`} title="Remove" onClick={() => void remove(view)}><Trash2 size={13} aria-hidden="true" /></button> : null) },
  ];
  return (
    <Card title="Saved views" sub={views.data && count(views.data.length)}>
      <Loaded of={views} height={160}>{(data) => <Table label="Saved views" cols={cols} rows={data} rowKey={(view) => view.id} empty={<EmptyState title="No saved view"><p>Search has “Save view”.</p></EmptyState>} />}</Loaded>
    </Card>
  );
}
