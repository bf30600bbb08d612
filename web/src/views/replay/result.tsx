// What was and what came, side by side; the difference in words or in fields.
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { change, ms } from '@/lib/format';
import { parseUsd } from '@/lib/money';
import { type ReplayResult, type ReplaySide, shownValue, sideOf, type TextPiece } from '@/lib/replay';
import { Card } from '@/ui/card';
import { CopyButton, Segment } from '@/ui/controls';
import { Delta, ModelName, Money, Ms, Name, StatusTag, Tag } from '@/ui/figures';
import { Pieces } from '@/ui/pieces';
import { type Col, Table } from '@/ui/table';

type Mode = 'words' | 'fields' | 'whole';
const names: Record<Mode, string> = { words: 'Words', fields: 'JSON fields', whole: 'Whole answers' };
const SHOWN = 100_000; // characters of one side

function Output({ label, side, pieces, whole }: { label: string; side: ReplaySide; pieces: readonly TextPiece[] | null; whole: boolean }) {
  const text = whole ? side.answer : side.output;
  if (text === null) return <p class="pad mut">{side.why_no_output ?? 'No output is known.'}</p>;
  return (
    <div class="output">
      {/* A scrolling region has to be reachable by keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre tabIndex={0} aria-label={label}>{pieces && !whole ? <Pieces pieces={pieces} /> : text.slice(0, SHOWN)}{text.length > SHOWN && !pieces && `\n… ${text.length - SHOWN} more characters: copy to see them`}</pre>
      <CopyButton text={text} what={label} />
    </div>
  );
}

function Side({ title, side, result, mode, at }: { title: string; side: ReplaySide; result: ReplayResult; mode: Mode; at: 'before' | 'after' }) {
  const pieces = mode === 'words' && result.diff?.text ? sideOf(result.diff.text, at) : null;
  const other = at === 'after' ? result.original : null;
  return (
    <section class="side-c" aria-label={title}>
      <header>
        <h3>{title}</h3>
        {side.model_id && <ModelName id={side.model_id} />}
        {side.status && <StatusTag status={side.status} />}
        <span class="sp" />
        {side.receipt_id && <Link class="link" href={`/receipts/${encodeURIComponent(side.receipt_id)}`} aria-label={`Receipt of the ${title.toLowerCase()}`}>Receipt</Link>}
      </header>
      <dl class="side-f3">
        <div><dt>Cost</dt><dd><Money value={side.cost_usd} as="unit" />{other && <Delta now={parseUsd(side.cost_usd)} before={parseUsd(other.cost_usd)} good="down" />}</dd></div>
        <div><dt>Latency</dt><dd><Ms value={side.latency_ms} />{other && <Delta now={side.latency_ms} before={other.latency_ms} good="down" />}</dd></div>
        <div><dt>Provider</dt><dd><Name text={side.provider ?? ''} />{side.http_status !== null && side.http_status >= 400 && <span class="mut">HTTP {side.http_status}</span>}</dd></div>
      </dl>
      <Output label={`Output of the ${title.toLowerCase()}`} side={side} pieces={pieces} whole={mode === 'whole'} />
    </section>
  );
}

type Field = NonNullable<NonNullable<ReplayResult['diff']>['json']>[number];
const verbs: Record<Field['op'], { text: string; tone: string }> = { add: { text: 'Added', tone: 'pos' }, remove: { text: 'Removed', tone: 'neg' }, change: { text: 'Changed', tone: 'warn' } };
const fieldCols: Col<Field>[] = [
  { key: 'op', head: 'What', cell: (field) => <Tag tone={verbs[field.op].tone}>{verbs[field.op].text}</Tag> },
  { key: 'path', head: 'Field', cell: (field) => <span class="mono"><Name text={field.path} empty="the whole" /></span> },
  { key: 'before', head: 'Original', cell: (field) => <span class="limits mono"><bdi>{shownValue(field.before).slice(0, 500)}</bdi></span> },
  { key: 'after', head: 'Replay', cell: (field) => <span class="limits mono"><bdi>{shownValue(field.after).slice(0, 500)}</bdi></span> },
];

/** "Same output. $0.000012 cheaper (−38.0%), 120 ms slower." */
function verdict({ original, replay, diff }: ReplayResult): string {
  const same = diff === null ? 'The outputs cannot be compared' : diff.equal ? 'Same output' : diff.json ? `${diff.json.length} ${diff.json.length === 1 ? 'field differs' : 'fields differ'}` : 'Different output';
  const [a, b] = [parseUsd(original.cost_usd), parseUsd(replay.cost_usd)];
  const cost = a === null || b === null ? 'cost unknown' : a === b ? 'same cost' : `${b < a ? 'cheaper' : 'dearer'} (${change(Number(b), Number(a)) ?? 'from nothing'})`;
  const [before, now] = [original.latency_ms, replay.latency_ms];
  const time = before === null || now === null ? 'latency unknown' : now === before ? 'as fast' : `${ms(Math.abs(now - before))} ${now < before ? 'faster' : 'slower'}`;
  return `${same}, ${cost}, ${time}.`;
}

export function Result({ result }: { result: ReplayResult }) {
  const fields = result.diff?.json ?? null;
  const [mode, setMode] = useState<Mode>(fields && fields.length > 0 ? 'fields' : 'words');
  const options: { key: Mode; label: string }[] = (['words', ...(fields ? ['fields' as const] : []), 'whole'] as Mode[]).map((key) => ({ key, label: names[key] }));
  return (
    <Card title="What came of it" sub={result.content === 'supplied' ? 'asked with the body you supplied' : 'asked with the body that was kept'} class="c12" tools={<Segment label="Show" value={mode} options={options} onChange={setMode} />}>
      <p class="pad lead-s" role="status"><b class="strong">{verdict(result)}</b></p>
      {mode === 'fields' && fields && <Table label="Fields that differ" cols={fieldCols} rows={fields} rowKey={(field) => `${field.op}${field.path}`} empty={<p class="pad mut">Every field is the same.</p>} />}
      <div class="sides">
        <Side title="Original" side={result.original} result={result} mode={mode} at="before" />
        <Side title="Replay" side={result.replay} result={result} mode={mode} at="after" />
      </div>
    </Card>
  );
}
