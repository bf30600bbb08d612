// Category × model: who does what, at which price, how well by expectation, how fast.
import { Matrix, type MatrixCell } from '@/charts/matrix';
import { perThousand } from '@/lib/amounts';
import { drillHref } from '@/lib/drill';
import { count, decimal, money, ms, percent } from '@/lib/format';
import { type ModelEntry, qualityOf } from '@/lib/models';
import { toNumber } from '@/lib/money';
import { labelOf, OTHER } from '@/lib/series';
import type { FilterState } from '@/lib/state';
import { type Row, rowsOf } from '@/lib/table';
import { Card, EmptyState, Loaded } from '@/ui/card';
import { Segment } from '@/ui/controls';
import { Name } from '@/ui/figures';
import { type CellKind, choicesOf, type Mix } from '@/views/mix/data';

const names: Record<CellKind, string> = { share: 'Share', unit: 'Cost per 1k', quality: 'Quality', latency: 'p95' };
const notes: Record<CellKind, string> = {
  share: 'share of the category’s requests', unit: 'cost per 1,000 requests', quality: 'expected by the catalog, 0 to 1; no measurement', latency: 'latency, the slowest 5 % left out',
};

interface Figure {
  text: string;
  heat: number | null;
}
function figureOf(row: Row, kind: CellKind, whole: number, models: readonly ModelEntry[]): Figure {
  const requests = row.number('requests') ?? 0;
  if (kind === 'share') return { text: percent(whole > 0 ? requests / whole : null), heat: whole > 0 ? requests / whole : null };
  if (kind === 'latency') return { text: ms(row.number('latency_p95')), heat: row.number('latency_p95') };
  if (kind === 'unit') return { text: money(perThousand(row.money('cost'), requests)), heat: toNumber(perThousand(row.money('cost'), requests)) || null };
  const quality = row.text('model') === OTHER ? null : qualityOf(models, row.text('model'), row.text('category'));
  return { text: quality ? decimal(quality.value) : '—', heat: quality?.value ?? null };
}

export function MixMatrix({ state, mix }: { state: FilterState; mix: Mix }) {
  const { cell: [kind, setKind] } = choicesOf(state);
  return (
    <Card class="c12" title="By category and model" sub={notes[kind]} tools={<Segment label="Cells" value={kind} options={(Object.keys(names) as CellKind[]).map((key) => ({ key, label: names[key] }))} onChange={setKind} />}>
      <Loaded of={mix.matrix} height={320}>
        {(data) => {
          const rows = rowsOf(data);
          if (rows.length === 0) return <EmptyState title="No request in this range" />;
          const sumBy = (dimension: string) => {
            const sums = new Map<string, number>();
            for (const row of rows) sums.set(row.text(dimension), (sums.get(row.text(dimension)) ?? 0) + (row.number('requests') ?? 0));
            return sums;
          };
          const [categories, models] = [sumBy('category'), sumBy('model')];
          const ranked = (sums: Map<string, number>) => [...sums.keys()].sort((a, b) => Number(a === OTHER) - Number(b === OTHER) || (sums.get(b) ?? 0) - (sums.get(a) ?? 0));
          const places = new Map(rows.map((row) => [`${row.text('category')}\n${row.text('model')}`, row]));
          const figures = new Map(rows.map((row) => [row, figureOf(row, kind, categories.get(row.text('category')) ?? 0, mix.models.data ?? [])]));
          const most = Math.max(...[...figures.values()].map((one) => one.heat ?? 0), Number.MIN_VALUE);
          const columns = ranked(models);
          const cell = (category: string, model: string): MatrixCell | null => {
            const row = places.get(`${category}\n${model}`);
            const figure = row && figures.get(row);
            if (!row || !figure) return null;
            const heat = figure.heat === null ? null : kind === 'quality' ? figure.heat : figure.heat / most;
            return {
              text: figure.text, heat, title: `${labelOf('category', category)}, ${labelOf('model', model)}: ${names[kind].toLowerCase()} ${figure.text}, ${count(row.number('receipts'))} receipts`,
              href: drillHref(state.filters, { now: state.now }, [['category', category, []], ['model', model, columns]]),
            };
          };
          return <Matrix label={`${names[kind]} by category and model`} corner="Category" rows={ranked(categories).map((key) => ({ key, head: <Name text={labelOf('category', key)} /> }))} cols={columns.map((key) => ({ key, head: <Name text={labelOf('model', key)} /> }))} cell={cell} />;
        }}
      </Loaded>
    </Card>
  );
}
