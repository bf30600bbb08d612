// The views: one table for the rail, the palette, the shortcuts and the routes.
import { Activity, Bell, ChartColumn, Gauge, Layers, PiggyBank, Radio, ReceiptText, RotateCcw, Settings, Users } from 'lucide-preact';

export interface NavItem {
  path: string;
  label: string;
  key: string; // behind "g"
  Icon: typeof Activity;
}
export interface NavGroup {
  label: string;
  items: readonly NavItem[];
}
export const groups: readonly NavGroup[] = [
  { label: 'Money', items: [
    { path: '/savings', label: 'Savings', key: 's', Icon: PiggyBank },
    { path: '/spend', label: 'Spend', key: 'p', Icon: ChartColumn },
    { path: '/tenants', label: 'Tenants', key: 't', Icon: Users },
  ] },
  { label: 'Routing', items: [
    { path: '/mix', label: 'Model mix', key: 'm', Icon: Layers },
    { path: '/latency', label: 'Latency', key: 'l', Icon: Gauge },
    { path: '/alerts', label: 'Alerts', key: 'a', Icon: Bell },
  ] },
  { label: 'Receipts', items: [
    { path: '/live', label: 'Live feed', key: 'f', Icon: Radio },
    { path: '/receipts', label: 'Search', key: 'r', Icon: ReceiptText },
    { path: '/replay', label: 'Replay', key: 'y', Icon: RotateCcw },
  ] },
];
export const settings: NavItem = { path: '/settings', label: 'Settings', key: ',', Icon: Settings };
export const allViews: readonly NavItem[] = [...groups.flatMap((group) => group.items), settings];
/** Views whose filter bar takes every filter; elsewhere a filter leads to Search. */
export const takesFilters = (path: string): boolean => ['/savings', '/spend', '/tenants', '/mix', '/latency', '/live', '/receipts'].some((view) => path === view || (view === '/tenants' && path.startsWith('/tenants/')));
