// A chart over time: stacked bars or areas, or lines. The legend is the readout; the arrow keys move through buckets (up and
// down through what is stacked), Enter opens the receipts, dragging or Shift and an arrow selects a range.
import { useMemo, useRef, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { time } from '@/lib/format';
import { type Geometry, geometryOf } from '@/charts/geometry';
import { After, Areas, Axes, Bars, Before, Columns, Level, Lines } from '@/charts/marks';
import { MOST_BARS, type TimeChartProps } from '@/charts/model';
import { ordered } from '@/charts/scale';
import { Twin } from '@/charts/twin';
import { useSize } from '@/charts/width';

const nameOf = (chart: TimeChartProps, index: number): string => {
  const bucket = chart.buckets[index];
  if (!bucket) return '';
  return time(bucket.range.from, chart.interval === 'month' ? 'month' : chart.interval === 'day' || chart.interval === 'week' ? 'date' : 'minute', chart.zone);
};

/** The instant in UTC, where the chart's zone is another. */
const utcOf = (chart: TimeChartProps, index: number): string => {
  const from = chart.buckets[index]?.range.from;
  return from && chart.zone !== 'UTC' ? `${time(from, 'minute', 'UTC')} UTC` : '';
};

function Legend({ chart, at }: { chart: TimeChartProps; at: number | null }) {
  return (
    <div class="legend readout">
      <span class="when">{at === null ? 'All' : nameOf(chart, at)}</span>
      {chart.series.map((series) => (
        <Link key={series.key} href={chart.href(at, series.key)} title={series.label}>
          <i style={{ background: series.color }} class={series.dashed ? 'dashed' : ''} /><bdi class="clip">{series.label}</bdi> <b>{series.text(at ?? undefined)}</b>
        </Link>
      ))}
      <span class="sp" />
      {chart.before && <span><svg width="20" height="8" aria-hidden="true"><path class="before" d="M0 4H20" /></svg>{chart.before.label}</span>}
      {chart.after && <span><i class="hatched" />{chart.after.label}</span>}
    </div>
  );
}

function Tip({ chart, geometry: g, at }: { chart: TimeChartProps; geometry: Geometry; at: number }) {
  const reading = chart.reading(at);
  const right = g.x(at) > g.left + g.width / 2;
  const style = right ? { right: `calc(100% - ${g.x(at) - g.band / 2 - 8}px)` } : { left: `${g.x(at) + g.band / 2 + 8}px` };
  return (
    <div class="tip" style={style} aria-hidden="true">
      <div><b>{reading.total}</b>{reading.change && <span class={`d ${reading.change.tone}`}>{reading.change.text}</span>}</div>
      <div class="mut">{nameOf(chart, at)}{reading.before && ` · ${reading.before}`}</div>
      {chart.zone !== 'UTC' && <div class="mut">{utcOf(chart, at)}</div>}
      <div class="tip-l"><span class="link">{reading.receipts}</span><kbd>⏎</kbd></div>
    </div>
  );
}

interface Drag {
  from: number;
  to: number;
}
const CLICK = 5; // px a pointer may move in a click

/** Dragging selects; a drag is not a click on the link under it. */
function useBrush(chart: TimeChartProps, geometry: Geometry) {
  const [drag, setDrag] = useState<Drag | null>(null);
  const start = useRef<{ x: number; index: number } | null>(null);
  const dragged = useRef(false);
  const index = (event: PointerEvent) => geometry.indexAt(event.clientX - (event.currentTarget as Element).getBoundingClientRect().left);
  const finish = (chosen: Drag | null) => {
    start.current = null;
    setDrag(null);
    if (chosen) chart.onBrush?.(...ordered(chosen.from, chosen.to));
  };
  const handlers = {
    onPointerDown: (event: PointerEvent) => {
      dragged.current = false;
      if (chart.onBrush && event.button === 0 && event.pointerType !== 'touch') start.current = { x: event.clientX, index: index(event) };
    },
    onPointerMove: (event: PointerEvent) => {
      if (!start.current || Math.abs(event.clientX - start.current.x) < CLICK) return;
      dragged.current = true;
      setDrag({ from: start.current.index, to: index(event) });
    },
    onPointerUp: () => finish(dragged.current ? drag : null),
    onPointerLeave: () => finish(null),
    onClickCapture: (event: MouseEvent) => {
      if (!dragged.current) return;
      event.preventDefault();
      event.stopPropagation();
      dragged.current = false;
    },
  };
  return { drag, setDrag, finish, handlers };
}

function useKeys(chart: TimeChartProps, brush: ReturnType<typeof useBrush>, setStop: (index: number) => void) {
  const focus = (svg: Element, index: number, series?: string) => {
    setStop(index);
    const target = series === undefined ? `.column[data-index="${index}"]` : `.mark[data-index="${index}"][data-series="${CSS.escape(series)}"]`;
    svg.querySelector<SVGElement>(target)?.focus();
  };
  return (event: KeyboardEvent) => {
    const svg = event.currentTarget as Element;
    const target = (event.target as Element).closest('[data-index]');
    if (!target) return;
    const at = Number(target.getAttribute('data-index'));
    const last = chart.buckets.length - 1;
    const to = { ArrowLeft: Math.max(0, at - 1), ArrowRight: Math.min(last, at + 1), Home: 0, End: last }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      if (event.shiftKey && chart.onBrush) brush.setDrag({ from: brush.drag?.from ?? at, to });
      focus(svg, to);
    } else if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      event.preventDefault();
      const keys = [...svg.querySelectorAll(`.mark[data-index="${at}"]`)].map((mark) => mark.getAttribute('data-series') ?? '');
      const next = keys.indexOf(target.getAttribute('data-series') ?? '\0') + (event.key === 'ArrowUp' ? 1 : -1);
      focus(svg, at, keys[next]);
    } else if (event.key === 'Enter' && brush.drag) {
      event.preventDefault();
      brush.finish(brush.drag);
    } else if (event.key === 'Escape' && brush.drag) {
      event.stopPropagation();
      brush.setDrag(null);
    }
  };
}

