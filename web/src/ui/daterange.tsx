// The time range, its zone, and the comparison.
import { Calendar, ChevronDown } from 'lucide-preact';
import { useId, useState } from 'preact/hooks';
import { withRange } from '@/lib/filters';
import { time } from '@/lib/format';
import { instant, presets, type Range, shift } from '@/lib/range';
import { type FilterState, useFilters } from '@/lib/state';
import { useShortcuts } from '@/lib/keys';
import { moveFocus, Popover } from '@/ui/popover';

const zones = ['UTC', Intl.DateTimeFormat().resolvedOptions().timeZone];
const allZones = (): string[] => [...new Set([...zones, ...Intl.supportedValuesOf('timeZone')])];

/** "2026-04-24T13:07" in the zone, for <input type=datetime-local>. */
export function localInput(date: Date, zone: string): string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
  return format.format(date).replace(' ', 'T');
}
export function fromLocalInput(text: string, zone: string): Date | null {
  const found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(text);
  if (!found) return null;
  const [year, month, day, hour, minute] = found.slice(1).map(Number) as [number, number, number, number, number];
  return instant(zone, year, month - 1, day, hour, minute);
}

export function rangeText(range: Range, zone: string): string {
  const long = range.to.getTime() - range.from.getTime() > 2 * 86_400_000;
  const style = long ? 'day' : 'minute';
  const last = long ? new Date(range.to.getTime() - 1) : range.to;
  const year = new Intl.DateTimeFormat('en-US', { timeZone: zone, year: 'numeric' }).format(last);
  return `${time(range.from, style, zone)} – ${time(last, style, zone)}${long ? `, ${year}` : ''}`;
}

function Custom({ state, close }: { state: FilterState; close: () => void }) {
  const { filters, range, set } = state;
  const [from, setFrom] = useState(localInput(range.from, filters.tz));
  const [to, setTo] = useState(localInput(range.to, filters.tz));
  const id = useId();
  const parsed = { from: fromLocalInput(from, filters.tz), to: fromLocalInput(to, filters.tz) };
  const valid = parsed.from && parsed.to && parsed.from < parsed.to;
  return (
    <form onSubmit={(event) => {
      event.preventDefault();
      if (!parsed.from || !parsed.to || !valid) return;
      set(withRange(filters, parsed.from.toISOString(), parsed.to.toISOString()));
      close();
    }}>
      <div class="field"><label for={`${id}f`}>From</label><input id={`${id}f`} class="input" type="datetime-local" value={from} onInput={(event) => setFrom(event.currentTarget.value)} /></div>
      <div class="field"><label for={`${id}t`}>To, not included</label><input id={`${id}t`} class="input" type="datetime-local" value={to} onInput={(event) => setTo(event.currentTarget.value)} /></div>
      {!valid && <p class="hint" role="alert">The end has to be after the start.</p>}
      <div class="field">
        <label for={`${id}z`}>Time zone</label>
        <select id={`${id}z`} class="input" value={filters.tz} onChange={(event) => set({ ...filters, tz: event.currentTarget.value }, { replace: true })}>
          {allZones().map((zone) => <option key={zone}>{zone}</option>)}
        </select>
      </div>
      <button type="submit" class="btn sm pri" disabled={!valid}>Apply</button>
    </form>
  );
}

export function DateRange() {
  const state = useFilters();
  const { filters, range, set } = state;
  const [trigger, setTrigger] = useState(0);
  const move = (steps: number) => {
    const next = shift(range, steps);
    set(withRange(filters, next.from.toISOString(), next.to.toISOString()));
  };
  useShortcuts([
    { keys: 'd', label: 'Time range', run: () => setTrigger(trigger + 1) },
    { keys: '[', label: 'Previous period', run: () => move(-1) },
    { keys: ']', label: 'Next period', run: () => move(1) },
  ]);
  const preset = presets.find((one) => one.key === filters.from && !filters.to);
  return (
    <Popover class="chip" trigger={trigger} title="Time range"
      button={<><span><Calendar size={14} aria-hidden="true" /><b>{preset?.label ?? 'Custom'}</b></span><span class="k n">{rangeText(range, filters.tz)}</span></>}>
      {(close) => (
        <div class="range-grid">
          {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions */}
          <div onKeyDown={moveFocus}>
            {presets.map((one) => (
              <button key={one.key} type="button" class={`menu-i ${one === preset ? 'on' : ''}`} aria-pressed={one === preset} onClick={() => { set(withRange(filters, one.key)); close(); }}>{one.label}</button>
            ))}
          </div>
          <Custom state={state} close={close} />
        </div>
      )}
    </Popover>
  );
}

export function Compare() {
  const { filters, set } = useFilters();
  const toggle = () => set({ ...filters, compare: !filters.compare });
  useShortcuts([{ keys: 'x', label: 'Comparison on or off', run: toggle }]);
  return (
    <Popover class="chip" title="Comparison"
      button={<><span class="k">vs</span><span><b>{filters.compare ? 'Previous period' : 'Nothing'}</b><ChevronDown size={13} aria-hidden="true" /></span></>}>
      {(close) => (
        // eslint-disable-next-line jsx-a11y/no-static-element-interactions
        <div onKeyDown={moveFocus}>
          <button type="button" class={`menu-i ${filters.compare ? 'on' : ''}`} aria-pressed={filters.compare} onClick={() => { set({ ...filters, compare: true }); close(); }}>Previous period<span class="r">whole weeks, Mondays beside Mondays</span></button>
          <button type="button" class={`menu-i ${filters.compare ? '' : 'on'}`} aria-pressed={!filters.compare} onClick={() => { set({ ...filters, compare: false }); close(); }}>Nothing</button>
        </div>
      )}
    </Popover>
  );
}
