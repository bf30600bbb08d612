// Prompt and answer if the tenant's policy kept them; otherwise why they are not there. Always as text, never as markup.
import { Lock } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { diffLines } from 'diff';
import { ApiError } from '@/lib/api';
import type { Receipt } from '@/lib/receipt';
import { Card, Notice, Skeleton } from '@/ui/card';
import { CodeBlock, Segment } from '@/ui/controls';
import { type Content, useContent } from '@/views/receipt/data';

const DIFF_LIMIT = 200_000;
export const asText = (value: unknown): string => (typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value, null, 2));

export function Diff({ before, after }: { before: string; after: string }) {
  if (before.length + after.length > DIFF_LIMIT) return <Notice>Too long to compare line by line.</Notice>;
  const parts = diffLines(before, after);
  return (
    <pre class="diff">
      {parts.map((part, index) => (part.added ? <ins key={index}>{part.value}</ins> : part.removed ? <del key={index}>{part.value}</del> : <span key={index}>{part.value}</span>))}
    </pre>
  );
}

function Kept({ content }: { content: Content }) {
  const [tab, setTab] = useState<'prompt' | 'answer' | 'both'>('both');
  return (
    <>
      <div class="pad row"><Segment label="Show" value={tab} onChange={setTab} options={[{ key: 'both', label: 'Side by side' }, { key: 'prompt', label: 'Prompt' }, { key: 'answer', label: 'Answer' }]} /></div>
      <div class={tab === 'both' ? 'two' : ''}>
        {tab !== 'answer' && <div class="pad"><h3>Prompt</h3><CodeBlock wrap text={asText(content.prompt)} what="prompt" /></div>}
        {tab !== 'prompt' && <div class="pad"><h3>Answer</h3><CodeBlock wrap text={asText(content.answer)} what="answer" /></div>}
      </div>
    </>
  );
}

function whyNot(error: unknown): string {
  if (error instanceof ApiError && error.status === 403) return `Your key may not see prompts and answers. ${error.message}`;
  if (error instanceof ApiError && error.status === 410) return error.message;
  if (error instanceof ApiError && error.status === 404 && !/no such path|there is no/i.test(error.message)) return error.message;
  return 'No prompt and no answer are kept for this receipt. It holds what was decided, used and paid, and a keyed fingerprint of the request.';
}

export function ContentCard({ receipt }: { receipt: Receipt }) {
  const content = useContent(receipt.receipt_id);
  const { rewrite } = receipt.decision;
  return (
    <Card title="Prompt and output" sub={receipt.decision.prompt_rewritten ? `rewritten by ${rewrite?.rule ?? 'a rule'}` : undefined}>
      {content.isPending && <div class="pad"><Skeleton height={60} /></div>}
      {content.data && <Kept content={content.data} />}
      {content.isError && <p class="pad why-not"><Lock size={14} aria-hidden="true" />{whyNot(content.error)}</p>}
      {rewrite && <dl class="props"><div class="pr"><dt>Before</dt><dd class="mono">{rewrite.before_sha256}</dd></div><div class="pr"><dt>After</dt><dd class="mono">{rewrite.after_sha256}</dd></div></dl>}
    </Card>
  );
}
