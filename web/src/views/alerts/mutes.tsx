// Hours in which a rule sends nothing.
import { Plus, Trash2 } from 'lucide-preact';
import type { Mute } from '@/lib/rules';

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const names: Record<string, string> = { mon: 'Monday', tue: 'Tuesday', wed: 'Wednesday', thu: 'Thursday', fri: 'Friday', sat: 'Saturday', sun: 'Sunday' };

export function Mutes({ mutes, set, error }: { mutes: readonly Mute[]; set: (next: Mute[]) => void; error?: string | undefined }) {
  const change = (at: number, patch: Partial<Mute>) => set(mutes.map((one, i) => (i === at ? { ...one, ...patch } : one)));
  return (
    <fieldset class="choices">
      <legend>Quiet hours</legend>
      {mutes.map((mute, at) => (
        <div class="mute" key={at}>
          <input class="input" type="time" aria-label="Quiet from" value={mute.from} onInput={(event) => change(at, { from: event.currentTarget.value })} />
          <span class="mut">to</span>
          <input class="input" type="time" aria-label="Quiet until" value={mute.to === '24:00' ? '00:00' : mute.to} onInput={(event) => change(at, { to: event.currentTarget.value })} />
          <input class="input" aria-label="Time zone" value={mute.time_zone} maxLength={60} onInput={(event) => change(at, { time_zone: event.currentTarget.value })} />
          <span class="row" role="group" aria-label="Days on which it begins">
            {days.map((day) => <button key={day} type="button" class="day-b" aria-pressed={mute.days.length === 0 || mute.days.includes(day)} aria-label={names[day]} onClick={() => change(at, { days: toggled(mute.days, day) })}>{day.charAt(0).toUpperCase() + day.charAt(1)}</button>)}
          </span>
          <button type="button" class="cp" aria-label="Remove these hours" onClick={() => set(mutes.filter((_, i) => i !== at))}><Trash2 size={13} aria-hidden="true" /></button>
        </div>
      ))}
      {error && <p class="error" role="alert">{error}</p>}
      <button type="button" class="btn sm" onClick={() => set([...mutes, { from: '22:00', to: '06:00', days: [...days], time_zone: 'UTC' }])}><Plus size={13} aria-hidden="true" />Add hours</button>
    </fieldset>
  );
}
/** An empty list is every day. */
const toggled = (chosen: readonly string[], day: string): string[] => {
  const all = chosen.length === 0 ? [...days] : chosen;
  const next = days.filter((one) => (one === day ? !all.includes(one) : all.includes(one)));
  return next.length === 0 ? [day] : next;
};
