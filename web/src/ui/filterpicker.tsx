// "+ Filter": choose what, then among its values (with counts, from the analytics query), or type one.
import { ArrowLeft, Plus } from 'lucide-preact';
import { signal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type Bound, type Dimension, dimensions, withBound, withFlag, withValues } from '@/lib/filters';
import { count } from '@/lib/format';
import { useShortcuts } from '@/lib/keys';
import { panelQuery, useTable } from '@/lib/query';
import { type FilterState, useFilters } from '@/lib/state';
import { rowsOf } from '@/lib/table';
import { moveFocus, Popover } from '@/ui/popover';

export const dimensionLabels: Record<string, string> = {
  tenant: 'Tenant', workflow: 'Workflow', model: 'Model', provider: 'Provider', category: 'Category', region: 'Region', key: 'API key', status: 'Status',
  end_user: 'End user', requested_model: 'Requested model', error_code: 'Error code', endpoint: 'Endpoint', attempt_reason: 'Had an attempt that was', router_version: 'Router version', policy_version: 'Policy version',
};
export const dimensionLabel = (key: string): string => dimensionLabels[key] ?? (key.startsWith('tags.') ? `Tag ${key.slice(5)}` : key);
export const boundLabels: Record<Bound, string> = { min_cost: 'Cost from, USD', max_cost: 'Cost to, USD', min_latency: 'Latency from, ms', max_latency: 'Latency to, ms' };
export const flagLabels = { cache_hit: 'Cache hit', fallback: 'Fell back', unknown_cost: 'Unknown cost' } as const;

type Step = { kind: 'what' } | { kind: 'values'; key: Dimension } | { kind: 'bound'; key: Bound } | { kind: 'tag' } | { kind: 'text' };

/** Values of one dimension under all other filters, most frequent first. */
function useValues(state: FilterState, key: Dimension) {
  const others = withValues(state.filters, key, []);
  return useTable(panelQuery({ filters: others, range: state.range }, { measures: ['requests'], dimensions: [key], order: [{ by: 'requests', desc: true }], limit: 100 }));
}

export function ValueList({ dimension, onDone }: { dimension: Dimension; onDone: () => void }) {
  const state = useFilters();
  const values = useValues(state, dimension);
  const current = state.filters.by[dimension];
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(current?.values ?? []));
  const [exclude, setExclude] = useState(current?.exclude ?? false);
  const [search, setSearch] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const rows = rowsOf(values.data).map((row) => ({ value: row.text(dimension), n: row.number('requests') }));
  const shown = rows.filter((row) => row.value.toLowerCase().includes(search.toLowerCase())).slice(0, 100);
  const typed = search && !rows.some((row) => row.value === search) ? search : null;
  const toggle = (value: string) => {
    const next = new Set(chosen);
    if (!next.delete(value)) next.add(value);
    setChosen(next);
  };
  const apply = () => {
    state.set(withValues(state.filters, dimension, [...chosen], exclude));
    onDone();
  };
  return (
    <form onSubmit={(event) => { event.preventDefault(); apply(); }}>
      <input ref={field} data-first class="input" placeholder={`Find a ${dimensionLabel(dimension).toLowerCase()}`} aria-label={`Find a ${dimensionLabel(dimension)}`} value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
      <div class="list" role="group" aria-label={dimensionLabel(dimension)} aria-busy={values.isFetching}>
        {typed !== null && <Option value={typed} note="as typed" on={chosen.has(typed)} toggle={() => toggle(typed)} />}
        {shown.map((row) => <Option key={row.value} value={row.value} note={count(row.n)} on={chosen.has(row.value)} toggle={() => toggle(row.value)} />)}
        {values.isPending && <p class="group-t">Loading values</p>}
        {values.isError && <p class="group-t">Values did not load; type one.</p>}
        {values.isSuccess && rows.length === 0 && <p class="group-t">No values in this range; type one.</p>}
      </div>
      <div class="row menu-foot">
        <label class="check"><input type="checkbox" checked={exclude} onChange={(event) => setExclude(event.currentTarget.checked)} />Exclude these</label>
        <span class="sp" />
        <button type="submit" class="btn sm pri">Apply</button>
      </div>
    </form>
  );
}

const Option = ({ value, note, on, toggle }: { value: string; note: string; on: boolean; toggle: () => void }) => (
  <label class="menu-i"><input type="checkbox" checked={on} onChange={toggle} /><bdi class="clip">{value === '' ? '(none)' : value.slice(0, 200)}</bdi><span class="r n">{note}</span></label>
);

