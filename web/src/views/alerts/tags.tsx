// How an alert stands, in words: never by colour alone.
import { BellOff, Check, CircleAlert, CircleCheck, Eye, Info, Repeat, Sparkles, TriangleAlert } from 'lucide-preact';
import { type AlertEvent, type EventKind, isProblem, type Severity, severityText } from '@/lib/alerts';
import { Tag } from '@/ui/figures';

const tones: Record<Severity, { tone: string; Icon: typeof Info }> = {
  critical: { tone: 'neg', Icon: CircleAlert },
  warn: { tone: 'warn', Icon: TriangleAlert },
  info: { tone: 'info', Icon: Info },
  ok: { tone: 'pos', Icon: Sparkles },
};
export function SeverityTag({ severity }: { severity: Severity }) {
  const { tone, Icon } = tones[severity];
  return <Tag tone={tone}><Icon size={12} aria-hidden="true" />{severityText[severity]}</Tag>;
}

const kinds: Record<EventKind, { label: string; Icon: typeof Info }> = {
  firing: { label: 'Fired', Icon: CircleAlert },
  reminder: { label: 'Still firing', Icon: Repeat },
  resolved: { label: 'Resolved', Icon: CircleCheck },
  acknowledged: { label: 'Acknowledged', Icon: Eye },
};
export const kindText = (kind: EventKind): string => kinds[kind].label;
/** What happened: a problem that began says how bad it is. */
export function EventTag({ event }: { event: Pick<AlertEvent, 'kind' | 'severity'> }) {
  if (event.kind === 'firing') return <SeverityTag severity={event.severity} />;
  const { label, Icon } = kinds[event.kind];
  const tone = event.kind === 'resolved' ? (isProblem(event) ? 'pos' : '') : event.kind === 'reminder' ? tones[event.severity].tone : '';
  return <Tag tone={tone}><Icon size={12} aria-hidden="true" />{event.kind === 'resolved' && !isProblem(event) ? 'Over' : label}</Tag>;
}

export const Acknowledged = ({ by }: { by: string }) => (by ? <Tag><Check size={12} aria-hidden="true" />Acknowledged by <bdi class="clip">{by}</bdi></Tag> : null);
export const Silenced = ({ until }: { until: string }) => <Tag><BellOff size={12} aria-hidden="true" />Silenced until {until}</Tag>;
