// The global filters, the same object on every view. What a view cannot apply stays in the address and says so.
import { X } from 'lucide-preact';
import { activeDimensions, type Bound, cleared, type Dimension, type Flag, hasFilters, withBound, withFlag, withValues } from '@/lib/filters';
import { useFilters } from '@/lib/state';
import { Chip } from '@/ui/controls';
import { Compare, DateRange } from '@/ui/daterange';
import { boundLabels, dimensionLabel, EditValues, FilterPicker, flagLabels } from '@/ui/filterpicker';

interface FilterBarProps {
  busy?: boolean;
  compare?: boolean;
  range?: boolean;
  /** Dimensions this view cannot apply. */
  unused?: readonly Dimension[];
}

export function FilterBar({ busy = false, compare = true, range = true, unused = [] }: FilterBarProps) {
  const { filters, set } = useFilters();
  const shown = (values: readonly string[]) => values.map((value) => (value === '' ? '(none)' : value)).join(', ');
  return (
    <>
      <div class="filters" role="group" aria-label="Filters">
        {range && <DateRange />}
        {compare && <Compare />}
        {(range || compare) && <span class="vr" aria-hidden="true" />}
        {activeDimensions(filters).map((key) => {
          const filter = filters.by[key];
          if (!filter) return null;
          if (unused.includes(key)) return <Chip key={key} name={dimensionLabel(key)} value={shown(filter.values)} unused onRemove={() => set(withValues(filters, key, []))} />;
          return (
            <span key={key} class="chip with-pop">
              <EditValues dimension={key}><span class="k">{dimensionLabel(key)}</span><span class="k">{filter.exclude ? 'is not' : filter.values.length > 1 ? 'is any of' : 'is'}</span><b title={shown(filter.values).slice(0, 2000)}><bdi>{shown(filter.values).slice(0, 200)}</bdi></b></EditValues>
              <button type="button" aria-label={`Remove filter ${dimensionLabel(key)}`} onClick={() => set(withValues(filters, key, []))}><X size={13} aria-hidden="true" /></button>
            </span>
          );
        })}
        {(Object.keys(filters.bound) as Bound[]).map((key) => <Chip key={key} name={boundLabels[key]} value={filters.bound[key] ?? ''} onRemove={() => set(withBound(filters, key, ''))} />)}
        {(Object.keys(filters.flag) as Flag[]).map((key) => <Chip key={key} name={flagLabels[key]} value={filters.flag[key] ? 'yes' : 'no'} onRemove={() => set(withFlag(filters, key, undefined))} />)}
        {filters.q && <Chip name="Text" value={filters.q} onRemove={() => set({ ...filters, q: '' })} />}
        {filters.trace_id && <Chip name="Trace" value={filters.trace_id} onRemove={() => set({ ...filters, trace_id: '' })} />}
        {filters.ignored.map((text) => <Chip key={text} bad name="Ignored" value={text} onRemove={() => set({ ...filters, ignored: [] }, { replace: true })} />)}
        <FilterPicker />
        {hasFilters(filters) && <button type="button" class="btn sm gh" onClick={() => set(cleared(filters))}>Clear</button>}
      </div>
      <div class={`busy ${busy ? 'on' : ''}`} aria-hidden="true" />
    </>
  );
}
