// Routes. "/" goes to the view that was used last, at first to Search with its greeting.
import { useEffect } from 'preact/hooks';
import { Redirect, Route, Switch, useLocation } from 'wouter-preact';
import { lazyView } from '@/lib/lazy';
import { session, unreachable, loadSession } from '@/lib/session';
import { EmptyState, ErrorCard } from '@/ui/card';
import { Page } from '@/ui/page';
import { AppShell } from '@/ui/shell';
import Login from '@/views/login';

const views = {
  '/savings': lazyView(() => import('@/views/savings')),
  '/mix': lazyView(() => import('@/views/mix')),
  '/latency': lazyView(() => import('@/views/latency')),
  '/spend/*?': lazyView(() => import('@/views/spend')),
  '/alerts/*?': lazyView(() => import('@/views/alerts')),
  '/tenants/*?': lazyView(() => import('@/views/tenants')),
  '/settings/*?': lazyView(() => import('@/views/settings')),
  '/live': lazyView(() => import('@/views/live')),
  '/receipts': lazyView(() => import('@/views/receipts')),
  '/replay/*?': lazyView(() => import('@/views/replay')),
};
const Receipt = lazyView<{ id: string }>(() => import('@/views/receipt'));

/** The first view's code; never fails. */
export async function preload(path: string) {
  if (/^\/receipts\/./.test(path)) await Receipt.preload();
  else await Object.entries(views).find(([pattern]) => pattern.split('/')[1] === path.split('/')[1])?.[1].preload();
}

const LAST = 'kairosroute.last';
function useLastView() {
  const [path] = useLocation();
  useEffect(() => {
    const view = `/${path.split('/')[1] ?? ''}`;
    if (view !== '/') localStorage.setItem(LAST, view);
  }, [path]);
}
const home = () => {
  const last = localStorage.getItem(LAST) ?? '/savings';
  return /^\/[a-z]+$/.test(last) ? last : '/savings';
};

const NotFound = () => <Page title="Not found" filters={false}><section class="card"><EmptyState title="There is no such page"><p>The rail on the left has every view.</p></EmptyState></section></Page>;

export function App() {
  useLastView();
  if (session.value === undefined) {
    return unreachable.value ? <main class="login"><ErrorCard error={new Error(unreachable.value)} retry={() => void loadSession()} /></main> : <main class="login" aria-busy="true" />;
  }
  if (session.value === null) return <Login />;
  return (
    <AppShell>
      <Switch>
        <Route path="/"><Redirect to={home()} replace /></Route>
        <Route path="/receipts/:id">{(params) => <Receipt key={params.id} id={params.id} />}</Route>
        {Object.entries(views).map(([path, View]) => <Route key={path} path={path}><View /></Route>)}
        <Route><NotFound /></Route>
      </Switch>
    </AppShell>
  );
}
