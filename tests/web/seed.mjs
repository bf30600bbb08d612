// The real binary in front of a simulated provider, with receipts of every kind: successes, retries, fallbacks, refusals,
// failures, streams that break, and texts that would like to be markup.
import { sha256, startProvider, startRouter } from '../e2e/support.mjs';

export const hostile = {
  user: '<img src=x onerror="window.hacked=1">\u202E مرحبا 🙂</td></tr>',
  workflow: 'wf-"><script>window.hacked=2</script>',
  tag: "javascript:window.hacked=3//'&quot;<b>",
};
const prompts = ['Write a python function that sorts a list', 'Summarize this text about cats', 'Extract the names as JSON', 'Prove that sqrt 2 is irrational, step by step', 'Write a poem about the sea'];
const workflows = ['contract-review', 'pr-agent', 'meeting-notes'];

export const keys = { acme: 'kr-acme', rival: 'kr-rival', ops: 'kr-ops', resold: 'kr-resold' };
const extra = `  - id: resold
    baseline_model: gpt-4o
    price_plan: {markup_percent: "25"}
    keys: [{id: resold-key, sha256: ${sha256('kr-resold')}}]
budgets:
  - {id: resold-month, scope: {tenant: resold}, period: month, cap_usd: "50", measure: charged}
`;

export async function ask(router, i, extra = {}) {
  const body = { model: i % 7 === 0 ? 'gpt-4o' : i % 11 === 0 ? 'no-such-model' : 'auto', stream: i % 4 === 0, messages: [{ role: 'user', content: `${prompts[i % 5]} ${i}` }], ...extra.body };
  const headers = { authorization: `Bearer ${extra.key ?? (i % 5 === 0 ? keys.rival : keys.acme)}`, 'content-type': 'application/json', 'x-kairosroute-workflow': workflows[i % 3], 'x-kairosroute-tags': `team=${['sea', 'land'][i % 2]}`, ...extra.headers };
  const response = await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify(body) });
  await response.text().catch(() => undefined);
  return response.headers.get('x-kairosroute-receipt');
}

export async function start() {
  const provider = await startProvider();
  let n = 0;
  provider.behave = () => {
    n += 1;
    if (n % 17 === 0) return { status: 429, body: { error: { message: 'slow down', type: 'rate' } } };
    if (n % 41 === 0) return { status: 500, body: { error: { message: 'no' } } };
    return undefined;
  };
  const router = await startRouter(provider, { extra });
  return { provider, router, stop: async () => { await router.stop(); provider.stop(); } };
}

export async function fill(router, count = 240) {
  for (let i = 0; i < count; ++i) await ask(router, i);
  for (let i = 0; i < 6; ++i) await ask(router, i, { key: keys.resold });
  await ask(router, 1, { body: { model: 'gpt-audio' } }); // has no price for the cached tokens that are reported: unknown cost
  const hostileReceipt = await ask(router, 3, { key: keys.acme, body: { model: 'auto', user: hostile.user }, headers: { 'x-kairosroute-workflow': hostile.workflow, 'x-kairosroute-tags': `evil=${encodeURIComponent(hostile.tag)}` } });
  await router.receipt(hostileReceipt, keys.ops);
  return { hostileReceipt };
}
