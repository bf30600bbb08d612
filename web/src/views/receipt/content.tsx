// The prompt and the answer, as far as they are kept, or why they are not.
import { Lock, Trash2 } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { ApiError } from '@/lib/api';
import { pretty } from '@/lib/pretty';
import type { Receipt } from '@/lib/receipt';
import { type Content, eraseContent, useContent } from '@/lib/replay';
import { may, session } from '@/lib/session';
import { Card, ErrorCard, Notice, Skeleton } from '@/ui/card';
import { Confirm } from '@/ui/confirm';
import { CodeBlock, Segment } from '@/ui/controls';
import { Time } from '@/ui/figures';
import { Pieces } from '@/ui/pieces';

type Body = { body: string; encoding: 'text' | 'base64'; bytes: number; truncated: boolean };

/** Of the messages of a chat, each as it stands; anything else as formatted JSON. */
export function promptText(body: string): string {
  try {
    const request = JSON.parse(body) as { system?: unknown; instructions?: unknown; input?: unknown; prompt?: unknown; messages?: { role?: unknown; content?: unknown }[] };
    const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value, null, 2));
    const head = [request.system, request.instructions].filter((part) => part !== undefined).map((part) => `system: ${plain(part)}`);
    if (Array.isArray(request.messages)) return [...head, ...request.messages.map((message) => `${plain(message.role)}: ${plain(message.content)}`)].join('\n\n');
    const rest = request.input ?? request.prompt;
    return rest === undefined ? pretty(body) : [...head, plain(rest)].join('\n\n');
  } catch {
    return body;
  }
}

const formatted = (text: string): string => {
  try {
    return pretty(text);
  } catch {
    return text;
  }
};

function Part({ title, body, text }: { title: string; body: Body; text: string }) {
  const [raw, setRaw] = useState(false);
  const readable = body.encoding === 'text';
  return (
    <section class="kept-part" aria-label={title}>
      <header class="row"><h3>{title}</h3><span class="sp" />
        {readable && text !== '' && <Segment label={`${title} as`} value={raw ? 'raw' : 'text'} options={[{ key: 'text', label: 'Text' }, { key: 'raw', label: 'Raw' }]} onChange={(value) => setRaw(value === 'raw')} />}
      </header>
      {body.truncated && <Notice>Longer than what is kept: the end is missing.</Notice>}
      <CodeBlock text={!readable ? body.body : raw || text === '' ? formatted(body.body) : text} what={title.toLowerCase()} />
    </section>
  );
}

/** What rewriting rules changed before the request was sent, text by text. */
function Rewritten({ rewritten }: { rewritten: NonNullable<Content['rewritten']> }) {
  const [whole, setWhole] = useState(false);
  const title = 'Sent after rewriting';
  return (
    <section class="kept-part" aria-label={title}>
      <header class="row"><h3>{title}</h3><span class="sp" />
        <Segment label={`${title} as`} value={whole ? 'whole' : 'changes'} options={[{ key: 'changes', label: 'Changes' }, { key: 'whole', label: 'Whole' }]} onChange={(value) => setWhole(value === 'whole')} />
      </header>
      {rewritten.truncated && <Notice>Longer than what is kept: the end is missing.</Notice>}
      {whole
        ? <CodeBlock text={formatted(rewritten.body)} what="rewritten request" />
        : rewritten.changes.map(({ path, pieces }) => (
          <div class="output" key={path}>
            <p class="mono mut">{path === '' ? 'The whole request' : path}</p>
            {/* A scrolling region has to be reachable by keyboard. */}
            {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
            <pre tabIndex={0} aria-label={`Change of ${path === '' ? 'the whole request' : path}`}><Pieces pieces={pieces} /></pre>
          </div>
        ))}
    </section>
  );
}

function WhyNot({ why }: { why: NonNullable<Content['why_not']> }) {
  return (
    <p class="pad why-not"><Lock size={14} aria-hidden="true" /><span>Not here: {why.message}{why.at && <> (<Time value={why.at} as="full" />)</>}. The receipt holds what was decided, used and paid, and a keyed fingerprint of the request.</span></p>
  );
}

function Kept({ content }: { content: Content }) {
  const { request, answer } = content;
  if (!request || !answer) return null;
  return (
    <div class="pad">
      {content.redacted && <Notice>What is private was taken out before this was kept.</Notice>}
      <Part title="Prompt" body={request} text={promptText(request.body)} />
      {content.rewritten && <Rewritten rewritten={content.rewritten} />}
      <Part title="Output" body={answer} text={answer.text} />
    </div>
  );
}

export function ContentCard({ receipt }: { receipt: Receipt }) {
  const { rewrite } = receipt.decision;
  const mine = session.value?.tenant === receipt.tenant;
  const allowed = mine || may('operator');
  const content = useContent(receipt.receipt_id);
  const [erasing, setErasing] = useState(false);
  const kept = content.data?.kept === true;
  return (
    <Card title="Prompt and output" sub={receipt.decision.prompt_rewritten ? `rewritten by ${rewrite?.rule ?? 'a rule'}` : undefined}
      tools={kept && allowed ? <button type="button" class="btn sm" onClick={() => setErasing(true)}><Trash2 size={13} aria-hidden="true" />Erase</button> : undefined}>
      {content.isPending && <Skeleton height={60} />}
      {content.isError && (content.error instanceof ApiError && content.error.status === 403 ? <p class="pad why-not"><Lock size={14} aria-hidden="true" />{content.error.message}</p> : <ErrorCard error={content.error} retry={() => void content.refetch()} />)}
      {content.data?.why_not && <WhyNot why={content.data.why_not} />}
      {content.data && kept && <Kept content={content.data} />}
      {rewrite && <dl class="props"><div class="pr"><dt>Before</dt><dd class="mono">{rewrite.before_sha256}</dd></div><div class="pr"><dt>After</dt><dd class="mono">{rewrite.after_sha256}</dd></div></dl>}
      {erasing && (
        <Confirm title="Erase prompt and output?" verb="Erase for good" run={() => eraseContent(receipt.receipt_id)} done="Prompt and output erased" close={() => setErasing(false)}>
          <p>The key that opens them is destroyed. Nobody can read them again; the receipt stays.</p>
        </Confirm>
      )}
    </Card>
  );
}
