// A rule is made or changed here, and tried on the last 7 days before it is saved.
import { FlaskConical } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { toast } from '@/lib/actions';
import { severities, severityText } from '@/lib/alerts';
import { asksReceipts, bodyOf, type Draft, draftOf, emptyDraft, idOf, measures, measureUnit, type Preview, previewRule, type Rule, ruleFields, saveRule, signals, signalText, unitOf } from '@/lib/rules';
import { dimensions } from '@/lib/filters';
import { Dialog } from '@/ui/dialog';
import { CheckField, LinesField, SelectField, TextField, useSubmit, Whole } from '@/ui/form';
import { Mutes } from '@/views/alerts/mutes';
import { PreviewSays } from '@/views/alerts/preview';

type Set = (patch: Partial<Draft>) => void;
type Errors = Readonly<Record<string, string | undefined>>;
interface Part {
  draft: Draft;
  set: Set;
  errors: Errors;
}
const noData = [{ key: 'resolve', label: 'The condition does not hold' }, { key: 'keep', label: 'What fires goes on firing' }, { key: 'alert', label: 'The condition holds' }] as const;
const unitHint: Record<string, string> = { '%': 'per cent', ms: 'milliseconds', 'µs': 'microseconds', USD: 'US dollars', times: 'a factor: 1.5 is half as much again', s: 'seconds', 'per second': 'tokens a second', '': 'a number' };

function Condition({ draft, set, errors }: Part) {
  const unit = unitOf(draft.signal, draft.measure);
  const asks = asksReceipts(draft.signal);
  return (
    <div class="fields">
      <SelectField class="whole" label="Watches" value={draft.signal} set={(signal) => set({ signal })} options={signals.map((key) => ({ key, label: signalText[key] }))} error={errors.signal} />
      {asks && <SelectField label="Measure" value={draft.measure} set={(measure) => set({ measure })} options={measures.some((one) => one.key === draft.measure) ? measures : [...measures, { key: draft.measure, label: draft.measure }]} error={errors.measure} />}
      {asks && <TextField label="Over" value={draft.window} set={(window) => set({ window })} placeholder="15m" hint="30s, 15m, 48h" error={errors.window} />}
      {draft.signal === 'drift' && <TextField label="Against the same hours" value={draft.baseline} set={(baseline) => set({ baseline })} placeholder="168h" hint="this long before" error={errors.baseline} />}
      <SelectField label="Fires when it is" value={draft.bound} set={(bound) => set({ bound })} options={[{ key: 'above', label: 'at or above' }, { key: 'below', label: 'below' }]} />
      <TextField label="Threshold" value={draft.threshold} set={(threshold) => set({ threshold })} inputMode="decimal" required hint={unitHint[unit]} error={errors.above ?? errors.below} {...(unit ? { after: <span class="unit">{unit}</span> } : {})} />
      <TextField label="For at least" value={draft.for} set={(hold) => set({ for: hold })} placeholder="0s" hint="the condition must have held so long" error={errors.for} />
    </div>
  );
}

function Narrow({ draft, set, errors }: Part) {
  if (!asksReceipts(draft.signal)) return <LinesField label="Only" value={draft.filters} set={(filters) => set({ filters })} placeholder="tenant = acme" hint="tenant, budget or provider = values, one a line. Empty: all." error={errors.filters} />;
  return (
    <div class="fields">
      <TextField label="One alert for each" value={draft.group_by} set={(group_by) => set({ group_by })} placeholder="model" hint="at most three of tenant, workflow, model, provider, …" options={dimensions} error={errors.group_by} />
      <TextField label="At least so many requests" value={draft.min_samples} set={(min_samples) => set({ min_samples })} inputMode="numeric" hint="fewer are no data" error={errors.min_samples} />
      <LinesField class="whole" label="Only receipts with" value={draft.filters} set={(filters) => set({ filters })} placeholder={'tenant = acme\nworkflow = nightly, weekly'} hint="dimension = values, one a line. Empty: all." error={errors.filters} />
    </div>
  );
}

