// Ranges that roll: the last 7, 30 or 90 days, always whole and always ending now.
import { withRange } from '@/lib/filters';
import type { FilterState } from '@/lib/state';
import { Segment } from '@/ui/controls';

const days = ['-7d', '-30d', '-90d'] as const;
type Days = (typeof days)[number] | '';

export function Rolling({ state }: { state: FilterState }) {
  const { filters, set } = state;
  const current: Days = filters.to === '' ? (days.find((one) => one === filters.from) ?? '') : '';
  return <Segment<Days> label="Rolling range" value={current} options={days.map((key) => ({ key, label: `${key.slice(1, -1)} days` }))} onChange={(next) => set(withRange(filters, next))} />;
}
