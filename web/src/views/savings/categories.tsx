import { TrendingUp } from 'lucide-preact';
import { BarList } from '@/charts/small';
import { drillHref } from '@/lib/drill';
import { money, percent } from '@/lib/format';
import { toNumber } from '@/lib/money';
import { labelOf } from '@/lib/series';
import type { FilterState } from '@/lib/state';
import { type Row, rowsOf } from '@/lib/table';
import { Card, Loaded } from '@/ui/card';
import { Delta, Money, Name } from '@/ui/figures';
import { NoBaseline } from '@/views/savings/chart';
import { type Savings, savedOf } from '@/views/savings/data';

/** Said whenever a category lost, so that a good sum does not hide it. */
function Losing({ rows }: { rows: readonly Row[] }) {
  const worst = rows.map((row) => ({ key: row.text('category'), saved: row.money('savings') })).filter((row): row is { key: string; saved: bigint } => row.saved !== null && row.saved < 0n).sort((a, b) => toNumber(a.saved) - toNumber(b.saved))[0];
  if (!worst) return null;
  return <p class="notice mover"><TrendingUp class="bad" size={15} aria-hidden="true" /><span><b>{labelOf('category', worst.key)}</b> cost {money(-worst.saved)} more than its baseline.</span></p>;
}

export function SavedByCategory({ state, savings }: { state: FilterState; savings: Savings }) {
  return (
    <Card class="c4" title="By category" tools={<span class="sub">share of baseline{state.filters.compare ? ' · change' : ''}</span>}>
      <Loaded of={savings.categories} height={330}>
        {(data) => {
          const rows = rowsOf(data);
          const keys = rows.map((row) => row.text('category'));
          const known = rows.filter((row) => row.money('savings') !== null);
          if (known.length === 0) return <NoBaseline />;
          const most = Math.max(...known.map((row) => Math.abs(toNumber(row.money('savings')))), Number.MIN_VALUE);
          return (
            <>
              <BarList label="Saved by category" items={known.map((row) => {
                const [now, before] = [savedOf(row), savedOf(row, true)];
                return {
                  key: row.text('category'), label: <Name text={labelOf('category', row.text('category'))} />, share: percent(now.share), value: <Money value={now.saved} as="cents" />,
                  part: toNumber(now.saved) / most, change: state.filters.compare && <Delta now={now.saved} before={before.saved} good="up" />,
                  href: drillHref(state.filters, { now: state.now }, [['category', row.text('category'), keys]]),
                };
              })} />
              <Losing rows={known} />
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}
