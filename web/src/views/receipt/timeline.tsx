// Each attempt on one clock, from the request's first byte to the receipt.
import { niceTicks } from '@/lib/ticks';
import { micros, ms, msAxis, time } from '@/lib/format';
import type { Attempt, Receipt } from '@/lib/receipt';
import { Card } from '@/ui/card';
import { Count } from '@/ui/figures';

const why: Record<string, string> = { first: '', retry: 'retry', fallback: 'fallback', hedge: 'hedge', lookup: 'cache lookup', escalation: 'escalation' };

function outcomeOf(attempt: Attempt): string {
  if (attempt.status === 'success') return '';
  const code = attempt.http_status && String(attempt.http_status) !== attempt.error_type ? `${attempt.http_status} ` : '';
  return `${code}${attempt.error_type || attempt.status}`;
}

function Bar({ attempt, start, total }: { attempt: Attempt; start: number; total: number }) {
  const left = (start / total) * 100;
  const width = Math.max(0.4, (attempt.latency_ms / total) * 100);
  const good = attempt.status === 'success';
  const first = good && attempt.ttft_ms !== null ? Math.min(1, attempt.ttft_ms / Math.max(1, attempt.latency_ms)) : null;
  const out = attempt.usage.output_tokens + attempt.usage.reasoning_tokens;
  const streamed = attempt.ttft_ms === null ? 0 : attempt.latency_ms - attempt.ttft_ms;
  const speed = streamed > 100 ? `, ${Math.round((out / streamed) * 1000)} tok/s` : '';
  const tokens = out > 0 ? `${out} tokens${speed}` : '';
  const waited = first === null ? '' : `TTFT ${ms(attempt.ttft_ms)}`;
  const note = good ? [waited, tokens].filter(Boolean).join(' · ') : outcomeOf(attempt);
  const place = left + width < 55 ? 'after' : left > 45 ? 'before' : 'inside';
  // Within the bar where both parts have room for their words; else over it.
  const [wait, rest] = [(first ?? 0) * width, (1 - (first ?? 0)) * width];
  const within: readonly [string, string] | null = place !== 'inside' || first === null ? null : wait > 25 && rest > 35 ? [waited, tokens] : rest > 60 ? ['', note] : null;
  return (
    <span class="wf-track">
      <span class={`wf-bar ${good ? '' : 'bad'}`} style={{ left: `${left}%`, width: `${width}%` }}>
        {first !== null && <><i class="wf-first" style={{ width: `${first * 100}%` }}>{within?.[0]}</i><i class="wf-rest">{within?.[1]}</i></>}
      </span>
      {!within && <span class={`wf-note ${good ? '' : 'bad'} ${place}`} style={place === 'after' ? { left: `${left + width}%` } : place === 'before' ? { right: `${100 - left}%` } : { left: `${left}%` }}>{note}</span>}
    </span>
  );
}

export function Timeline({ receipt }: { receipt: Receipt }) {
  const begin = Date.parse(receipt.created_at);
  const total = Math.max(1, receipt.execution.actual_latency_ms, Date.parse(receipt.completed_at) - begin);
  const failed = receipt.attempts.filter((attempt) => attempt.status !== 'success').reduce((sum, attempt) => sum + attempt.latency_ms, 0);
  const ticks = niceTicks(0, total).filter((tick) => tick <= total);
  return (
    <Card title="Timeline" sub={`${ms(receipt.execution.actual_latency_ms)} end to end${failed > 0 ? `, failed attempts ${ms(failed)}` : ''}, ended by ${receipt.execution.ended_by}`}>
      <div class="wf" style={{ '--tick': `${((ticks[1] ?? total) / total) * 100}%` }}>
        <div class="wf-row wf-axis" aria-hidden="true"><span /><span class="wf-track">{ticks.map((tick) => <i key={tick} style={{ left: `${(tick / total) * 100}%` }}>{msAxis(tick)}</i>)}</span><span /></div>
        <ol>
          <li class="wf-row"><span class="clip">Authenticate, classify, decide, record</span><span class="wf-track"><span class="wf-bar self" style={{ left: 0, width: `${Math.min(100, Math.max(0.4, receipt.execution.overhead_us / 10 / total))}%` }} /></span><span class="r n">{micros(receipt.execution.overhead_us)}</span></li>
          {receipt.attempts.map((attempt) => (
            <li key={attempt.index} class="wf-row" title={`${time(attempt.started_at, 'full')}${attempt.response_id ? ` · ${attempt.response_id}` : ''}`}>
              <span class="clip">Attempt <Count value={attempt.index + 1} /> · {attempt.provider}/{attempt.model_id}{attempt.region && ` · ${attempt.region}`}{why[attempt.reason] && ` · ${why[attempt.reason]}`}</span>
              <Bar attempt={attempt} start={Math.max(0, Date.parse(attempt.started_at) - begin)} total={total} />
              <span class="r n">{ms(attempt.latency_ms)}</span>
            </li>
          ))}
        </ol>
        {receipt.attempts.length === 0 && <p class="mut pad0">Nothing was sent to a provider.</p>}
      </div>
    </Card>
  );
}
