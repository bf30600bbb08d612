import { useInfiniteQuery } from '@tanstack/preact-query';
import { type AuditEntry, differences } from '@/lib/admin';
import { askJson, type Schemas } from '@/lib/api';
import { Card, EmptyState, Loaded } from '@/ui/card';
import { Name, Tag, Time } from '@/ui/figures';
import { type Col, Table } from '@/ui/table';

const PAGE = '100';
const MOST = 6; // differences in one row
const kinds: Record<string, string> = { tenant: 'Tenant', key: 'Key', budget: 'Budget', alert_rule: 'Alert rule', alert_channel: 'Channel', alert_silence: 'Silence', 'saved-view': 'Saved view', saved_view: 'Saved view' };
const what = ({ before, after }: AuditEntry) => (before === null ? { tone: 'pos', text: 'Made' } : after === null ? { tone: 'neg', text: 'Removed' } : { tone: '', text: 'Changed' });

function Difference({ entry }: { entry: AuditEntry }) {
  if (entry.before === null || entry.after === null) return <span class="limits mono"><bdi>{JSON.stringify(entry.after ?? entry.before).slice(0, 200)}</bdi></span>;
  const found = differences(entry.before, entry.after);
  return (
    <span class="limits">
      {found.slice(0, MOST).map((one) => <span key={one.path} class="change"><span class="mono"><bdi>{one.path}</bdi></span> <del><bdi>{one.before.slice(0, 80)}</bdi></del> → <ins><bdi>{one.after.slice(0, 80)}</bdi></ins></span>)}
      {found.length > MOST && <span class="mut">and {found.length - MOST} more</span>}
      {found.length === 0 && <span class="mut">Nothing that is shown</span>}
    </span>
  );
}

export function ChangesPane() {
  const asked = useInfiniteQuery({
    queryKey: ['admin', 'audit'],
    queryFn: ({ pageParam, signal }) => askJson<Schemas['Audit']>('/api/v1/audit', { query: { limit: PAGE, ...(pageParam ? { before: String(pageParam) } : {}) }, signal }),
    initialPageParam: 0,
    getNextPageParam: (last: Schemas['Audit']) => last.next,
    staleTime: 5000,
  });
  const cols: Col<AuditEntry>[] = [
    { key: 'at', head: 'When', cell: (entry) => <Time value={entry.at} as="second" /> },
    { key: 'who', head: 'Who', cell: (entry) => <Name text={entry.who} /> },
    { key: 'what', head: 'What', cell: (entry) => <Tag tone={what(entry).tone}>{what(entry).text}</Tag> },
    { key: 'object', head: 'Object', cell: (entry) => <span class="two"><b class="strong"><Name text={entry.id} /></b><small>{kinds[entry.kind] ?? entry.kind}</small></span> },
    { key: 'diff', head: 'How', cell: (entry) => <Difference entry={entry} /> },
  ];
  return (
    <Card title="Changes" {...(asked.hasNextPage ? { foot: <><span class="sp" /><button type="button" class="btn sm" disabled={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>Show older ones</button></> } : {})}>
      <Loaded of={asked} height={320}>
        {(data) => <Table label="Changes" cols={cols} rows={data.pages.flatMap((page) => page.entries)} rowKey={(entry) => String(entry.number)} empty={<EmptyState title="Nothing was changed here yet"><p>What is changed in the configuration file is not listed.</p></EmptyState>} />}
      </Loaded>
    </Card>
  );
}
