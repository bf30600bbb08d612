// Settings: who may do what, what stops spending, who is told, and what requests can be sent to.
import { Activity, BellOff, BellRing, Bookmark, History, Info, KeyRound, Network, Send, ShieldCheck, Users } from 'lucide-preact';
import { Link, Redirect, useLocation } from 'wouter-preact';
import { lazyPart } from '@/lib/lazy';
import { may, type Role } from '@/lib/session';
import { EmptyState } from '@/ui/card';
import { Page } from '@/ui/page';

// Each pane's code is fetched when it is first shown.
const panes = {
  tenants: lazyPart(async () => ({ default: (await import('@/views/settings/tenants')).TenantsPane })),
  keys: lazyPart(async () => ({ default: (await import('@/views/settings/keys')).KeysPane })),
  budgets: lazyPart(async () => ({ default: (await import('@/views/settings/budgets')).BudgetsPane })),
  rules: lazyPart(async () => ({ default: (await import('@/views/settings/rules')).RulesPane })),
  channels: lazyPart(async () => ({ default: (await import('@/views/settings/channels')).ChannelsPane })),
  silences: lazyPart(async () => ({ default: (await import('@/views/settings/silences')).SilencesPane })),
  views: lazyPart(async () => ({ default: (await import('@/views/settings/views')).ViewsPane })),
  providers: lazyPart(async () => ({ default: (await import('@/views/settings/providers')).ProvidersPane })),
  changes: lazyPart(async () => ({ default: (await import('@/views/settings/changes')).ChangesPane })),
  about: lazyPart(async () => ({ default: (await import('@/views/settings/about')).About })),
};

interface Section {
  path: keyof typeof panes;
  label: string;
  says: string;
  least: Role;
  Icon: typeof Activity;
}
const sections: readonly Section[] = [
  { path: 'tenants', label: 'Tenants', says: 'Whose requests they are: what they may use, how private they are, what they are charged.', least: 'tenant', Icon: Users },
  { path: 'keys', label: 'Keys', says: 'Who may ask. A key is shown once when it is made; only its hash is kept.', least: 'tenant', Icon: KeyRound },
  { path: 'budgets', label: 'Budgets', says: 'Caps stop spending before it happens: what a request may cost at worst is held before it is sent.', least: 'tenant', Icon: ShieldCheck },
  { path: 'rules', label: 'Alert rules', says: 'What is watched, and when it is said.', least: 'viewer', Icon: BellRing },
  { path: 'channels', label: 'Channels', says: 'Who is told: webhooks, mail, Slack, PagerDuty. Secrets can be written, never read.', least: 'viewer', Icon: Send },
  { path: 'silences', label: 'Silences', says: 'Messages that are held back. Events are recorded all the same.', least: 'viewer', Icon: BellOff },
  { path: 'views', label: 'Saved views', says: 'Names for addresses of this dashboard.', least: 'tenant', Icon: Bookmark },
  { path: 'providers', label: 'Providers', says: 'What requests can be sent to, what it costs, and how it has done in the last five minutes. Providers and prices come from the configuration file and the catalog.', least: 'viewer', Icon: Network },
  { path: 'changes', label: 'Changes', says: 'Who changed what, newest first.', least: 'operator', Icon: History },
  { path: 'about', label: 'About', says: 'Your session and this server.', least: 'tenant', Icon: Info },
];

export default function Settings() {
  const [path] = useLocation();
  const name = path.split('/')[2] ?? '';
  const offered = sections.filter((one) => may(one.least));
  const section = sections.find((one) => one.path === name);
  const Pane = section && panes[section.path];
  if (name === '') return <Redirect to="/settings/tenants" replace />;
  return (
    <Page title={section ? `${section.label} · Settings` : 'Settings'} heading={<>Settings{section && <span class="vh">: {section.label}</span>}</>} filters={false}>
      <div class="settings">
        <nav aria-label="Settings">
          {offered.map(({ path: to, label, Icon }) => <Link key={to} class="nav-i" href={`/settings/${to}`} aria-current={to === name ? 'page' : undefined}><Icon size={15} aria-hidden="true" /><span>{label}</span></Link>)}
        </nav>
        <div class="panes">
          {section && Pane && may(section.least) ? (
            <>
              <header class="pane-h"><h2>{section.label}</h2><p>{section.says}</p></header>
              <Pane key={section.path} />
            </>
          ) : section ? (
            <section class="card"><EmptyState title="Not for this key"><p>{section.label} need a key with the role {section.least}.</p></EmptyState></section>
          ) : (
            <section class="card"><EmptyState title="There is no such page"><p>The list beside has every part of the settings.</p></EmptyState></section>
          )}
        </div>
      </div>
    </Page>
  );
}
