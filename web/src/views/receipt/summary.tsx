// The decision in one sentence, and five facts.
import type { ComponentChildren } from 'preact';
import { micros, money, percent, tokens } from '@/lib/format';
import { parseUsd, toNumber } from '@/lib/money';
import { type Receipt, tokensIn, tokensOut } from '@/lib/receipt';
import { Money, Ms, Tok } from '@/ui/figures';

function Fact({ label, note, children }: { label: string; note: ComponentChildren; children: ComponentChildren }) {
  return <div><span>{label}</span><b>{children}</b><small>{note}</small></div>;
}

function costNote(receipt: Receipt): string {
  if (receipt.cost.basis === 'reservation') return 'what was reserved: the request was interrupted';
  const actual = parseUsd(receipt.execution.actual_cost_usd);
  if (actual === null) return 'not known: a price or a quantity is missing';
  const estimate = parseUsd(receipt.candidates.find((candidate) => candidate.rank === 1)?.est_cost_usd);
  if (estimate === null || estimate === 0n) return receipt.cost.basis === 'counted' ? 'tokens counted here' : 'metered by the provider';
  const share = toNumber(actual - estimate) / toNumber(estimate);
  return `${percent(Math.abs(share))} ${share <= 0 ? 'under' : 'over'} the ${money(estimate, 'unit')} estimate`;
}

function savedNote(receipt: Receipt): string {
  const saved = parseUsd(receipt.savings?.savings_usd);
  const baseline = parseUsd(receipt.savings?.baseline_cost_usd);
  if (!receipt.savings) return 'no baseline model is set';
  if (saved === null || baseline === null || baseline === 0n) return `against ${receipt.savings.baseline_model_id}`;
  return `${percent(Math.abs(toNumber(saved) / toNumber(baseline)))} ${saved >= 0n ? 'below' : 'above'} ${receipt.savings.baseline_model_id} only`;
}

function classNote({ classification }: Receipt): string {
  const next = Object.entries(classification.probabilities).filter(([name]) => name !== classification.category).sort((a, b) => b[1] - a[1])[0];
  return `${percent(classification.confidence)} sure${next ? `, next ${next[0]} ${percent(next[1])}` : ''}`;
}

function cacheNote(receipt: Receipt): string {
  if (receipt.cache?.hit) return `answered from the ${receipt.cache.kind} cache`;
  const cached = receipt.usage.cache_read_tokens;
  return cached > 0 ? `${tokens(cached)} in from cache` : receipt.usage.source === 'unknown' ? 'not reported' : `from ${receipt.usage.source === 'provider' ? 'the provider' : `a count (${receipt.usage.source})`}`;
}

/** What came of the decision, where it went another way. */
function servedBy({ decision, execution, attempts }: Receipt): string {
  const failed = attempts.filter((attempt) => attempt.status !== 'success').length;
  if (execution.status !== 'success' || failed === 0) return '';
  const served = execution.model_id === decision.model_id ? 'It answered' : ` ${execution.model_id} answered`;
  return ` ${served.trim()} after ${failed} failed ${failed === 1 ? 'attempt' : 'attempts'}.`;
}

export function Summary({ receipt }: { receipt: Receipt }) {
  const { execution } = receipt;
  return (
    <section class="card sum" aria-label="What was decided">
      <p><bdi>{receipt.decision.reason || 'No decision was recorded.'}</bdi>{servedBy(receipt)}{execution.error_message && <> <bdi class="why-bad">{execution.error_message}</bdi></>}</p>
      <div class="facts">
        <Fact label="Cost" note={costNote(receipt)}><Money value={execution.actual_cost_usd} as="unit" /></Fact>
        <Fact label="Latency" note={`router added ${micros(execution.overhead_us)}`}><Ms value={execution.actual_latency_ms} /></Fact>
        <Fact label="Tokens" note={cacheNote(receipt)}><Tok value={tokensIn(receipt.usage)} /> <em>in</em> <Tok value={tokensOut(receipt.usage)} /> <em>out</em></Fact>
        <Fact label="Saved" note={savedNote(receipt)}><Money value={receipt.savings?.savings_usd ?? null} as="unit" /></Fact>
        <Fact label="Classified" note={classNote(receipt)}>{receipt.classification.category}</Fact>
      </div>
    </section>
  );
}
