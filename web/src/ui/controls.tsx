// Small controls: segments, chips, copy buttons, code.
import { Copy, X } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { copy } from '@/lib/actions';

interface SegmentProps<T extends string> {
  label: string;
  value: T;
  options: readonly { key: T; label: string }[];
  onChange: (next: T) => void;
}
export function Segment<T extends string>({ label, value, options, onChange }: SegmentProps<T>) {
  return (
    <div class="seg" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option.key} type="button" aria-pressed={option.key === value} onClick={() => onChange(option.key)}>{option.label}</button>
      ))}
    </div>
  );
}

/** `Region | is any of | us-east, eu-west | ×` */
export function Chip({ name, verb, value, onRemove, unused = false, bad = false }: { name: string; verb?: string; value: string; onRemove?: () => void; unused?: boolean; bad?: boolean }) {
  return (
    <span class={`chip ${unused ? 'off' : ''} ${bad ? 'bad' : ''}`} title={unused ? 'not used here' : undefined}>
      <span class="k">{name}</span>
      {verb && <span class="k">{verb}</span>}
      <span><b title={value.slice(0, 2000)}><bdi>{value.slice(0, 200)}</bdi></b>{unused && <span class="k">not used here</span>}</span>
      {onRemove && <button type="button" aria-label={`Remove filter ${name}`} onClick={onRemove}><X size={13} aria-hidden="true" /></button>}
    </span>
  );
}

export const CopyButton = ({ text, what }: { text: string; what: string }) => (
  <button type="button" class="cp" aria-label={`Copy ${what}`} title={`Copy ${what}`} onClick={() => void copy(text, what)}><Copy size={14} aria-hidden="true" /></button>
);

const SHOWN = 200_000; // characters; a longer text would stall the page, and the rest is one click away
export function CodeBlock({ text, what = 'Code', wrap = false, children }: { text: string; what?: string; wrap?: boolean; children?: ComponentChildren }) {
  const cut = text.length > SHOWN;
  return (
    <div class={`code ${wrap ? 'wrap' : ''}`}>
      {/* A scrolling region has to be reachable by keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre tabIndex={0} aria-label={what}>{children ?? (cut ? `${text.slice(0, SHOWN)}\n… ${text.length - SHOWN} more characters: copy to see them` : text)}</pre>
      <CopyButton text={text} what={what} />
    </div>
  );
}
