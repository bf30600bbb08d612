// Figures as elements: formatted by lib/format.ts, exact value in the title, unknown as "—".
import { Ban, Check, CircleAlert, CircleSlash, Unplug } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { change, count, micros, money, moneyParts, type MoneyStyle, moneyTitle, ms, percent, points, time, type TimeStyle, tokens } from '@/lib/format';
import { type Money as Amount, parseUsd, toNumber } from '@/lib/money';
import { useFilters } from '@/lib/state';

type Maybe = number | null | undefined;

export function Money({ value, as = 'figure' }: { value: Amount | string | null | undefined; as?: MoneyStyle }) {
  const amount = typeof value === 'string' ? parseUsd(value) : value;
  const parts = moneyParts(amount, as);
  return (
    <span class="n figure" title={moneyTitle(amount)}>
      {parts.main}
      {parts.rest && (as === 'figure' ? <small>{parts.rest}</small> : <span class="mut">{parts.rest}</span>)}
    </span>
  );
}
export const Ms = ({ value }: { value: Maybe }) => <span class="n">{ms(value)}</span>;
export const Micros = ({ value }: { value: Maybe }) => <span class="n">{micros(value)}</span>;
export const Count = ({ value }: { value: Maybe }) => <span class="n" title={exact(value)}>{count(value)}</span>;
export const Tok = ({ value }: { value: Maybe }) => <span class="n" title={exact(value)}>{tokens(value)}</span>;
export const Pct = ({ value }: { value: Maybe }) => <span class="n">{percent(value)}</span>;
const exact = (value: Maybe) => (value === null || value === undefined ? 'unknown' : String(value));

interface DeltaProps {
  now: Maybe | Amount;
  before: Maybe | Amount;
  /** Which direction is good news. */
  good?: 'up' | 'down' | 'none';
  /** The change of a rate: percentage points instead of percent. */
  rate?: boolean;
}
const asNumber = (value: Maybe | Amount) => (typeof value === 'bigint' ? toNumber(value) : (value ?? Number.NaN));

/** Nothing when there is nothing to compare with. Never colour alone: the sign says the direction. */
export function Delta({ now, before, good = 'none', rate = false }: DeltaProps) {
  const [a, b] = [asNumber(now), asNumber(before)];
  const text = rate ? points(a, b) : change(a, b);
  if (text === null) return null;
  const direction = text.startsWith('±') ? 'flat' : a > b ? 'up' : 'down';
  const tone = direction === 'flat' || good === 'none' ? 'flat' : direction === good ? 'good' : 'bad';
  return <span class={`d ${tone}`}>{text}</span>;
}

/** In the zone of the view; UTC on hover. */
export function Time({ value, as = 'second' }: { value: string | number | Date | null | undefined; as?: TimeStyle }) {
  const { filters } = useFilters();
  if (!value) return <span>{time(value)}</span>;
  const date = new Date(value);
  return (
    <time dateTime={Number.isNaN(date.getTime()) ? '' : date.toISOString()} title={`${time(date, 'full', 'UTC')}`} class="n">
      {time(date, as, filters.tz)}
    </time>
  );
}

export const ModelName = ({ id }: { id: string }) => (id ? <span class="mono clip" title={id}>{id}</span> : <span class="mut">—</span>);
/** Text from outside: isolated in direction, cut with the whole text in the title. */
export const Name = ({ text, empty = '—' }: { text: string; empty?: string }) => (text ? <bdi class="clip" title={text.slice(0, 2000)}>{text.slice(0, 300)}</bdi> : <span class="mut">{empty}</span>);

const statuses: Record<string, { tone: string; label: string; Icon: typeof Check }> = {
  success: { tone: 'pos', label: 'Success', Icon: Check },
  error: { tone: 'neg', label: 'Error', Icon: CircleAlert },
  refused: { tone: 'warn', label: 'Refused', Icon: Ban },
  cancelled: { tone: '', label: 'Cancelled', Icon: CircleSlash },
  interrupted: { tone: 'neg', label: 'Interrupted', Icon: Unplug },
};
export function StatusTag({ status }: { status: string }) {
  const found = statuses[status];
  return found ? <Tag tone={found.tone}><found.Icon size={12} aria-hidden="true" />{found.label}</Tag> : <Tag>{status}</Tag>;
}
export const Tag = ({ tone = '', children }: { tone?: string; children: ComponentChildren }) => <span class={`tag ${tone}`}>{children}</span>;
export { money };
