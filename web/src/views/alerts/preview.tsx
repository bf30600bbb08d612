// What a rule would have done over the last 7 days, before it is saved.
import { defaults, type Dimension, isDimension, receiptsHref } from '@/lib/filters';
import { time } from '@/lib/format';
import { sentence } from '@/lib/problem';
import { type Fire, type Preview, previewText } from '@/lib/rules';
import { useFilters } from '@/lib/state';
import { Name } from '@/ui/figures';
import { useEffect, useRef } from 'preact/hooks';

const MOST = 8; // listed; the strip shows all

/** Receipts of the window at whose end it fired, until it was over. */
function fireHref(fire: Fire, windowMs: number, tz: string): string {
  const narrow: Partial<Record<Dimension, string>> = {};
  for (const [key, value] of Object.entries(fire.labels)) if (isDimension(key)) narrow[key] = value;
  return receiptsHref({ ...defaults, tz }, Date.parse(fire.to), narrow, { from: new Date(Date.parse(fire.from) - windowMs), to: new Date(fire.to) });
}

export function PreviewSays({ preview, windowMs, stale }: { preview: Preview; windowMs: number; stale: boolean }) {
  const { filters } = useFilters();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.scrollIntoView({ block: 'nearest' }), [preview]);
  const [from, to] = [Date.parse(preview.from), Date.parse(preview.to)];
  const place = (at: string) => `${Math.max(0, Math.min(100, ((Date.parse(at) - from) / (to - from)) * 100))}%`;
  const days = Array.from({ length: 7 }, (_, i) => time(from + ((to - from) * i) / 7, 'day', filters.tz));
  return (
    <div ref={box} class={`preview ${stale ? 'stale' : ''}`} role="status">
      <p><b class={preview.fired > 0 ? 'strong' : ''}>{previewText(preview)}</b>{stale && <span class="mut"> The rule has changed since: try it again.</span>}</p>
      <div class="strip" aria-hidden="true">
        {preview.fires.map((fire, i) => <i key={i} style={{ left: place(fire.from), width: `max(3px, calc(${place(fire.to)} - ${place(fire.from)}))` }} />)}
      </div>
      <div class="strip-x" aria-hidden="true">{days.map((day, i) => <span key={i}>{day}</span>)}</div>
      {preview.fires.length > 0 && (
        <ul class="fires">
          {preview.fires.slice(0, MOST).map((fire, i) => (
            <li key={i}><span class="n mut">{time(fire.from, 'minute', filters.tz)} – {fire.still ? 'now' : time(fire.to, 'minute', filters.tz)}</span> <Name text={sentence(fire.headline)} /> <a class="link" href={fireHref(fire, windowMs, filters.tz)} target="_blank" rel="noopener" aria-label={`Receipts of ${fire.headline}, in a new tab`}>Receipts</a></li>
          ))}
          {preview.fires.length > MOST && <li class="mut">and {preview.fires.length - MOST} more</li>}
        </ul>
      )}
      <p class="mut small">Looked at every {Math.round(preview.step_s / 60)} min; the running rule looks more often.</p>
    </div>
  );
}
