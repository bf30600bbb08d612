// A reseller's tenant sees what it is charged and nothing of what the platform pays: neither an amount nor a ratio. The
// walk asks every operation of docs/openapi.json with such a tenant's key and looks for each amount that only the
// platform may know.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { sha256, startProvider, startRouter } from './support.mjs';

const document = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url)));
const extra = `budgets:
  - {id: resold-cost, scope: {tenant: resold}, period: month, cap_usd: "77.7777"}
  - {id: resold-charged, scope: {tenant: resold}, period: month, cap_usd: "50", measure: charged}
  - {id: tight-charged, scope: {tenant: tight}, period: month, cap_usd: "0.000001", measure: charged}
  - {id: blind-cost, scope: {tenant: blind}, period: month, cap_usd: "0.0000012345"}
`;
const tenants = `  - id: resold
    baseline_model: gpt-4o
    price_plan: {markup_percent: "37.5"}
    keys: [{id: resold-key, sha256: ${sha256('kr-resold')}}]
  - id: tight
    price_plan: {markup_percent: "10"}
    keys: [{id: tight-key, sha256: ${sha256('kr-tight')}}]
  - id: blind
    price_plan: {markup_percent: "10"}
    keys: [{id: blind-key, sha256: ${sha256('kr-blind')}}]
`;

let provider;
let router;
const answered = [];

