// The marks of a chart over time. Every one is a link to the receipts it stands for.
import { area, line } from 'd3-shape';
import { useId } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { time } from '@/lib/format';
import type { Geometry } from '@/charts/geometry';
import type { TimeChartProps } from '@/charts/model';
import { timeTicks } from '@/charts/scale';

interface Props {
  chart: TimeChartProps;
  geometry: Geometry;
}
const PER_TICK = 84; // px a label needs
const GAP = 1; // px of surface between stacked segments

export function Axes({ chart, geometry: g }: Props) {
  const all = [...chart.buckets, ...(chart.after?.buckets ?? [])];
  return (
    <g aria-hidden="true">
      {g.ticks.map((tick) => (
        <g key={tick}>
          <line class={tick === 0 ? 'axis' : 'gridline'} x1={g.left} x2={g.left + g.width} y1={g.y(tick)} y2={g.y(tick)} />
          <text x={g.left - 10} y={g.y(tick) + 4} text-anchor="end">{chart.axis(tick)}</text>
        </g>
      ))}
      {timeTicks(all, chart.interval, chart.zone, Math.max(2, Math.floor(g.width / PER_TICK))).map(({ index, label }) => (
        <text key={index} x={Math.min(g.left + g.width - 16, Math.max(g.left + 16, g.x(index)))} y={g.top + g.height + 19} text-anchor="middle">{label}</text>
      ))}
    </g>
  );
}

/** The whole bucket is a link; the arrow keys move through them, so only one of them is a stop of Tab. */
export function Columns({ chart, geometry: g, stop, onAt }: Props & { stop: number; onAt: (index: number | null) => void }) {
  return (
    <g>
      {chart.buckets.map((bucket, index) => {
        const reading = chart.reading(index);
        const at = time(bucket.range.from, chart.interval === 'day' || chart.interval === 'week' ? 'date' : chart.interval === 'month' ? 'month' : 'minute', chart.zone);
        return (
          <Link key={bucket.name} href={chart.href(index, null)} class="column" data-index={index} tabindex={index === stop ? 0 : -1} draggable={false}
            aria-label={`${at}: ${reading.total}${reading.change ? `, ${reading.change.text}` : ''}, ${reading.receipts}`} onFocus={() => onAt(index)} onBlur={() => onAt(null)} onMouseEnter={() => onAt(index)}>
            <rect x={g.left + index * g.band} y={g.top} width={g.band} height={g.height} />
          </Link>
        );
      })}
    </g>
  );
}

export function Bars({ chart, geometry: g, onAt }: Props & { onAt: (index: number | null) => void }) {
  const width = Math.max(1, Math.min(26, g.band * (g.band < 8 ? 0.86 : 0.7)));
  return (
    <g>
      {g.stack.map((part, s) => {
        const series = chart.series[s];
        if (!series) return null;
        return part.spans.map(([from, to], index) => {
          if (from === to) return null;
          const top = g.y(Math.max(from, to));
          const height = Math.max(0.75, g.y(Math.min(from, to)) - top - (from === 0 ? 0 : GAP));
          return (
            <Link key={`${part.key} ${index}`} href={chart.href(index, part.key)} class="mark" tabindex={-1} draggable={false} data-index={index} data-series={part.key}
              aria-label={`${series.label}: ${series.text(index)}`} onMouseEnter={() => onAt(index)} onFocus={() => onAt(index)}>
              <rect x={g.x(index) - width / 2} y={top} width={width} height={height} rx={width > 6 ? 1.5 : 0} fill={series.color} />
            </Link>
          );
        });
      })}
    </g>
  );
}

export function Areas({ chart, geometry: g }: Props) {
  const path = area<readonly [number, number]>().x((_, index) => g.x(index)).y0(([low]) => g.y(low)).y1(([, high]) => g.y(high));
  return (
    <g class="through">
      {g.stack.map((part, s) => <path key={part.key} d={path([...part.spans]) ?? ''} fill={chart.series[s]?.color ?? 'var(--c0)'} class="area" />)}
    </g>
  );
}

export function Lines({ chart, geometry: g }: Props) {
  const path = line<number | null>().defined((value) => value !== null && Number.isFinite(value)).x((_, index) => g.x(index)).y((value) => g.y(value ?? 0));
  return (
    <g class="through">
      {chart.series.map((series) => (
        <g key={series.key}>
          <path d={path([...series.values]) ?? ''} class="line" stroke={series.color} stroke-dasharray={series.dashed ? '5 4' : undefined} />
          {series.values.map((value, index) => (value !== null && alone(series.values, index) ? <circle key={index} cx={g.x(index)} cy={g.y(value)} r={2.5} fill={series.color} /> : null))}
        </g>
      ))}
    </g>
  );
}
const alone = (values: readonly (number | null)[], index: number) => (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null;

/** The period before, in steps, so that it is not taken for a measured line. */
export function Before({ chart, geometry: g }: Props) {
  if (!chart.before) return null;
  let d = '';
  chart.before.values.forEach((value, index) => {
    if (value === null || !Number.isFinite(value)) return;
    const known = (chart.before?.values[index - 1] ?? null) !== null && index > 0;
    d += `${known ? 'L' : 'M'}${g.left + index * g.band},${g.y(value)}H${g.left + (index + 1) * g.band}`;
  });
  return <path class="before" d={d} aria-hidden="true" />;
}

/** What is to come is hatched: it has not happened. */
export function After({ chart, geometry: g }: Props) {
  const id = useId();
  if (!chart.after) return null;
  const width = Math.max(1, Math.min(26, g.band * 0.7));
  return (
    <g aria-hidden="true">
      <defs><pattern id={id} width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="hatch" x1="0" x2="0" y1="0" y2="5" /></pattern></defs>
      {chart.after.values.map((value, index) => (
        <rect key={index} class="after" x={g.x(chart.buckets.length + index) - width / 2} y={g.y(value)} width={width} height={Math.max(0, g.y(0) - g.y(value))} fill={`url(#${id})`} />
      ))}
    </g>
  );
}

export function Level({ chart, geometry: g }: Props) {
  if (!chart.level) return null;
  const y = g.y(chart.level.value);
  return <g aria-hidden="true"><line class="level" x1={g.left} x2={g.left + g.width} y1={y} y2={y} /><text class="level-t" x={g.left + g.width - 4} y={y - 5} text-anchor="end">{chart.level.label}</text></g>;
}
