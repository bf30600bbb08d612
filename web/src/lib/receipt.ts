// The receipt (docs/receipt.schema.json) as the page reads it. Amounts are the exact decimal texts of the answer.

import type { components } from '@/lib/schema';

export type Usd = string | null;
export interface Candidate {
  model_id: string; provider: string; region: string;
  score: number | null; est_cost_usd: Usd; quality: number | null; est_latency_ms: number | null; rank: number | null;
  reasons: string[]; filters: string[]; filtered_out_by: string | null;
}
export interface Usage {
  input_tokens: number; cache_read_tokens: number; cache_write_tokens: number; output_tokens: number; reasoning_tokens: number;
  source: string; inconsistent?: boolean; other?: Record<string, number>;
  [meter: string]: number | string | boolean | Record<string, number> | undefined;
}
export interface Attempt {
  index: number; model_id: string; provider: string; region: string; started_at: string; ttft_ms: number | null; latency_ms: number;
  status: string; http_status: number | null; error_type: string; response_model: string; response_id: string;
  usage: Usage; cost_usd: Usd; reason: string; span_id: string;
}
export interface CostLine {
  attempt: number; meter: string; quantity: number; unit_price_usd_per_mtok: string | null; cost_usd: Usd;
}
export interface Receipt {
  receipt_id: string; node_id: string; created_at: string; completed_at: string; tenant: string; workflow: string; api_key_id: string; end_user: string;
  tags: Record<string, string>;
  trace: { trace_id: string; span_id: string; parent_span_id: string; sampled: boolean };
  request: { endpoint: string; model: string; pinned: boolean; stream: boolean; input_tokens_est: number; max_output_tokens: number | null; has_tools: boolean; has_images: boolean; fingerprint: string };
  classification: { category: string; confidence: number; probabilities: Record<string, number>; classifier: string };
  privacy: { policy: string; detected: Record<string, number>; dropped: number; action?: string };
  candidates: Candidate[];
  candidates_omitted: Record<string, number>;
  decision: {
    model_id: string; provider: string; region: string; strategy: string; fallback_chain: string[]; prompt_rewritten: boolean; reason: string;
    router_version: string; policy_version: string; rewrite?: { rule: string; before_sha256: string; after_sha256: string; tokens_diff: number };
  };
  attempts: Attempt[];
  usage: Usage;
  cost: { lines: CostLine[]; price_version: string; basis: string; total_usd: Usd; charged_usd?: Usd; byok?: boolean };
  execution: {
    actual_cost_usd: Usd; actual_latency_ms: number; status: string; model_id: string; provider: string; region: string; ttft_ms: number | null; overhead_us: number;
    finish_reason: string; http_status: number; ended_by: string; error_code?: string; error_message?: string;
  };
  cache?: { hit: boolean; kind: string; avoided_cost_usd: Usd; source_receipt_id: string };
  budget?: { id: string; state: string; reserved_usd: string; cap_usd: string; spent_before_usd: string; overrun_usd: string };
  savings?: { baseline_model_id: string; baseline_cost_usd: Usd; savings_usd: Usd };
  replay?: { of: string; content: string };
  count?: number;
  sequence?: number;
  integrity?: { prev_hash: string; hash: string };
}
export type ReceiptRow = components['schemas']['ReceiptRow'];

/** JSON.parse that keeps amounts (…_usd, …_per_mtok) as the digits that were sent: a double would round the 17th. */
export function parseExact(text: string): unknown {
  const reviver = (key: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && /_(usd|mtok)$/.test(key) ? (context?.source ?? String(value)) : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown) as unknown;
}

export const tokensIn = (usage: Usage): number => tokenSum(usage, (name) => /^(input|cache)/.test(name));
export const tokensOut = (usage: Usage): number => tokenSum(usage, (name) => /^(output|reasoning)/.test(name));
function tokenSum(usage: Usage, takes: (name: string) => boolean): number {
  let total = 0;
  for (const [name, value] of Object.entries(usage)) if (typeof value === 'number' && name.endsWith('_tokens') && takes(name)) total += value;
  return total;
}