function TextStep({ label, initial, pattern, onApply }: { label: string; initial: string; pattern?: string; onApply: (text: string) => void }) {
  const [text, setText] = useState(initial);
  return (
    <form class="row" onSubmit={(event) => { event.preventDefault(); onApply(text.trim()); }}>
      <div class="field sp"><label for="filter-text">{label}</label><input id="filter-text" class="input" pattern={pattern} value={text} onInput={(event) => setText(event.currentTarget.value)} /></div>
      <button type="submit" class="btn sm pri">Apply</button>
    </form>
  );
}

const Item = ({ label, onClick }: { label: string; onClick: () => void }) => <button type="button" class="menu-i" onClick={onClick}>{label}</button>;

function What({ go, close }: { go: (step: Step) => void; close: () => void }) {
  const { filters, set } = useFilters();
  return (
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div class="list" onKeyDown={moveFocus}>
      {dimensions.map((key) => <Item key={key} label={dimensionLabel(key)} onClick={() => go({ kind: 'values', key })} />)}
      <Item label="Tag" onClick={() => go({ kind: 'tag' })} />
      <Item label="Text or id" onClick={() => go({ kind: 'text' })} />
      {(Object.keys(boundLabels) as Bound[]).map((key) => <Item key={key} label={boundLabels[key]} onClick={() => go({ kind: 'bound', key })} />)}
      {(Object.keys(flagLabels) as (keyof typeof flagLabels)[]).map((key) => <Item key={key} label={flagLabels[key]} onClick={() => { set(withFlag(filters, key, true)); close(); }} />)}
    </div>
  );
}

function Steps({ close, start }: { close: () => void; start: Step }) {
  const { filters, set } = useFilters();
  const [step, go] = useState<Step>(start);
  const panel = useRef<HTMLDivElement>(null);
  // A step replaces what had the focus: on to the next one's field or list.
  useLayoutEffect(() => panel.current?.querySelector<HTMLElement>('form input, .list .menu-i')?.focus(), [step]);
  return (
    <div class="picker" ref={panel}>
      {step.kind !== 'what' && <button type="button" class="menu-i" onClick={() => go({ kind: 'what' })}><ArrowLeft size={13} aria-hidden="true" />{step.kind === 'values' ? dimensionLabel(step.key) : 'All filters'}</button>}
      {step.kind === 'what' && <What go={go} close={close} />}
      {step.kind === 'values' && <ValueList key={step.key} dimension={step.key} onDone={close} />}
      {step.kind === 'tag' && <TextStep label="Tag key" initial="" onApply={(text) => text && go({ kind: 'values', key: `tags.${text}` })} />}
      {step.kind === 'bound' && <TextStep label={boundLabels[step.key]} initial={filters.bound[step.key] ?? ''} pattern={step.key.endsWith('cost') ? '\\d{1,9}(\\.\\d{1,12})?' : '\\d{1,9}'} onApply={(text) => { set(withBound(filters, step.key, text)); close(); }} />}
      {step.kind === 'text' && <TextStep label="Receipt, trace or request id, or a word" initial={filters.q} onApply={(text) => { set({ ...filters, q: text }); close(); }} />}
    </div>
  );
}

/** What was asked for from elsewhere (the palette): the picker opens at it. */
const wanted = signal<{ step: Step; times: number }>({ step: { kind: 'what' }, times: 0 });
export const pickValues = (key: Dimension) => {
  wanted.value = { step: { kind: 'values', key }, times: wanted.value.times + 1 };
};

export function FilterPicker() {
  const [trigger, setTrigger] = useState(0);
  const [start, setStart] = useState<Step>({ kind: 'what' });
  const asked = wanted.value;
  const seen = useRef(asked.times);
  useEffect(() => {
    if (asked.times === seen.current) return;
    seen.current = asked.times;
    setStart(asked.step);
    setTrigger((before) => before + 1);
  }, [asked]);
  const add = () => {
    setStart({ kind: 'what' });
    setTrigger((before) => before + 1);
  };
  useShortcuts([{ keys: 'f', label: 'Add a filter', run: add }]);
  return (
    <Popover class="chip dash" trigger={trigger} title="Add a filter" onOpen={(byButton) => { if (byButton) setStart({ kind: 'what' }); }} button={<span><Plus size={13} aria-hidden="true" />Filter <kbd aria-hidden="true">F</kbd></span>}>
      {(close) => <Steps close={close} start={start} />}
    </Popover>
  );
}
export function EditValues({ dimension, children }: { dimension: Dimension; children: preact.ComponentChildren }) {
  return <Popover class="" title={`Change filter ${dimensionLabel(dimension)}`} button={children}>{(close) => <Steps close={close} start={{ kind: 'values', key: dimension }} />}</Popover>;
}
