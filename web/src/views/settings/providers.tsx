import { CircleAlert, CircleCheck, CircleDashed } from 'lucide-preact';
import { Link } from 'wouter-preact';
import { type Providers, useProviders } from '@/lib/admin';
import { count, pricePerMillion } from '@/lib/format';
import { Card, EmptyState, Loaded, Notice } from '@/ui/card';
import { ModelName, Ms, Name, Tag, Tok } from '@/ui/figures';
import { type Col, Table } from '@/ui/table';

type Provider = Providers['providers'][number];
type Target = Provider['targets'][number];

function Health({ target }: { target: Target }) {
  if (!target.available) return <Tag tone="neg"><CircleAlert size={12} aria-hidden="true" />Breaker open</Tag>;
  return target.measured ? <Tag tone="pos"><CircleCheck size={12} aria-hidden="true" />Healthy</Tag> : <Tag><CircleDashed size={12} aria-hidden="true" />Not measured</Tag>;
}
function Standing({ targets }: { targets: readonly Target[] }) {
  const open = targets.filter((target) => !target.available).length;
  if (targets.length === 0) return <Tag tone="warn">No model</Tag>;
  if (open > 0) return <Tag tone={open === targets.length ? 'neg' : 'warn'}><CircleAlert size={12} aria-hidden="true" />{count(open)} of {count(targets.length)} cannot be used</Tag>;
  return targets.some((target) => target.measured) ? <Tag tone="pos"><CircleCheck size={12} aria-hidden="true" />Healthy</Tag> : <Tag><CircleDashed size={12} aria-hidden="true" />Nothing sent yet</Tag>;
}
const price = (text: string | null) => <span class="n">{pricePerMillion(text)}</span>;
const cols = (provider: Provider): Col<Target>[] => [
  { key: 'model', head: 'Model', cell: (target) => <Link class="cell-link" href={`/receipts?model=${encodeURIComponent(target.model)}&provider=${encodeURIComponent(provider.id)}`}><ModelName id={target.model} /></Link> },
  { key: 'region', head: 'Region', cell: (target) => <Name text={target.region} /> },
  { key: 'health', head: 'Health', cell: (target) => <Health target={target} /> },
  { key: 'ttft', head: 'First token', right: true, cell: (target) => <Ms value={target.ttft_p50_ms} /> },
  { key: 'p50', head: 'Median', right: true, cell: (target) => <Ms value={target.latency_p50_ms} /> },
  { key: 'p95', head: 'p95', right: true, cell: (target) => <Ms value={target.latency_p95_ms} /> },
  { key: 'in', head: 'In, 1M', right: true, cell: (target) => price(target.input_usd_per_mtok) },
  { key: 'out', head: 'Out, 1M', right: true, cell: (target) => price(target.output_usd_per_mtok) },
  { key: 'context', head: 'Context', right: true, cell: (target) => <Tok value={target.context_length} /> },
  { key: 'use', head: 'Chosen', cell: (target) => (target.candidate ? 'By the router' : <span class="mut">When named</span>) },
];
const yes = (value: boolean | null, good: string, bad: string) => (value === null ? 'not stated' : value ? good : bad);
const worst = (a: Target, b: Target) => Number(a.available) - Number(b.available) || Number(b.measured) - Number(a.measured) || (a.model < b.model ? -1 : a.model > b.model ? 1 : 0);

export function ProvidersPane() {
  const providers = useProviders();
  return (
    <Loaded of={providers} height={320}>
      {(data) => (
        <div class="stack">
          {data.warnings.map((warning) => <Notice key={warning} tone="warn"><bdi>{warning}</bdi></Notice>)}
          <Card title="Providers" sub={`${count(data.providers.length)}, prices of ${data.price_version}`}>
            {data.providers.length === 0 && <EmptyState title="No provider"><p>Give one its key in the environment or the configuration file.</p></EmptyState>}
            {data.providers.map((provider, index) => (
              <details key={provider.id} class="provider" open={index === 0 || provider.targets.some((target) => !target.available)}>
                <summary><b><Name text={provider.name} /></b><Standing targets={provider.targets} /><span class="mut">{count(provider.targets.length)} targets · {provider.keys === 0 ? 'no key' : provider.keys === 1 ? '1 key' : `${count(provider.keys)} keys`} · training {yes(provider.may_train, 'possible', 'excluded')} · zero retention {yes(provider.zero_retention, 'yes', 'no')}</span></summary>
                <p class="pad mut small">{provider.endpoints.map((endpoint) => `${endpoint.address}${endpoint.region ? ` (${endpoint.region})` : ''}`).join(', ')}</p>
                <Table label={`Models at ${provider.name}`} cols={cols(provider)} rows={[...provider.targets].sort(worst)} rowKey={(target) => `${target.model}/${target.region}`} empty={<p class="pad mut">None of its models is configured.</p>} />
              </details>
            ))}
          </Card>
        </div>
      )}
    </Loaded>
  );
}