function More({ draft, set, errors }: Part) {
  const unit = unitOf(draft.signal, draft.measure);
  const compared = draft.signal === 'drift' || draft.signal === 'anomaly';
  const wrong = ['clear', 'least', 'resolve_after', 'no_data', 'repeat', 'mute'].some((field) => errors[field]);
  return (
    <details class="more" open={wrong || draft.mute.length > 0}>
      <summary>When it resolves, reminders, quiet hours</summary>
      <div class="form">
        <div class="fields">
          <TextField label="Resolved beyond" value={draft.clear} set={(clear) => set({ clear })} inputMode="decimal" placeholder={draft.threshold || 'the threshold'} hint="so that it does not flap" error={errors.clear} {...(unit ? { after: <span class="unit">{unit}</span> } : {})} />
          <TextField label="And for at least" value={draft.resolve_after} set={(resolve_after) => set({ resolve_after })} placeholder="0s" error={errors.resolve_after} />
          {compared && <TextField label="The measure itself at least" value={draft.least} set={(least) => set({ least })} inputMode="decimal" hint={`in ${unitHint[measureUnit(draft.measure)] ?? 'its unit'}: small numbers move easily`} error={errors.least} />}
          <TextField label="Reminder every" value={draft.repeat} set={(repeat) => set({ repeat })} placeholder="4h" hint="0s: never. Acknowledging stops them." error={errors.repeat} />
          <SelectField label="No data means" value={draft.no_data} set={(no_data) => set({ no_data })} options={noData} />
        </div>
        <CheckField label="Tell when it is over" checked={draft.notify_resolved} set={(notify_resolved) => set({ notify_resolved })} />
        <Mutes mutes={draft.mute} set={(mute) => set({ mute })} error={errors.mute} />
      </div>
    </details>
  );
}

/** "15m" in ms, for the receipts of a preview. */
const spanMs = (text: string): number => {
  const found = /^(\d+)(ms|s|m|h)$/.exec(text.trim());
  return found ? Number(found[1]) * ({ ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[found[2] ?? 's'] ?? 0) : 0;
};

function useTrial(draft: Draft) {
  const [preview, setPreview] = useState<{ of: string; said: Preview } | null>(null);
  const trial = useSubmit(ruleFields);
  const body = bodyOf({ ...draft, id: draft.id || 'preview' });
  const run = () => void trial.run(async () => setPreview({ of: JSON.stringify(body), said: await previewRule(body) }));
  return { preview, stale: preview !== null && preview.of !== JSON.stringify(body), trial, run };
}

export function RuleForm({ rule, close }: { rule?: Rule; close: () => void }) {
  const [draft, setDraft] = useState<Draft>(() => (rule ? draftOf(rule) : emptyDraft));
  const [named, setNamed] = useState(rule !== undefined);
  const saving = useSubmit(ruleFields);
  const { preview, stale, trial, run } = useTrial(draft);
  const set: Set = (patch) => setDraft((before) => ({ ...before, ...patch }));
  const errors: Errors = { ...trial.errors, ...saving.errors };
  const part = { draft, set, errors };
  const save = (event: Event) => {
    event.preventDefault();
    void saving.run(async () => {
      await saveRule(bodyOf(draft), !rule);
      toast(rule ? 'Rule changed' : 'Rule made');
      close();
    });
  };
  const asks = asksReceipts(draft.signal);
  return (
    <Dialog class="wide" title={rule ? `Rule ${rule.id}` : 'New rule'} onClose={close} foot={<>
      {asks && <button type="button" class="btn" disabled={trial.busy || draft.threshold.trim() === ''} onClick={run}><FlaskConical size={14} aria-hidden="true" />{trial.busy ? 'Trying…' : 'Try on the last 7 days'}</button>}
      <span class="sp" />
      <button type="button" class="btn" onClick={close}>Cancel</button>
      <button type="submit" form="rule" class="btn pri" disabled={saving.busy || draft.threshold.trim() === '' || draft.id.trim() === ''}>{rule ? 'Save' : 'Make the rule'}</button>
    </>}>
      <form id="rule" class="form" onSubmit={save}>
        {rule?.managed === 'built_in' && <p class="hint">This rule is built in. A changed copy takes its place; removing the copy brings it back.</p>}
        <div class="fields">
          <TextField label="Title" value={draft.title} set={(title) => set({ title, ...(named ? {} : { id: idOf(title) }) })} maxLength={200} placeholder="Slow answers" hint="what a message begins with" error={errors.title} />
          <TextField label="Name" value={draft.id} set={(id) => { setNamed(true); set({ id }); }} mono required disabled={rule !== undefined} maxLength={100} placeholder="slow-answers" error={errors.id} />
          <SelectField label="How bad" value={draft.severity} set={(severity) => set({ severity })} options={severities.map((key) => ({ key, label: severityText[key] }))} error={errors.severity} />
        </div>
        <Condition {...part} />
        <Narrow {...part} />
        <More {...part} />
        <CheckField label="Switched on" checked={draft.enabled} set={(enabled) => set({ enabled })} />
        {preview && <PreviewSays preview={preview.said} windowMs={spanMs(draft.window)} stale={stale} />}
        {!asks && <p class="hint">This signal looks at the present only: it has no past to be tried on.</p>}
        <Whole refusal={trial.refusal} />
        <Whole refusal={saving.refusal} />
      </form>
    </Dialog>
  );
}
