// Every model that was considered, how it scored, and why it was not chosen.
import { Ban, Check } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { decimal } from '@/lib/format';
import type { Candidate, Receipt } from '@/lib/receipt';
import { Card } from '@/ui/card';
import { ModelName, Money, Ms, Tag } from '@/ui/figures';

const SHOWN = 8;
const filterNames: Record<string, string> = { capability: 'Capability', context_length: 'Context', tenant_policy: 'Policy', privacy: 'Privacy', region: 'Region', health: 'Health', quality: 'Quality floor', budget: 'Budget' };
const ordinal = (n: number) => `${n}${['th', 'st', 'nd', 'rd'][n % 100 > 10 && n % 100 < 14 ? 0 : n % 10] ?? 'th'}`;

function Outcome({ candidate, receipt }: { candidate: Candidate; receipt: Receipt }) {
  const why = candidate.reasons.join('; ');
  if (candidate.filtered_out_by) return <><Tag tone="neg"><Ban size={12} aria-hidden="true" />{filterNames[candidate.filtered_out_by] ?? candidate.filtered_out_by}</Tag><span class="why" title={why}><bdi>{why}</bdi></span></>;
  if (candidate.rank === 1) return <><Tag tone="pos"><Check size={12} aria-hidden="true" />Selected</Tag><span class="why">by {receipt.decision.strategy || 'pin'}</span></>;
  const place = receipt.decision.fallback_chain.indexOf(candidate.model_id);
  return <><Tag tone="out">Passed</Tag><span class="why">{place >= 0 ? `${ordinal(place + 1)} fallback` : why}</span></>;
}

function Score({ value, quality }: { value: number | null; quality: number | null }) {
  const shown = value ?? quality;
  return (
    <span class={`sc ${value === null ? 'dim' : ''}`} title={`score ${decimal(value)}, quality ${decimal(quality)}`}>
      <span class="scb" aria-hidden="true"><i style={{ width: `${Math.max(0, Math.min(1, shown ?? 0)) * 100}%` }} />{quality !== null && value !== null && <u style={{ left: `${Math.min(1, quality) * 100}%` }} />}</span>
      <b class="n">{decimal(value)}</b><span class="vh">, quality {decimal(quality)}</span>
    </span>
  );
}

export function Candidates({ receipt }: { receipt: Receipt }) {
  const [all, setAll] = useState(false);
  const rows = [...receipt.candidates].sort((a, b) => (a.rank ?? 1000) - (b.rank ?? 1000));
  const out = rows.filter((candidate) => candidate.filtered_out_by !== null).length;
  const shown = all ? rows : rows.slice(0, SHOWN);
  const omitted = Object.entries(receipt.candidates_omitted);
  if (rows.length === 0) return <Card title="Candidates"><p class="pad mut">No model was considered: {receipt.execution.error_code || 'the request was answered before routing'}.</p></Card>;
  return (
    <Card title="Candidates" sub={`${rows.length} considered, ${out} filtered out`}
      tools={<span class="legend lg"><span><i class="sw s-score" />Score</span><span><i class="tk" />Expected quality</span></span>}
      foot={rows.length > SHOWN || omitted.length > 0 ? <>
        {rows.length > SHOWN && <button type="button" class="link" aria-expanded={all} onClick={() => setAll(!all)}>{all ? 'Show fewer' : `Show all ${rows.length}`}</button>}
        {omitted.length > 0 && <span>Not listed: {omitted.map(([filter, n]) => `${n} ${filter === 'survived' ? 'passed' : `dropped for ${filterNames[filter]?.toLowerCase() ?? filter}`}`).join(', ')}</span>}
      </> : undefined}>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div class="scroll cand-box" role="region" aria-label="Candidates" tabIndex={0}>
        <table class="cand">
          <thead><tr><th scope="col"><span class="vh">Rank</span></th><th scope="col">Model</th><th scope="col">Score</th><th scope="col" class="r">Est. cost</th><th scope="col" class="r opt">Est. latency</th><th scope="col">Outcome</th></tr></thead>
          <tbody>
            {shown.map((candidate, index) => (
              <tr key={`${candidate.provider}/${candidate.model_id}/${candidate.region}`} class={candidate.rank === 1 ? 'win' : candidate.filtered_out_by ? 'dim' : ''}>
                <td>{candidate.rank ?? index + 1}</td>
                <td><ModelName id={candidate.model_id} /><span class="mut from">{candidate.provider}{candidate.region && ` · ${candidate.region}`}</span></td>
                <td><Score value={candidate.score} quality={candidate.quality} /></td>
                <td class="r"><Money value={candidate.est_cost_usd} as="unit" /></td>
                <td class="r opt"><Ms value={candidate.est_latency_ms} /></td>
                <td><Outcome candidate={candidate} receipt={receipt} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}
