// The right-hand cards: properties that filter, the trace, the hash chain.
import { Link } from 'wouter-preact';
import { ExternalLink, ShieldCheck } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { defaults, type Dimension, formatFilters, withValues } from '@/lib/filters';
import { middle } from '@/lib/format';
import type { Receipt } from '@/lib/receipt';
import { Card } from '@/ui/card';
import { CodeBlock, CopyButton } from '@/ui/controls';
import { Dialog } from '@/ui/dialog';
import { Name } from '@/ui/figures';
import { setTraceTemplate, traceLink, traceTemplate } from '@/views/receipt/trace';

const Row = ({ label, children }: { label: string; children: ComponentChildren }) => <div class="pr"><dt>{label}</dt><dd>{children}</dd></div>;
const filterHref = (by: Dimension, value: string) => `/receipts${formatFilters(withValues(defaults, by, [value]))}`;
const Filter = ({ by, value }: { by: Dimension; value: string }) => (value ? <Link class="link" href={filterHref(by, value)}><Name text={value} /></Link> : <span class="mut">—</span>);

const acted: Record<string, string> = { narrow: 'models narrowed', redact: 'redacted', refuse: 'refused' };

export function Properties({ receipt }: { receipt: Receipt }) {
  const { decision, execution } = receipt;
  const detected = Object.entries(receipt.privacy.detected);
  return (
    <Card title="Properties">
      <dl class="props">
        <Row label="Tenant"><Filter by="tenant" value={receipt.tenant} /></Row>
        <Row label="Workflow"><Filter by="workflow" value={receipt.workflow} /></Row>
        <Row label="API key"><Filter by="key" value={receipt.api_key_id} /></Row>
        {receipt.end_user && <Row label="End user"><Filter by="end_user" value={receipt.end_user} /></Row>}
        {Object.entries(receipt.tags).map(([key, value]) => <Row key={key} label={`Tag ${key}`}><Filter by={`tags.${key}`} value={value} /></Row>)}
        <Row label="Asked for"><Filter by="requested_model" value={receipt.request.model} /></Row>
        <Row label="Endpoint"><span>{receipt.request.endpoint}{receipt.request.stream && ', streamed'}{receipt.request.has_tools && ', tools'}{receipt.request.has_images && ', images'}</span></Row>
        <Row label="Strategy"><span>{decision.strategy || '—'}, {decision.fallback_chain.length} fallbacks</span></Row>
        <Row label="Served from"><span>{execution.provider ? <><Name text={execution.provider} />{execution.region && ` · ${execution.region}`}</> : '—'}</span></Row>
        <Row label="Finish"><span>{execution.finish_reason || '—'}, HTTP {execution.http_status || '—'}</span></Row>
        {execution.error_code && <Row label="Error"><Filter by="error_code" value={execution.error_code} /></Row>}
        <Row label="Privacy"><span>{receipt.privacy.policy}{receipt.privacy.dropped > 0 && `, ${receipt.privacy.dropped} models dropped`}{detected.length > 0 && `, found ${detected.map(([kind, n]) => `${n} ${kind}`).join(', ')}`}{receipt.privacy.action && receipt.privacy.action !== 'report' && ` (${acted[receipt.privacy.action] ?? receipt.privacy.action})`}</span></Row>
        <Row label="Policy"><Filter by="policy_version" value={decision.policy_version} /></Row>
        <Row label="Router"><Filter by="router_version" value={decision.router_version} /></Row>
        <Row label="Classifier"><Name text={receipt.classification.classifier} /></Row>
        <Row label="Fingerprint"><span class="mono">{middle(receipt.request.fingerprint, 8, 4)}</span><CopyButton text={receipt.request.fingerprint} what="fingerprint" /></Row>
        <Row label="Trace"><Link class="link mono" href={`/receipts?from=-90d&trace_id=${receipt.trace.trace_id}`} title={receipt.trace.trace_id}>{middle(receipt.trace.trace_id, 13, 4)}</Link><CopyButton text={receipt.trace.trace_id} what="trace id" /></Row>
        <Row label="Span"><span class="mono">{receipt.trace.span_id}</span><CopyButton text={receipt.trace.span_id} what="span id" /></Row>
        <Row label="Node"><Name text={receipt.node_id} /></Row>
      </dl>
    </Card>
  );
}

export function Integrity({ receipt }: { receipt: Receipt }) {
  const [help, setHelp] = useState(false);
  const { integrity } = receipt;
  return (
    <Card title="Integrity" tools={receipt.sequence !== undefined && <span class="tag out"><ShieldCheck size={12} aria-hidden="true" />No. {receipt.sequence} in the chain</span>}
      foot={<><span>SHA-256 chain</span><span class="sp" /><button type="button" class="link" onClick={() => setHelp(true)}>How to verify</button></>}>
      {integrity ? (
        <div class="chain">
          <div><i /><span class="mono" title={integrity.prev_hash}>{middle(integrity.prev_hash)}</span><span class="mut">receipt before</span><CopyButton text={integrity.prev_hash} what="hash before" /></div>
          <div class="me"><i /><span class="mono" title={integrity.hash}>{middle(integrity.hash)}</span><span>this receipt</span><CopyButton text={integrity.hash} what="hash" /></div>
        </div>
      ) : <p class="pad mut">Sequence numbers and hashes are shown to the platform’s operators only.</p>}
      {help && (
        <Dialog title="Verify the journal" onClose={() => setHelp(false)}>
          <p>Each receipt’s hash covers its stored bytes, its number and the hash before it, so that a change, a gap or a swap anywhere breaks every hash behind it. The page shows the chain; this checks it, on the machine that holds the data:</p>
          <CodeBlock text="kairosroute verify DATA_DIR" what="command" />
          <p class="mut">It reads the journal, checks framing, numbers and hashes, and compares the totals of store and ledger with the receipts.</p>
        </Dialog>
      )}
    </Card>
  );
}

export function TraceButton({ receipt }: { receipt: Receipt }) {
  const [edit, setEdit] = useState(false);
  const [text, setText] = useState(traceTemplate.value);
  const link = traceLink(receipt.trace);
  return (
    <>
      {link ? <a class="btn" href={link} target="_blank" rel="noopener noreferrer"><ExternalLink size={15} aria-hidden="true" />Open trace</a>
        : <button type="button" class="btn" onClick={() => setEdit(true)}><ExternalLink size={15} aria-hidden="true" />Trace link</button>}
      {edit && (
        <Dialog title="Where traces are shown" onClose={() => setEdit(false)} foot={<button type="submit" form="trace-form" class="btn pri">Save in this browser</button>}>
          <form id="trace-form" class="field" onSubmit={(event) => { event.preventDefault(); if (setTraceTemplate(text)) setEdit(false); }}>
            <label for="trace-template">Address, with {'{trace_id}'} and if wanted {'{span_id}'}</label>
            <input id="trace-template" class="input mono" type="url" required pattern="https?://.*\{trace_id\}.*" placeholder="https://traces.example.com/trace/{trace_id}" value={text} onInput={(event) => setText(event.currentTarget.value)} />
          </form>
        </Dialog>
      )}
    </>
  );
}
