// Which models' share of requests changed, against the period before.
import { BarList } from '@/charts/small';
import { shareOf } from '@/lib/amounts';
import { drillHref } from '@/lib/drill';
import { count, percent } from '@/lib/format';
import { labelOf, OTHER } from '@/lib/series';
import type { FilterState } from '@/lib/state';
import { rowsOf, totalsOf } from '@/lib/table';
import { Card, Loaded } from '@/ui/card';
import { Count, Delta, Name } from '@/ui/figures';
import { type Mix, moves, requestShare } from '@/views/mix/data';

const MOST = 8;
export function Moved({ state, mix }: { state: FilterState; mix: Mix }) {
  return (
    <Card class="c4" title={state.filters.compare ? 'What moved' : 'Share of requests'} tools={<span class="sub">{state.filters.compare ? 'share of requests · change' : 'share'}</span>}>
      <Loaded of={mix.table} height={330}>
        {(data) => {
          const rows = rowsOf(data);
          const total = totalsOf(data);
          const keys = rows.map((row) => row.text('model'));
          const moved = state.filters.compare ? moves(rows, total) : null;
          const order = moved?.map((one) => one.key) ?? keys;
          const shown = order.map((key) => rows.find((row) => row.text('model') === key)).filter((row) => row !== undefined).filter((row) => row.text('model') !== OTHER || (row.number('requests') ?? 0) > 0).slice(0, MOST);
          const most = Math.max(...shown.map((row) => requestShare(row, total) ?? 0), Number.MIN_VALUE);
          return (
            <>
              <BarList label="Share of requests by model" items={shown.map((row) => {
                const key = row.text('model');
                const move = moved?.find((one) => one.key === key);
                return {
                  key, label: <Name text={labelOf('model', key)} />, share: percent(shareOf(row.number('requests') ?? 0, total?.number('requests') ?? null)), value: <Count value={row.number('requests') ?? 0} />,
                  part: (requestShare(row, total) ?? 0) / most, change: move && <Delta rate now={move.now} before={move.before} />, href: drillHref(state.filters, { now: state.now }, [['model', key, keys]]),
                };
              })} />
              {state.filters.compare && !moved && <p class="pad mut">No request in the period before to compare with.</p>}
              {rows.length > shown.length && <p class="pad mut">{count(rows.length - shown.length)} more below</p>}
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}
