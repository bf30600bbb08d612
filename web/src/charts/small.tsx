// Small marks: ranked bars, sparks, a waterfall of a sum.
import type { ComponentChildren } from 'preact';
import { Link } from 'wouter-preact';
import { linear } from '@/charts/scale';
import { niceTicks } from '@/lib/ticks';
import { useSize } from '@/charts/width';

export interface BarItem {
  key: string;
  label: ComponentChildren;
  share: string;
  value: ComponentChildren;
  /** Of the greatest, 0 to 1; below zero is drawn as a loss. */
  part: number;
  change?: ComponentChildren;
  href: string;
}
/** One colour: the label says what it is. */
export function BarList({ label, items }: { label: string; items: readonly BarItem[] }) {
  return (
    <ul class="barlist" aria-label={label}>
      {items.map((item) => (
        <li key={item.key}>
          <Link href={item.href}>
            <span class="bl-h"><span class="bl-n">{item.label}</span><span class="mut n">{item.share}</span></span>
            <span class="bl-v">{item.value}</span>
            <span class={`bar ${item.part < 0 ? 'loss' : ''}`}><i style={{ '--w': `${Math.min(100, Math.abs(item.part) * 100)}%` }} /></span>
            <span class="bl-d">{item.change}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

const SPARK = { width: 92, height: 22 };
/** A trend without an axis; its numbers are in the row beside it. */
export function Spark({ label, values }: { label: string; values: readonly number[] }) {
  const shown = values.slice(-31);
  const max = Math.max(...shown, Number.MIN_VALUE);
  const band = SPARK.width / Math.max(1, shown.length);
  return (
    <svg class="spark" width={SPARK.width} height={SPARK.height} role="img" aria-label={label}>
      {shown.map((value, index) => {
        const height = value > 0 ? Math.max(1, (value / max) * SPARK.height) : 0;
        return <rect key={index} class={index === shown.length - 1 ? 'last' : ''} x={index * band} y={SPARK.height - height} width={Math.max(0.8, band - 1)} height={height} />;
      })}
    </svg>
  );
}

export interface Step {
  key: string;
  label: string;
  /** Sums are drawn from zero, changes from where the one before ended. */
  kind: 'sum' | 'change';
  value: number;
  text: string;
  note?: string;
  href: string;
}
interface Placed extends Step {
  from: number;
  to: number;
}
export function placed(steps: readonly Step[]): Placed[] {
  let level = 0;
  return steps.map((step) => {
    const from = step.kind === 'sum' ? 0 : level;
    level = step.kind === 'sum' ? step.value : level + step.value;
    return { ...step, from, to: level };
  });
}

const BRIDGE = { left: 48, right: 8, top: 26, bottom: 42, least: 74 };
/** How one sum becomes another. What lowers it is good, what raises it is not: sign and colour say so. */
export function Bridge({ label, steps, axis }: { label: string; steps: readonly Step[]; axis: (value: number) => string }) {
  const { element, width: seen, height } = useSize<HTMLDivElement>();
  const bars = placed(steps);
  const width = Math.max(seen, BRIDGE.left + BRIDGE.right + bars.length * BRIDGE.least); // narrower, it scrolls
  const ticks = niceTicks(Math.min(...bars.map((bar) => Math.min(bar.from, bar.to))), Math.max(...bars.map((bar) => Math.max(bar.from, bar.to))));
  const y = linear([ticks[0] ?? 0, ticks.at(-1) ?? 1], [height - BRIDGE.bottom, BRIDGE.top]);
  const band = (width - BRIDGE.left - BRIDGE.right) / Math.max(1, bars.length);
  const bar = Math.min(88, band * 0.62);
  return (
    <div class="plot wide" ref={element}>
      <svg width={width} height={height} role="group" aria-label={label}>
        <g aria-hidden="true">
          {ticks.map((tick) => <g key={tick}><line class={tick === 0 ? 'axis' : 'gridline'} x1={BRIDGE.left} x2={width - BRIDGE.right} y1={y(tick)} y2={y(tick)} /><text x={BRIDGE.left - 10} y={y(tick) + 4} text-anchor="end">{axis(tick)}</text></g>)}
          {bars.slice(1).map((one, index) => <line key={one.key} class="joint" x1={BRIDGE.left + (index + 0.5) * band + bar / 2} x2={BRIDGE.left + (index + 1.5) * band - bar / 2} y1={y(bars[index]?.to ?? 0)} y2={y(bars[index]?.to ?? 0)} />)}
        </g>
        {bars.map((one, index) => {
          const middle = BRIDGE.left + (index + 0.5) * band;
          const top = Math.min(y(one.from), y(one.to));
          return (
            <Link key={one.key} href={one.href} class={`step ${one.kind === 'sum' ? 'sum' : one.value <= 0 ? 'less' : 'more'}`} aria-label={`${one.label}: ${one.text}${one.note ? `, ${one.note}` : ''}`}>
              <rect class="hit" x={middle - band / 2} y={BRIDGE.top} width={band} height={height - BRIDGE.top} />
              <rect class="fill" x={middle - bar / 2} y={top} width={bar} height={Math.max(1.5, Math.abs(y(one.from) - y(one.to)))} rx="2" />
            </Link>
          );
        })}
        {/* Beside the links, whose names say the same in full. */}
        <g class="through" aria-hidden="true">
          {bars.map((one, index) => {
            const middle = BRIDGE.left + (index + 0.5) * band;
            const under = height - BRIDGE.bottom;
            return (
              <g key={one.key}>
                <text class="step-v" x={middle} y={Math.min(y(one.from), y(one.to)) - 8} text-anchor="middle">{one.text}</text>
                <text class="step-l" x={middle} y={under + 18} text-anchor="middle">{cut(one.label, band)}</text>
                {one.note && <text x={middle} y={under + 34} text-anchor="middle">{cut(one.note, band)}</text>}
              </g>
            );
          })}
        </g>
      </svg>
    </div>
  );
}
const PER_LETTER = 5.6; // px, about
const cut = (text: string, width: number) => {
  const letters = Math.max(3, Math.floor((width - 6) / PER_LETTER));
  return text.length > letters ? `${text.slice(0, letters - 1)}…` : text;
};
