// The frame of a view: title, freshness, actions, filters. Sets the document's title; a change of view moves focus to the h1.
import { Link2, RefreshCw } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import { copy } from '@/lib/actions';
import { type Dimension, formatFilters, frozen } from '@/lib/filters';
import { useShortcuts } from '@/lib/keys';
import { age, refresh, useFilters } from '@/lib/state';
import { ago } from '@/lib/format';
import { FilterBar } from '@/ui/filterbar';
import { useNewest } from '@/ui/health';

interface PageProps {
  title: string;
  /** In place of the plain title, as the receipt's id. */
  heading?: ComponentChildren;
  actions?: ComponentChildren;
  busy?: boolean;
  filters?: false | { compare?: boolean; range?: boolean; unused?: readonly Dimension[] };
  full?: boolean;
  above?: ComponentChildren;
  children: ComponentChildren;
}

let shownPath = '';
function useTitle(title: string) {
  const heading = useRef<HTMLHeadingElement>(null);
  const [path] = useLocation();
  useEffect(() => {
    document.title = `${title} · KairosRoute`;
  }, [title]);
  useEffect(() => {
    if (shownPath && shownPath !== path) heading.current?.focus();
    shownPath = path;
  }, [path]);
  return heading;
}

/** New data is said, not pushed: what is on screen moves only by Refresh. */
function Fresh() {
  const { filters, now } = useFilters();
  const newest = useNewest().data?.receipts[0];
  const seconds = age.value;
  const more = filters.to === '' && newest !== undefined && Date.parse(newest.created_at) > now + 1000;
  return (
    <span class="fresh n">{more && <button type="button" class="new-data link" onClick={refresh}>New receipts</button>}{filters.tz} · Updated {seconds < 2000 ? 'now' : ago(Date.now() - seconds)}
      <button type="button" aria-label="Refresh" title="Refresh" onClick={refresh}><RefreshCw size={13} aria-hidden="true" /></button>
    </span>
  );
}

export function useCopyLink() {
  const [path] = useLocation();
  const { filters, now } = useFilters();
  return (keepRelative: boolean) => void copy(location.origin + path + formatFilters(keepRelative ? filters : frozen(filters, now)), 'Link');
}

export function Page({ title, heading, actions, busy = false, filters = {}, full = false, above, children }: PageProps) {
  const h1 = useTitle(title);
  const copyLink = useCopyLink();
  useShortcuts([
    { keys: 'c', label: 'Copy link', run: (event) => copyLink(event.shiftKey) },
    { keys: 'u', label: 'Refresh', run: refresh },
  ]);
  return (
    <main id="main" class={full ? 'full' : ''}>
      {above}
      <div class="top">
        <h1 ref={h1} tabIndex={-1}>{heading ?? title}</h1>
        <span class="sp" />
        {filters !== false && <Fresh />}
        <button type="button" class="btn gh" title="Copies this view with its times as they are now. Shift keeps them relative." onClick={(event) => copyLink(event.shiftKey)}><Link2 size={15} aria-hidden="true" />Copy link</button>
        {actions}
      </div>
      {filters !== false && <FilterBar busy={busy} {...filters} />}
      {children}
    </main>
  );
}