const ask = (key, body, headers = {}) => fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer ${key}`, ...headers },
  body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }], ...body }) });

before(async () => {
  provider = await startProvider();
  router = await startRouter(provider, { extra: tenants + extra });
  for (const stream of [false, true]) {
    const response = await ask('kr-resold', { stream });
    answered.push({ id: response.headers.get('x-kairosroute-receipt'), headers: response.headers, text: await response.text() });
  }
  const auto = await ask('kr-resold', { model: 'auto' }); // its receipt has candidates with estimates
  answered.push({ id: auto.headers.get('x-kairosroute-receipt'), headers: auto.headers, text: await auto.text() });
  for (const { id } of answered) await router.receipt(id, 'kr-ops');
});
after(async () => {
  if (!router) return; // no test of these was asked for
  await router.stop();
  provider.stop();
});

/// Every amount of the receipts that is a cost, an estimate or made of one, as text.
async function secrets() {
  const found = new Set([77.7777, 37.5].map(plain));
  const keep = (amount) => { if (amount) found.add(plain(amount)); };
  for (const { id } of answered) {
    const receipt = await router.receipt(id, 'kr-ops');
    assert.ok(receipt.cost.charged_usd > receipt.cost.total_usd);
    keep(receipt.cost.total_usd);
    keep(receipt.savings?.baseline_cost_usd);
    keep(receipt.savings?.savings_usd);
    for (const line of receipt.cost.lines) { keep(line.cost_usd); keep(line.unit_price_usd_per_mtok); }
    for (const candidate of receipt.candidates) keep(candidate.est_cost_usd);
    if (receipt.budget?.id === 'resold-cost') keep(receipt.budget.reserved_usd);
    for (const charge of receipt.budget_charges ?? []) if (charge.budget_id === 'resold-cost') keep(charge.amount_usd);
  }
  return found;
}

const plain = (amount) => { const text = amount.toFixed(15).replace(/0+$/, ''); return text.endsWith('.') ? text.slice(0, -1) : text; };
/// Every number in a text, as written without exponent; whole ones are counts.
const numbers = (text) => new Set([...text.matchAll(/(?<![\w.-]|\d:)-?\d+\.\d+(?:e-?\d+)?/g)].map(([number]) => plain(Math.abs(Number(number)))));

function assertNothingOf(secret, text, where) {
  for (const number of numbers(text)) assert.ok(!secret.has(number), `${where} tells ${number}: ${text.slice(0, 1500)}`);
}

test('a receipt says what each line is charged, and the sum', async () => {
  const whole = await router.receipt(answered[0].id, 'kr-ops');
  const sum = whole.cost.lines.reduce((so_far, line) => so_far + Math.round(line.charged_usd * 1e12), 0);
  assert.equal(sum, Math.round(whole.cost.charged_usd * 1e12));
  for (const line of whole.cost.lines) assert.equal(Math.round(line.charged_usd * 1e12), Math.round(line.cost_usd * 1.375e12));
  const own = await router.receipt(answered[0].id, 'kr-resold');
  assert.equal(own.cost.total_usd, whole.cost.charged_usd);
  assert.equal(own.execution.actual_cost_usd, whole.cost.charged_usd);
  assert.deepEqual(own.cost.lines.map((line) => line.cost_usd), whole.cost.lines.map((line) => line.charged_usd));
  assert.ok(own.cost.lines.every((line) => line.unit_price_usd_per_mtok === null));
  assert.equal(own.savings, undefined);
  assert.deepEqual(own.budget_charges.map((charge) => charge.budget_id), ['resold-charged']);
});

test('headers, the comment in a stream and a decision alone tell what is charged', async () => {
  const secret = await secrets();
  for (const { headers, text } of answered) {
    assert.equal(headers.get('x-kairosroute-savings'), null);
    assertNothingOf(secret, `${headers.get('x-kairosroute-cost')} ${text}`, 'an answer');
  }
  const charged = (await router.receipt(answered[0].id, 'kr-ops')).cost.charged_usd;
  assert.equal(Number(answered[0].headers.get('x-kairosroute-cost')), charged);
  const decision = await fetch(`${router.url}/v1/route`, { method: 'POST', headers: { authorization: 'Bearer kr-resold' },
    body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'Hello' }] }) });
  const body = await decision.json();
  assert.ok(body.candidates.length > 3);
  assert.ok(body.candidates.every((one) => one.est_cost_usd == null && one.score == null), JSON.stringify(body.candidates[0]));
});

test('a session says that its key sees what is charged only', async () => {
  const of = async (key) => (await (await router.get('/api/v1/session', key)).json()).charged_only;
  assert.deepEqual([await of('kr-resold'), await of('kr-acme'), await of('kr-ops')], [true, false, false]);
});

test('refusals name the amounts of budgets in what is charged, and no others', async () => {
  const tight = await ask('kr-tight', {});
  assert.equal(tight.status, 402);
  const blind = await ask('kr-blind', {});
  assert.equal(blind.status, 402);
  const text = await blind.text();
  assert.ok(!/\d\.\d/.test(text), text);
  assert.match(text, /blind-cost/);
  const id = blind.headers.get('x-kairosroute-receipt');
  const whole = await router.receipt(id, 'kr-ops');
  assert.match(JSON.stringify(whole), /0\.0000012345/); // the operator is told everything
  const own = JSON.stringify(await router.receipt(id, 'kr-blind'));
  assert.ok(!own.includes('0.0000012345') && !own.includes('1.2345e-6'), own);
  const guarded = await ask('kr-resold', {}, { 'x-kairosroute-max-cost-usd': '0.00000001' });
  assert.equal(guarded.status, 402);
  assert.ok(!/0\.0000[1-9]/.test(await guarded.text()));
});

test('a walk over every operation with a reseller’s tenant’s key finds none of the platform’s amounts', async () => {
  const secret = await secrets();
  assert.ok(secret.size > 10, `${secret.size} amounts`);
  for (const path of ['/api/v1/receipts', `/api/v1/receipts/${answered[0].id}`, '/api/v1/ledger?format=json&grain=receipt', '/api/v1/budgets']) {
    const told = numbers(await (await router.get(path, 'kr-ops')).text());
    assert.ok([...told].some((number) => secret.has(number)), `${path} tells the operator nothing: the walk below would prove nothing`);
  }
  let asked = 0;
  for (const [pattern, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      if (operation['x-planned'] || pattern === '/openapi.json' || pattern.endsWith('/live') || method === 'delete') continue;
      for (const id of [answered[0].id, answered[2].id, 'resold', 'resold-key', 'resold-cost', 'resold-charged', 'savings', 'mix', 'latency', 'spend', 'tenants']) {
        const queries = pattern.endsWith('/export') ? ['receipts', 'savings', 'mix', 'latency', 'spend', 'tenants'].map((view) => `?view=${view}`)
          : pattern.endsWith('/ledger') ? ['json', 'csv', 'focus-csv'].flatMap((format) => ['hour', 'day', 'receipt'].map((grain) => `?format=${format}&grain=${grain}`)) : [''];
        for (const query of queries) {
          const path = pattern.replace(/\{\w+\}/, id) + query;
          const example = operation.requestBody?.content['application/json'].example;
          const response = await fetch(router.url + path, { method: method.toUpperCase(), headers: { authorization: 'Bearer kr-resold' },
            body: operation.requestBody ? JSON.stringify(example ?? {}) : undefined });
          assertNothingOf(secret, await response.text(), `${method} ${path}`);
          asked += 1;
        }
        if (!pattern.includes('{')) break;
      }
    }
  }
  assert.ok(asked > 60, `${asked} questions`);
});

test('questions that would tell the cost are refused; cost is what is charged', async () => {
  const query = async (body) => {
    const response = await fetch(`${router.url}/api/v1/query`, { method: 'POST', headers: { authorization: 'Bearer kr-resold' },
      body: JSON.stringify({ from: '2020-01-01', to: '2099-01-01', ...body }) });
    return { status: response.status, json: await response.json() };
  };
  const measures = document.components.schemas.Measure?.enum ?? ['cost', 'charged', 'baseline', 'savings', 'avoided', 'cost_input', 'cost_other', 'cost_interrupted'];
  const secret = await secrets();
  for (const measure of measures) {
    const answer = await query({ measures: [measure], dimensions: ['model'], compare: true });
    if (answer.status === 200) assertNothingOf(secret, JSON.stringify(answer.json), measure);
    if (/^(baseline|savings|avoided|cost_)/.test(measure)) assert.equal(answer.status, 403, measure);
  }
  const both = await query({ measures: ['cost', 'requests', 'charged'], order: [{ by: 'cost', desc: true }], dimensions: ['model'], totals: true });
  assert.equal(both.status, 200, JSON.stringify(both.json));
  assert.deepEqual(both.json.columns.map((column) => column.name), ['model', 'cost', 'requests', 'charged']);
  for (const row of both.json.rows) assert.equal(row[1], row[3]);
  for (const path of ['/api/v1/receipts?min_cost=0.00001', '/api/v1/receipts?max_cost=1', '/api/v1/receipts?order=cost', '/api/v1/export?view=receipts&min_cost=0.1', '/api/v1/alerts']) {
    assert.equal((await router.get(path, 'kr-resold')).status, 403, path);
    assert.equal((await router.get(path, 'kr-ops')).status, 200, path);
  }
  assert.equal((await query({ measures: ['requests'], filters: { min_cost_usd: '0.1' } })).status, 403);
});

test('questions together: each that would tell the cost is refused, the others are answered', async () => {
  const range = { from: '2020-01-01', to: '2099-01-01' };
  const ask = async (path, body) => (await fetch(router.url + path, { method: 'POST', headers: { authorization: 'Bearer kr-resold' }, body: JSON.stringify(body) })).json();
  const queries = [
    { ...range, measures: ['savings'] },
    { ...range, measures: ['cost', 'requests', 'charged'], dimensions: ['model'], totals: true, compare: true },
    { ...range, measures: ['requests'], filters: { min_cost_usd: '0.1' } },
    { ...range, measures: ['charged'] },
  ];
  const { results } = await ask('/api/v1/queries', { queries });
  assertNothingOf(await secrets(), JSON.stringify(results), 'questions together');
  for (const [index, query] of queries.entries()) {
    const alone = await ask('/api/v1/query', query);
    assert.deepEqual(results[index], alone.rows ? alone : { error: alone });
  }
  assert.deepEqual(results.map((result) => result.error?.status), [403, undefined, 403, undefined]);
});

test('the live feed tells what is charged', async () => {
  const abort = new AbortController();
  const response = await fetch(`${router.url}/api/v1/receipts/live`, { headers: { authorization: 'Bearer kr-resold', 'last-event-id': answered[0].id }, signal: abort.signal });
  let text = '';
  const id = (await ask('kr-resold', {})).headers.get('x-kairosroute-receipt');
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (text.includes(id)) break;
  }
  abort.abort();
  assert.ok(text.includes(answered[1].id), text); // missed, and read from the journal
  assertNothingOf(await secrets(), text, 'the live feed');
});
