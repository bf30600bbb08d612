// The rail, the palette, the help sheet and global shortcuts around every view.
import { Bookmark, ChevronsUpDown, LogOut, Menu, Monitor, Moon, Search, Sun, X } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import { toasts } from '@/lib/actions';
import { isProblem, useActive } from '@/lib/firing';
import { modKey, useShortcuts } from '@/lib/keys';
import { session, signOut } from '@/lib/session';
import { useFilters, viewHref } from '@/lib/state';
import { setTheme, theme, type Theme } from '@/lib/theme';
import { useSavedViews } from '@/views/receipts/saved';
import { allViews, groups, settings } from '@/ui/nav';
import { Greeting } from '@/ui/greeting';
import { Help, helpOpen } from '@/ui/help';
import { CommandPalette } from '@/ui/palette';
import { moveFocus, Popover } from '@/ui/popover';
import { DemoNote, Health } from '@/ui/health';

const themes: readonly { key: Theme; label: string; Icon: typeof Sun }[] = [
  { key: 'system', label: 'As the system', Icon: Monitor },
  { key: 'light', label: 'Light', Icon: Sun },
  { key: 'dark', label: 'Dark', Icon: Moon },
];

function Workspace() {
  const who = session.value;
  const { filters } = useFilters();
  const name = who?.sees_all ? 'All tenants' : (who?.tenant ?? '');
  return (
    <Popover class="ws" title={`${name}: ${who?.api_key_id ?? ''}`}
      button={<><span class="ws-t" aria-hidden="true">{(name[0] ?? 'K').toUpperCase()}</span><span class="ws-n">{name}<small>{who?.api_key_id ?? 'local'} · {who?.role}</small></span><ChevronsUpDown size={14} aria-hidden="true" /></>}>
      {(close) => (
        // eslint-disable-next-line jsx-a11y/no-static-element-interactions
        <div onKeyDown={moveFocus}>
          <Link class="menu-i" href={viewHref(settings.path, filters)} onClick={close}><settings.Icon size={15} aria-hidden="true" />Settings</Link>
          <p class="group-t">Theme</p>
          {themes.map(({ key, label, Icon }) => <button key={key} type="button" class={`menu-i ${theme.value === key ? 'on' : ''}`} aria-pressed={theme.value === key} onClick={() => setTheme(key)}><Icon size={15} aria-hidden="true" />{label}</button>)}
          <p class="group-t">Session</p>
          <button type="button" class="menu-i" onClick={() => void signOut()}><LogOut size={15} aria-hidden="true" />Sign out</button>
        </div>
      )}
    </Popover>
  );
}

/** How many alerts fire that nobody has acknowledged; nothing where there are none, or for whom they are not. */
function AlertCount() {
  const waiting = (useActive(true).data ?? []).filter((one) => one.state === 'firing' && isProblem(one) && !one.acknowledged_by).length;
  return waiting === 0 ? null : <span class="cnt warn n">{waiting}<span class="vh"> not acknowledged</span></span>;
}

function Rail({ open, onNavigate, onSearch }: { open: boolean; onNavigate: () => void; onSearch: () => void }) {
  const [path] = useLocation();
  const { filters } = useFilters();
  const saved = useSavedViews();
  const here = (to: string) => (path === to || path.startsWith(`${to}/`) ? 'page' : undefined);
  return (
    // Escape from anywhere inside closes what covers a narrow screen.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <nav class={`side ${open ? 'open' : ''}`} aria-label="Primary" onKeyDown={(event) => { if (open && event.key === 'Escape') onNavigate(); }}>
      {open && <button ref={(button) => { if (button && !button.parentElement?.contains(document.activeElement)) button.focus(); }} type="button" class="btn sm ico" aria-label="Close the menu" onClick={onNavigate}><X size={15} aria-hidden="true" /></button>}
      <Workspace />
      <button type="button" class="jump" title="Search or jump to" onClick={onSearch}><Search size={15} aria-hidden="true" /><span>Search or jump to</span><kbd aria-hidden="true">{modKey} K</kbd></button>
      {groups.map((group) => (
        <div key={group.label} class="nav-g">
          <h2>{group.label}</h2>
          {group.items.map(({ path: to, label, Icon }) => (
            <Link key={to} class="nav-i" href={viewHref(to, filters)} aria-current={here(to)} title={label} onClick={onNavigate}><Icon size={15} aria-hidden="true" /><span>{label}</span>{to === '/alerts' && <AlertCount />}</Link>
          ))}
        </div>
      ))}
      <div class="nav-g">
        <h2>Saved views</h2>
        {saved.views.map((view) => <Link key={view.id} class="nav-i" href={view.href} title={view.name} onClick={onNavigate}><Bookmark size={15} aria-hidden="true" /><span><bdi>{view.name}</bdi></span></Link>)}
      </div>
      <div class="side-f"><Health /></div>
    </nav>
  );
}

const Toasts = () => <div class="toasts" role="status" aria-live="polite">{toasts.value.map((one) => <div key={one.id} class={`toast ${one.bad ? 'bad' : ''}`}>{one.text}</div>)}</div>;

const NARROW = 'kairosroute.rail';
export function AppShell({ children }: { children: ComponentChildren }) {
  const [path, navigate] = useLocation();
  const { filters } = useFilters();
  const [palette, setPalette] = useState(false);
  const [menu, setMenu] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const closeMenu = () => {
    if (!menu) return;
    setMenu(false);
    setTimeout(() => opener.current?.focus()); // when it is no longer inert
  };
  const [narrow, setNarrow] = useState(localStorage.getItem(NARROW) === 'narrow');
  useEffect(() => localStorage.setItem(NARROW, narrow ? 'narrow' : 'wide'), [narrow]);
  useEffect(() => setMenu(false), [path]);
  useShortcuts([
    { keys: 'mod+k', label: 'Search or jump to', run: () => setPalette(true) },
    { keys: '/', label: 'Search or jump to', run: () => setPalette(true) },
    { keys: '?', label: 'This help', run: () => { helpOpen.value = true; } },
    { keys: '\\', label: 'Narrow or wide rail', run: () => setNarrow(!narrow) },
    ...allViews.map((view) => ({ keys: `g ${view.key}`, label: `Go to ${view.label}`, run: () => navigate(viewHref(view.path, filters)) })),
  ]);
  return (
    <>
      <a class="btn skip" href="#main" onClick={(event) => { event.preventDefault(); document.querySelector<HTMLElement>('main h1')?.focus(); }}>Skip to content</a>
      <div class={`app ${narrow ? 'narrow' : ''}`}>
        <div class="mobile-bar" inert={menu}><button ref={opener} type="button" class="btn sm ico" aria-label="Open the menu" aria-expanded={menu} onClick={() => setMenu(true)}><Menu size={16} aria-hidden="true" /></button><b>KairosRoute</b><span class="sp" /><button type="button" class="btn sm ico" aria-label="Search or jump to" onClick={() => setPalette(true)}><Search size={15} aria-hidden="true" /></button></div>
        <Rail open={menu} onNavigate={closeMenu} onSearch={() => setPalette(true)} />
        <div class="body" inert={menu}>
          <DemoNote />
          <Greeting>{children}</Greeting>
        </div>
      </div>
      <Toasts />
      {palette && <CommandPalette onClose={() => setPalette(false)} />}
      {helpOpen.value && <Help onClose={() => { helpOpen.value = false; }} />}
    </>
  );
}
