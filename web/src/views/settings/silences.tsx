import { BellOff } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { failed, toast } from '@/lib/actions';
import { endSilence, type Silence, useSilences } from '@/lib/alerts';
import { count } from '@/lib/format';
import { useRules } from '@/lib/rules';
import { may } from '@/lib/session';
import { Card, EmptyState, Loaded } from '@/ui/card';
import { Name, Time } from '@/ui/figures';
import { type Col, Table } from '@/ui/table';
import { Silencer } from '@/views/alerts/silencer';

export function SilencesPane() {
  const silences = useSilences();
  const rules = useRules();
  const [adding, setAdding] = useState(false);
  const operator = may('operator');
  const cols: Col<Silence>[] = [
    { key: 'rule', head: 'Rule', cell: (one) => <b class="mono"><Name text={one.rule} empty="Every rule" /></b> },
    { key: 'labels', head: 'Labels', cell: (one) => <Name text={[...(one.tenant ? [`tenant ${one.tenant}`] : []), ...Object.entries(one.labels).map(([key, value]) => `${key} ${value}`)].join(', ')} empty="All" /> },
    { key: 'until', head: 'Until', cell: (one) => <Time value={one.until} as="minute" /> },
    { key: 'by', head: 'By', cell: (one) => <Name text={one.by} /> },
    { key: 'why', head: 'Why', cell: (one) => <Name text={one.comment} /> },
    ...(operator ? [{ key: 'act', head: '', right: true, cell: (one: Silence) => <button type="button" class="btn sm" aria-label={`End now: the silence of ${one.rule || 'every rule'}`} onClick={() => void endSilence(one.id).then(() => toast('The silence is over'), failed)}>End now</button> }] : []),
  ];
  return (
    <>
      <Card title="Silences" sub={silences.data && count(silences.data.length)} tools={operator && <button type="button" class="btn sm pri" onClick={() => setAdding(true)}><BellOff size={14} aria-hidden="true" />New silence</button>}>
        <Loaded of={silences} height={160}>{(data) => <Table label="Silences" cols={cols} rows={data} rowKey={(one) => one.id} empty={<EmptyState title="Nothing is silenced"><p>Every message goes out. A silence holds some back for a while: during maintenance, or while somebody is at it.</p></EmptyState>} />}</Loaded>
      </Card>
      {adding && <Silencer about={{ rule: '', labels: {} }} rules={(rules.data ?? []).map((rule) => rule.id)} close={() => setAdding(false)} />}
    </>
  );
}
