// A fresh install: the one line that sends the first request, and the way on by itself when its receipt is there.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import { CodeBlock } from '@/ui/controls';
import { useNewest } from '@/ui/health';
import { Page } from '@/ui/page';
import { settings } from '@/ui/nav';

const line = (origin: string) => `curl ${origin}/v1/chat/completions -H "Authorization: Bearer $KEY" \\\n  -d '{"model":"auto","messages":[{"role":"user","content":"Say hello"}]}'`;

export function Greeting({ children }: { children: ComponentChildren }) {
  const newest = useNewest();
  const [path, navigate] = useLocation();
  const waited = useRef(false);
  const first = newest.data?.receipts[0]?.receipt_id;
  const waiting = newest.data !== undefined && first === undefined;
  const elsewhere = path.startsWith(settings.path);
  useEffect(() => {
    if (waiting) waited.current = true;
    if (!first || !waited.current) return;
    waited.current = false;
    if (!elsewhere) navigate(`/receipts/${first}`);
  }, [waiting, first, elsewhere, navigate]);
  if (!waiting || elsewhere) return <>{children}</>;
  return (
    <Page title="Welcome" filters={false}>
      <section class="card greet">
        <h2>Send the first request</h2>
        <p>Put your key into <span class="mono">KEY</span> and run this line. Clients of OpenAI’s and Anthropic’s APIs need only another base URL: <span class="mono">{location.origin}/v1</span>.</p>
        <CodeBlock text={line(location.origin)} what="command" wrap />
        <p class="waiting" role="status"><span class="dot" />Waiting for the first receipt. This page moves on by itself.</p>
      </section>
    </Page>
  );
}
