// The cost, line by line, exact.
import { Link } from 'wouter-preact';
import { count, money, moneyTitle, pricePerMillion } from '@/lib/format';
import { type Money as Amount, parseUsd, sum } from '@/lib/money';
import { type CostLine, type Receipt, tokensIn, tokensOut } from '@/lib/receipt';
import { Card } from '@/ui/card';
import { Money } from '@/ui/figures';

const meters: Record<string, string> = {
  input_tokens: 'Input', cache_read_tokens: 'Cache read', cache_write_tokens: 'Cache write', cache_write_1h_tokens: 'Cache write, 1 h', output_tokens: 'Output', reasoning_tokens: 'Reasoning',
  requests: 'Request fee', images: 'Images', web_searches: 'Web searches', code_sessions: 'Code sessions',
};
const meterName = (meter: string) => meters[meter] ?? meter.replace(/_tokens$/, '').replaceAll('_', ' ');

function Line({ line, several }: { line: CostLine; several: boolean }) {
  return (
    <tr>
      <td title={line.meter}>{meterName(line.meter)}{several && <span class="mut"> #{line.attempt + 1}</span>}</td>
      <td class="r mut2">{count(line.quantity)}</td>
      <td class="r mut2">{pricePerMillion(line.unit_price_usd_per_mtok)}</td>
      <td class="r"><Money value={line.cost_usd} as="line" /></td>
    </tr>
  );
}

/** Its date; the whole of it, with the digests, is said where one points. */
const priceBook = (version: string) => /^\d{4}-\d\d-\d\d(?=-)/.exec(version)?.[0] ?? version;

const Compare = ({ label, amount }: { label: string; amount: Amount | null }) => <div><span>{label}</span><span class="n" title={moneyTitle(amount)}>{money(amount, 'unit')}</span></div>;

export function Costs({ receipt }: { receipt: Receipt }) {
  const { cost } = receipt;
  const several = new Set(cost.lines.map((line) => line.attempt)).size > 1;
  const known = cost.lines.map((line) => parseUsd(line.cost_usd)).filter((amount) => amount !== null);
  const unknown = cost.lines.length - known.length;
  const estimate = parseUsd(receipt.candidates.find((candidate) => candidate.rank === 1)?.est_cost_usd);
  return (
    <Card title="Cost" sub={cost.price_version ? <span title={cost.price_version}>prices {priceBook(cost.price_version)}</span> : undefined}
      foot={<Link class="link" href={`/spend?from=${new Date(Math.floor(Date.parse(receipt.created_at) / 86_400_000) * 86_400_000).toISOString()}&to=${new Date((Math.floor(Date.parse(receipt.created_at) / 86_400_000) + 1) * 86_400_000).toISOString()}&tenant=${encodeURIComponent(receipt.tenant)}`}>The day in Spend</Link>}>
      <div class="scroll">
        <table class="cost">
          <thead><tr><th scope="col"><span class="vh">Class</span></th><th scope="col" class="r">Tokens</th><th scope="col" class="r">Per 1M</th><th scope="col" class="r">Amount</th></tr></thead>
          <tbody>
            {cost.lines.map((line) => <Line key={`${line.attempt} ${line.meter}`} line={line} several={several} />)}
            {cost.lines.length === 0 && <tr><td colSpan={4} class="mut">{cost.basis === 'reservation' ? 'Only what was reserved is known.' : 'Nothing was used.'}</td></tr>}
            <tr class="tot"><td>Actual</td><td class="r">{count(tokensIn(receipt.usage) + tokensOut(receipt.usage))}</td><td /><td class="r"><Money value={cost.total_usd} as="line" /></td></tr>
          </tbody>
        </table>
      </div>
      <div class="cmp">
        {unknown > 0 && <Compare label={`Known part, without ${unknown} unpriced`} amount={sum(known)} />}
        {estimate !== null && <Compare label="Estimated" amount={estimate} />}
        {receipt.savings && <Compare label={`Baseline, ${receipt.savings.baseline_model_id} only`} amount={parseUsd(receipt.savings.baseline_cost_usd)} />}
        {cost.charged_usd !== undefined && <Compare label="Charged to the tenant" amount={parseUsd(cost.charged_usd)} />}
        {receipt.cache?.hit && <Compare label="Avoided by the cache" amount={parseUsd(receipt.cache.avoided_cost_usd)} />}
        {receipt.budget && <><Compare label={`Reserved in ${receipt.budget.id}`} amount={parseUsd(receipt.budget.reserved_usd)} /><Compare label="Cap" amount={parseUsd(receipt.budget.cap_usd)} /></>}
        {cost.byok && <div><span>Paid with the tenant’s own provider key</span><span /></div>}
        <div><span>Basis</span><span>{cost.basis}</span></div>
      </div>
    </Card>
  );
}
