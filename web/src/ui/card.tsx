// Cards, key figures, states. A view is made of these.
import { CircleAlert, Inbox, TriangleAlert } from 'lucide-preact';
import type { ComponentChildren, JSX } from 'preact';
import { ApiError } from '@/lib/api';
import { copy } from '@/lib/actions';
import { Link } from 'wouter-preact';

interface CardProps {
  title?: ComponentChildren;
  sub?: ComponentChildren;
  tools?: ComponentChildren;
  foot?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}
export function Card({ title, sub, tools, foot, class: name = '', children }: CardProps) {
  return (
    <section class={`card ${name}`}>
      {title !== undefined && (
        <header class="ch">
          <h2>{title}</h2>
          {sub !== undefined && <span class="sub">{sub}</span>}
          <span class="sp" />
          {tools}
        </header>
      )}
      {children}
      {foot !== undefined && <footer class="foot">{foot}</footer>}
    </section>
  );
}

export interface KpiProps {
  label: ComponentChildren;
  value: ComponentChildren;
  note?: ComponentChildren;
  href?: string;
}
/** Five of them in a `<KpiStrip>`. With `href` the figure leads to its receipts. */
export function Kpi({ label, value, note, href }: KpiProps) {
  const inside = (
    <>
      <span class="l">{label}</span>
      <span class="v">{value}</span>
      <span class="s">{note}</span>
    </>
  );
  return href ? <Link href={href} class="kpi">{inside}</Link> : <div class="kpi">{inside}</div>;
}
export const KpiStrip = ({ children }: { children: ComponentChildren }) => <section class="card kpis" aria-label="Key figures">{children}</section>;

export const Skeleton = ({ height = 16, width = '100%' }: { height?: number; width?: string }) => <span class="skeleton" style={{ height, width }} />;

export function Notice({ tone = '', icon, children }: { tone?: '' | 'warn' | 'neg' | 'info'; icon?: ComponentChildren; children: ComponentChildren }) {
  return <div class={`notice ${tone}`} role={tone === 'neg' ? 'alert' : 'note'}>{icon ?? <TriangleAlert size={14} aria-hidden="true" />}<div>{children}</div></div>;
}

export function EmptyState({ title, icon, actions, children }: { title: string; icon?: JSX.Element; actions?: ComponentChildren; children?: ComponentChildren }) {
  return (
    <div class="empty">
      {icon ?? <Inbox size={24} aria-hidden="true" />}
      <h2>{title}</h2>
      {children}
      {actions && <div class="row">{actions}</div>}
    </div>
  );
}

/** For a receipt that went with its part of the journal: 410, whose message says what and why. Null for other errors. */
export function Dropped({ error }: { error: unknown }) {
  if (!(error instanceof ApiError) || error.status !== 410) return null;
  return <section class="card"><EmptyState title="This receipt is no longer kept whole"><p>{error.message}.</p></EmptyState></section>;
}

const explain = (error: unknown): string => {
  if (error instanceof ApiError && error.status === 403) return `Your key may not see this. ${error.message}`;
  return error instanceof Error ? error.message : String(error);
};
const titleOf = (error: unknown): string => {
  if (!(error instanceof ApiError)) return 'This did not load';
  if (error.status === 0) return 'No answer from the server';
  if (error.status === 403) return 'Not allowed';
  if (error.status === 404) return 'Not there';
  if (error.status === 504) return 'The question took too long';
  return 'This did not load';
};

/** The message, the request's id, and a way on. */
export function ErrorCard({ error, retry }: { error: unknown; retry?: () => void }) {
  const id = error instanceof ApiError ? error.requestId : null;
  const details = `${titleOf(error)}: ${explain(error)}${id ? ` (request ${id})` : ''}`;
  return (
    <div class="empty" role="alert">
      <CircleAlert size={24} aria-hidden="true" />
      <h2>{titleOf(error)}</h2>
      <p>{explain(error)}</p>
      {id && <p class="mono">{id}</p>}
      <div class="row">
        {retry && <button type="button" class="btn sm" onClick={retry}>Retry</button>}
        <button type="button" class="btn sm gh" onClick={() => void copy(details, 'Details')}>Copy details</button>
      </div>
    </div>
  );
}

interface Loadable<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  isFetching: boolean;
  isPlaceholderData?: boolean; // of the filters before
  refetch: () => unknown;
}
/** First load: a skeleton of the final height. Failed with old data: the data with a notice. */
export function Loaded<T>({ of, height = 200, children }: { of: Loadable<T>; height?: number; children: (data: T) => ComponentChildren }) {
  if (of.data === undefined) {
    if (of.error) return <ErrorCard error={of.error} retry={() => void of.refetch()} />;
    return <div style={{ padding: '14px 18px' }} aria-busy="true"><span class="vh">Loading</span><Skeleton height={height} /></div>;
  }
  return (
    <div class="loaded" aria-busy={of.isFetching || of.isPlaceholderData === true}>
      {of.error ? <Notice tone="warn">Showing older data: {explain(of.error)} <button type="button" class="link" onClick={() => void of.refetch()}>Retry</button></Notice> : null}
      {children(of.data)}
    </div>
  );
}
