// What a reader of figures has to know about them: the views are behind, older receipts are gone, percentiles are near.
import type { Table } from '@/lib/api';
import { ms, percent, time } from '@/lib/format';
import { useFilters } from '@/lib/state';
import { Notice } from '@/ui/card';
import { LATE, useStatus } from '@/ui/health';

/** The latest instant before which figures may be too low. */
export function incompleteBefore(tables: readonly (Pick<Table, 'incomplete_before'> | undefined)[]): string | null {
  const found = tables.map((table) => table?.incomplete_before).filter((text): text is string => !!text);
  return found.length === 0 ? null : found.reduce((a, b) => (a > b ? a : b));
}
export const percentileError = (tables: readonly (Pick<Table, 'percentile_error'> | undefined)[]): number => Math.max(0, ...tables.map((table) => table?.percentile_error ?? 0));

export function DataNotices({ tables }: { tables: readonly (Table | undefined)[] }) {
  const { filters } = useFilters();
  const status = useStatus();
  const lag = status.data?.store.last_lag_ms ?? 0;
  const failing = status.data?.store.last_error;
  const before = incompleteBefore(tables);
  if (lag <= LATE && !failing && !before) return null;
  return (
    <div class="notices">
      {failing ? <Notice tone="neg">Receipts do not reach the views: {failing}. Figures end {ms(lag)} ago; the journal has everything.</Notice>
        : lag > LATE && <Notice tone="warn">The views are {ms(lag)} behind: the newest receipts are not counted yet.</Notice>}
      {before && <Notice tone="warn">Partial: receipts from before {time(before, 'minute', filters.tz)} are no longer kept for every tenant, so older figures may be too low.</Notice>}
    </div>
  );
}

/** For the foot of a card with percentiles. */
export const Exactness = ({ tables }: { tables: readonly (Table | undefined)[] }) => {
  const error = percentileError(tables);
  return <span>{error === 0 ? 'Percentiles are exact: the nearest rank over all receipts.' : `Percentiles are from sketches, at most ${percent(error)} away from the true value; never averages of percentiles.`}</span>;
};