function Selection({ geometry: g, drag }: { geometry: Geometry; drag: Drag }) {
  const [from, to] = ordered(drag.from, drag.to);
  return <rect class="selection" x={g.left + from * g.band} y={g.top} width={(to - from + 1) * g.band} height={g.height} aria-hidden="true" />;
}

export function TimeChart(given: TimeChartProps) {
  const chart: TimeChartProps = given.mode === 'bars' && given.buckets.length > MOST_BARS ? { ...given, mode: 'area' } : given;
  const { element, width, height } = useSize<HTMLDivElement>();
  const geometry = geometryOf(chart, width, height);
  const [at, setAt] = useState<number | null>(null);
  const [stop, setStop] = useState<number | null>(null); // of Tab: the newest bucket, until the arrow keys have moved it
  const shown = at !== null && at < chart.buckets.length ? at : null;
  const brush = useBrush(chart, geometry);
  const onKeyDown = useKeys(chart, brush, setStop);
  const at_stop = Math.max(0, Math.min(stop ?? Infinity, chart.buckets.length - 1));
  // The same elements as long as data and size are the same: hovering moves only the readout.
  const marks = useMemo(() => (
    <>
      <Axes chart={chart} geometry={geometry} />
      <Before chart={chart} geometry={geometry} />
      {chart.mode === 'area' && <Areas chart={chart} geometry={geometry} />}
      <Columns chart={chart} geometry={geometry} stop={at_stop} onAt={setAt} />
      {chart.mode === 'bars' && <Bars chart={chart} geometry={geometry} onAt={setAt} />}
      {chart.mode === 'lines' && <Lines chart={chart} geometry={geometry} />}
      <After chart={chart} geometry={geometry} />
      <Level chart={chart} geometry={geometry} />
    </>
  ), [given.series, given.buckets, given.before, given.after, given.mode, given.level, width, height, at_stop]); // eslint-disable-line react-hooks/exhaustive-deps
  return (
    <div class="timechart">
      <Legend chart={chart} at={shown} />
      <div class="plot" ref={element} onMouseLeave={() => setAt(null)}>
        {/* The links inside are what is focused; the group only hears their keys. */}
        <svg width={width} height={height} role="group" aria-label={`${chart.label}. Arrow keys move, Enter opens the receipts.`} onKeyDown={onKeyDown} {...brush.handlers}>
          {shown !== null && <rect class="band" x={geometry.left + shown * geometry.band} y={geometry.top} width={geometry.band} height={geometry.height} aria-hidden="true" />}
          {marks}
          {brush.drag && <Selection geometry={geometry} drag={brush.drag} />}
        </svg>
        {shown !== null && !brush.drag && <Tip chart={chart} geometry={geometry} at={shown} />}
      </div>
      <Twin label={chart.label} heads={['Time', ...chart.series.map((one) => one.label), 'Receipts']} rows={() => chart.buckets.map((bucket, index) => ({
        key: bucket.name,
        head: <time dateTime={bucket.range.from.toISOString()} title={`${time(bucket.range.from, 'full', 'UTC')}`}>{nameOf(chart, index)}</time>,
        cells: [...chart.series.map((one) => ({ text: one.text(index), href: chart.href(index, one.key) })), { text: chart.reading(index).receipts, href: chart.href(index, null) }],
      }))} />
    </div>
  );
}
