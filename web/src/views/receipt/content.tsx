// Why there is no prompt and no answer, and what is kept instead of them.
import { Lock } from 'lucide-preact';
import type { Receipt } from '@/lib/receipt';
import { Card } from '@/ui/card';

export function ContentCard({ receipt }: { receipt: Receipt }) {
  const { rewrite } = receipt.decision;
  return (
    <Card title="Prompt and output" sub={receipt.decision.prompt_rewritten ? `rewritten by ${rewrite?.rule ?? 'a rule'}` : undefined}>
      <p class="pad why-not"><Lock size={14} aria-hidden="true" />This server keeps no prompts and no answers. The receipt holds what was decided, used and paid, and a keyed fingerprint of the request by which equal requests can be found.</p>
      {rewrite && <dl class="props"><div class="pr"><dt>Before</dt><dd class="mono">{rewrite.before_sha256}</dd></div><div class="pr"><dt>After</dt><dd class="mono">{rewrite.after_sha256}</dd></div></dl>}
    </Card>
  );
}
