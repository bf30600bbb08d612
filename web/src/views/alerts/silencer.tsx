// A silence: which messages are held back, until when, and why. What fires goes on being recorded.
import { useState } from 'preact/hooks';
import { toast } from '@/lib/actions';
import { type Labels, silence } from '@/lib/alerts';
import { time } from '@/lib/format';
import { useFilters } from '@/lib/state';
import { fromLocalInput, localInput } from '@/ui/daterange';
import { Dialog } from '@/ui/dialog';
import { LinesField, SelectField, TextField, useSubmit, Whole } from '@/ui/form';

export interface About {
  rule: string;
  labels: Labels;
}
const HOUR = 3_600_000;
const spans = [{ key: '1', label: 'For 1 hour' }, { key: '4', label: 'For 4 hours' }, { key: '24', label: 'For a day' }, { key: '168', label: 'For a week' }, { key: 'other', label: 'Until a time' }] as const;
type Span = (typeof spans)[number]['key'];

/** "provider = openai": one label a line. */
const linesOf = (labels: Labels) => Object.entries(labels).filter(([, value]) => value !== '').map(([key, value]) => `${key} = ${value}`).join('\n');
export const labelsOf = (text: string): Record<string, string> =>
  Object.fromEntries(text.split('\n').map((line) => line.trim()).filter(Boolean).map((line) => {
    const at = line.indexOf('=');
    return at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  }));

export function Silencer({ about, rules, close }: { about: About; rules: readonly string[]; close: () => void }) {
  const { filters } = useFilters();
  const [rule, setRule] = useState(about.rule);
  const [labels, setLabels] = useState(linesOf(about.labels));
  const [span, setSpan] = useState<Span>('4');
  const [until, setUntil] = useState(() => localInput(new Date(Date.now() + 8 * HOUR), filters.tz));
  const [comment, setComment] = useState('');
  const { refusal, errors, busy, run } = useSubmit(['rule', 'labels', 'until', 'comment', 'tenant']);
  const end = span === 'other' ? fromLocalInput(until, filters.tz) : new Date(Date.now() + Number(span) * HOUR);
  const save = (event: Event) => {
    event.preventDefault();
    if (!end) return;
    void run(async () => {
      await silence({ rule: rule.trim(), labels: labelsOf(labels), until: end.toISOString(), comment: comment.trim() });
      toast('Silenced');
      close();
    });
  };
  return (
    <Dialog title="Silence" onClose={close} foot={<><button type="button" class="btn" onClick={close}>Cancel</button><button type="submit" form="silence" class="btn pri" disabled={busy || !end}>Silence</button></>}>
      <form id="silence" class="form" onSubmit={save}>
        <p class="hint">Messages are held back, events are not. What still fires when the silence ends is said then.</p>
        <TextField label="Rule" value={rule} set={setRule} options={rules} placeholder="every rule" hint="A trailing * matches any rest; empty is every rule." error={errors.rule} mono />
        <LinesField label="Only alerts with these labels" value={labels} set={setLabels} placeholder="provider = openai" hint="One a line; all must match. Empty: all of the rule’s." error={errors.labels} />
        <div class="fields">
          <SelectField label="How long" value={span} set={setSpan} options={spans} />
          {span === 'other' && <TextField label={`Until, ${filters.tz}`} type="datetime-local" value={until} set={setUntil} error={errors.until} />}
        </div>
        <TextField label="Why" value={comment} set={setComment} placeholder="maintenance at the provider" error={errors.comment} />
        {end && <p class="says hint" role="status">Held back until {time(end, 'minute', filters.tz)} {filters.tz}.</p>}
        {span !== 'other' && errors.until && <p class="error" role="alert">{errors.until}</p>}
        <Whole refusal={refusal} />
      </form>
    </Dialog>
  );
}
