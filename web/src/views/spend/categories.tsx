import { TrendingDown, TrendingUp } from 'lucide-preact';
import { BarList } from '@/charts/small';
import { shareOf } from '@/lib/amounts';
import { drillHref } from '@/lib/drill';
import { money, percent } from '@/lib/format';
import { toNumber } from '@/lib/money';
import type { FilterState } from '@/lib/state';
import { previous, type Row, rowsOf, totalsOf } from '@/lib/table';
import { Card, Loaded } from '@/ui/card';
import { Delta, Money, Name } from '@/ui/figures';
import { labelOf, type Spend } from '@/views/spend/data';

/** What moved most, in money. */
function Mover({ rows }: { rows: readonly Row[] }) {
  const moved = rows
    .map((row) => ({ key: row.text('category'), now: row.money('cost'), before: row.money(previous('cost')) }))
    .filter((row): row is { key: string; now: bigint; before: bigint } => row.now !== null && row.before !== null && row.before > 0n)
    .map((row) => ({ ...row, by: row.now - row.before }))
    .sort((a, b) => Math.abs(toNumber(b.by)) - Math.abs(toNumber(a.by)))[0];
  if (!moved || moved.by === 0n) return null;
  const fell = moved.by < 0n;
  return (
    <p class="notice mover">
      {fell ? <TrendingDown class="good" size={15} aria-hidden="true" /> : <TrendingUp class="bad" size={15} aria-hidden="true" />}
      <span><b>{labelOf('category', moved.key)}</b> {fell ? 'fell' : 'rose'} most: {money(moved.before)} before, {money(moved.now)} now.</span>
    </p>
  );
}

export function Categories({ state, spend }: { state: FilterState; spend: Spend }) {
  return (
    <Card class="c4" title="By category" tools={<span class="sub">share · change</span>}>
      <Loaded of={spend.categories} height={330}>
        {(data) => {
          const rows = rowsOf(data);
          const keys = rows.map((row) => row.text('category'));
          const total = totalsOf(data)?.money('cost') ?? null;
          const most = Math.max(...rows.map((row) => toNumber(row.money('cost')) || 0), Number.MIN_VALUE);
          return (
            <>
              <BarList label="Cost by category" items={rows.map((row) => ({
                key: row.text('category'), label: <Name text={labelOf('category', row.text('category'))} />, share: percent(shareOf(row.money('cost'), total)),
                value: <Money value={row.money('cost')} as="cents" />, part: (toNumber(row.money('cost')) || 0) / most,
                change: state.filters.compare && <Delta now={row.money('cost')} before={row.money(previous('cost'))} good="down" />,
                href: drillHref(state.filters, { now: state.now }, [['category', row.text('category'), keys]]),
              }))} />
              {state.filters.compare && <Mover rows={rows} />}
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}
