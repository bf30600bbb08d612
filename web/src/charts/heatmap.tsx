// Many cells at once, on a canvas. One link lies over the cell under the pointer or the keyboard's cursor, so that a cell can
// be opened, opened in a tab and focused as any link; what it says is read out.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { Bucket } from '@/lib/buckets';
import type { Interval } from '@/lib/range';
import { timeTicks } from '@/charts/scale';
import { Twin } from '@/charts/twin';
import { useSize } from '@/charts/width';

interface HeatmapProps {
  label: string;
  rows: readonly { key: string; label: string }[];
  buckets: readonly Bucket[];
  interval: Interval;
  zone: string;
  /** null: no receipt there. */
  value: (row: string, bucket: string) => number | null;
  /** "gpt-4o, Nov 3: p95 1,204 ms". */
  text: (row: string, index: number) => string;
  /** For the table: only the figure. */
  figure: (row: string, index: number) => string;
  href: (row: string, index: number) => string;
}
const ROW = 26;
const BOTTOM = 24;
const LEAST = 0.06; // alpha of the smallest value, so that it is seen
interface At {
  row: number;
  col: number;
}

/** Square root of the place between smallest and greatest. */
export function alphaOf(value: number, low: number, high: number): number {
  if (high <= low) return 0.5;
  return LEAST + (1 - LEAST) * Math.sqrt(Math.min(1, Math.max(0, (value - low) / (high - low))));
}

function paint(canvas: HTMLCanvasElement, props: HeatmapProps, width: number) {
  const ratio = devicePixelRatio || 1;
  const height = props.rows.length * ROW;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  if (!context) return;
  const style = getComputedStyle(canvas);
  context.scale(ratio, ratio);
  context.clearRect(0, 0, width, height);
  const values = props.rows.flatMap((row) => props.buckets.map((bucket) => props.value(row.key, bucket.name))).filter((value) => value !== null);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const band = width / Math.max(1, props.buckets.length);
  const gap = band > 5 ? 1 : 0;
  props.rows.forEach((row, r) => props.buckets.forEach((bucket, c) => {
    const value = props.value(row.key, bucket.name);
    context.globalAlpha = value === null ? 1 : alphaOf(value, low, high);
    context.fillStyle = style.getPropertyValue(value === null ? '--sunken' : '--accent');
    context.fillRect(c * band, r * ROW, band - gap, ROW - 1);
  }));
}

/** The theme is in the colours that are painted: paint again when it changes. */
function useTheme(): string {
  const read = () => document.documentElement.dataset.theme ?? '';
  const [theme, setTheme] = useState(read);
  useEffect(() => {
    const observer = new MutationObserver(() => setTheme(read()));
    observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => observer.disconnect();
  }, []);
  return theme;
}

const moves: Record<string, readonly [number, number]> = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

export function Heatmap(props: HeatmapProps) {
  const { rows, buckets } = props;
  const { element, width } = useSize<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [at, setAt] = useState<At>({ row: 0, col: Math.max(0, buckets.length - 1) });
  const [seen, setSeen] = useState(false);
  const theme = useTheme();
  useEffect(() => {
    if (canvas.current) paint(canvas.current, props, width);
  }, [props, width, theme]);
  const row = Math.min(at.row, rows.length - 1);
  const col = Math.min(at.col, buckets.length - 1);
  const band = width / Math.max(1, buckets.length);
  const name = rows[row]?.key ?? '';
  const over = (event: MouseEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    setSeen(true);
    setAt({ row: Math.min(rows.length - 1, Math.max(0, Math.floor((event.clientY - box.top) / ROW))), col: Math.min(buckets.length - 1, Math.max(0, Math.floor((event.clientX - box.left) / band))) });
  };
  const key = (event: KeyboardEvent) => {
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    setAt({ row: Math.min(rows.length - 1, Math.max(0, row + move[0])), col: Math.min(buckets.length - 1, Math.max(0, col + move[1])) });
  };
  const text = rows.length > 0 && buckets.length > 0 ? props.text(name, col) : '';
  return (
    <div class="heatmap">
      <div class="heat-side" aria-hidden="true">{rows.map((one) => <bdi key={one.key} class="clip" style={{ height: ROW }} title={one.label}>{one.label}</bdi>)}</div>
      <div class="heat-body">
        {/* Pointer convenience only: the link inside takes focus and keys. */}
        { }
        <div class="heat-area" ref={element} style={{ height: rows.length * ROW }} onMouseMove={over} onMouseLeave={() => setSeen(false)}>
          <canvas ref={canvas} style={{ width, height: rows.length * ROW }} aria-hidden="true" />
          {rows.length > 0 && buckets.length > 0 && (
            <Link class={`heat-at ${seen ? 'on' : ''}`} href={props.href(name, col)} aria-label={`${props.label}. Arrow keys move. ${text}`} onKeyDown={key} onFocus={() => setSeen(true)} onBlur={() => setSeen(false)}
              style={{ left: col * band, top: row * ROW, width: Math.max(3, band), height: ROW }} />
          )}
        </div>
        <svg width={width} height={BOTTOM} aria-hidden="true">
          {timeTicks(buckets, props.interval, props.zone, Math.max(2, Math.floor(width / 84))).map((tick) => <text key={tick.index} x={Math.min(width - 16, Math.max(16, (tick.index + 0.5) * band))} y={17} text-anchor="middle">{tick.label}</text>)}
        </svg>
        <p class="heat-read" role="status">{seen ? text : 'Point at a cell, or move with the arrow keys; Enter opens its receipts.'}</p>
      </div>
      <div class="heat-twin"><Twin label={props.label} heads={['', ...rows.map((one) => one.label)]} rows={() => buckets.map((bucket, index) => ({ key: bucket.name, head: bucket.name.replace('T', ' ').replace(':00Z', ''), cells: rows.map((one) => ({ text: props.figure(one.key, index), href: props.href(one.key, index) })) }))} /></div>
    </div>
  );
}
