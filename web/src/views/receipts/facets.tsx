// What the matching receipts are made of: counts per value, of the groups that are open. One click filters, Alt-click excludes.
import { useState } from 'preact/hooks';
import { ChevronRight } from 'lucide-preact';
import { type Dimension, withValues } from '@/lib/filters';
import { count } from '@/lib/format';
import { panelQuery, useTable } from '@/lib/query';
import type { FilterState } from '@/lib/state';
import { rowsOf } from '@/lib/table';
import { dimensionLabel } from '@/ui/filterpicker';
import { Skeleton } from '@/ui/card';

const facets: readonly Dimension[] = ['status', 'tenant', 'workflow', 'category', 'model', 'provider', 'region', 'error_code', 'key'];

function Values({ state, dimension }: { state: FilterState; dimension: Dimension }) {
  const others = withValues(state.filters, dimension, []);
  const values = useTable(panelQuery({ filters: others, range: state.range }, { measures: ['requests'], dimensions: [dimension], order: [{ by: 'requests', desc: true }], limit: 12 }));
  const current = state.filters.by[dimension];
  if (values.isError) return <p class="mut facet-n">Did not load. <button type="button" class="link" onClick={() => void values.refetch()}>Retry</button></p>;
  if (!values.data) return <div class="facet-n"><Skeleton height={60} /></div>;
  const rows = rowsOf(values.data);
  if (rows.length === 0) return <p class="mut facet-n">None</p>;
  const toggle = (value: string, exclude: boolean) => {
    const on = current && current.exclude === exclude ? current.values : [];
    state.set(withValues(state.filters, dimension, on.includes(value) ? on.filter((one) => one !== value) : [...on, value], exclude));
  };
  return (
    <ul aria-busy={values.isFetching}>
      {rows.map((row) => {
        const value = row.text(dimension);
        const on = current?.values.includes(value) ?? false;
        return (
          <li key={value}>
            <button type="button" class={`facet-v ${on && current?.exclude ? 'no' : ''}`} aria-pressed={on} onClick={(event) => toggle(value, event.altKey || (on && (current?.exclude ?? false)))}>
              <bdi>{value === '' ? '(none)' : value.slice(0, 120)}</bdi><span class="n mut">{count(row.number('requests'))}</span>
            </button>
          </li>
        );
      })}
      {values.data.groups > rows.length && <li class="mut facet-n">{count(values.data.groups - rows.length)} more: use + Filter</li>}
    </ul>
  );
}

export function Facets({ state }: { state: FilterState }) {
  const [open, setOpen] = useState<ReadonlySet<Dimension>>(() => new Set(matchMedia('(max-width: 1520px)').matches ? [] : ['status']));
  const toggle = (dimension: Dimension) => {
    const next = new Set(open);
    if (!next.delete(dimension)) next.add(dimension);
    setOpen(next);
  };
  return (
    <section class="card facets" aria-label="Narrow down">
      {facets.map((dimension) => (
        <div key={dimension}>
          <button type="button" class="facet-h" aria-expanded={open.has(dimension)} onClick={() => toggle(dimension)}><ChevronRight size={13} aria-hidden="true" />{dimensionLabel(dimension)}</button>
          {open.has(dimension) && <Values state={state} dimension={dimension} />}
        </div>
      ))}
    </section>
  );
}
