// kill -9 while alerts are being delivered, for each kind of channel, at seeded moments: nothing is lost, and what comes twice
// comes under one delivery id, Message-ID or dedup key, at most once more per channel and crash.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { headerOf, startHttpReceiver, startSmtpReceiver, stopReceivers, until } from './alert_receivers.mjs';
import { startProvider, startRouter } from './support.mjs';

afterEach(stopReceivers);

const kinds = ['webhook', 'slack', 'pagerduty', 'email'];
const rules = ['first', 'second', 'third'];
const env = { E2E_HOOK_SECRET: 'hook-secret', E2E_ROUTING_KEY: '0123456789abcdef0123456789abcdef' };

/// Small and seeded (mulberry32).
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const section = (http, smtp) => `alerts:
  built_in_rules: false
  interval: 1s
  settle: 0s
  first_retry: 100ms
  allow_networks: [127.0.0.0/8]
  rules: [${rules.map((id) => `{id: ${id}, title: No traffic, measure: requests, below: 1, window: 1m, no_data: alert, repeat: 0s}`).join(', ')}]
  channels:
    - {id: webhook, kind: webhook, url: "${http.url}/webhook/a", secret_env: E2E_HOOK_SECRET}
    - {id: slack, kind: slack, url_env: E2E_SLACK}
    - {id: pagerduty, kind: pagerduty, url: "${http.url}/pagerduty/a", routing_key_env: E2E_ROUTING_KEY}
    - {id: email, kind: email, smtp: {host: 127.0.0.1, port: ${smtp.port}, security: none}, from: a@kr.example.com, to: [b@example.com]}
`;

/// Receivers that count messages per kind and call `seen(kind, count, phase)` when one has arrived and when it is answered.
async function startReceivers(seen) {
  const got = { webhook: [], slack: [], pagerduty: [], email: [] };
  const http = await startHttpReceiver();
  http.onCall = (call, _, response) => {
    const kind = call.path.split('/')[1];
    const count = got[kind].push({ id: call.id, rule: rules.find((one) => call.text.includes(`rule ${one})`) || call.text.includes(`/${one}/`)) });
    response.on('finish', () => seen(kind, count, 'answered'));
    seen(kind, count, 'arrived');
  };
  const smtp = await startSmtpReceiver('none');
  smtp.onSaid = ({ arrived, mail }) => {
    if (arrived) seen('email', got.email.length + 1, 'arrived');
    if (!mail) return;
    const count = got.email.push({ id: headerOf(mail, 'message-id')[0], rule: rules.find((one) => mail.parts['text/plain'].includes(`(rule ${one})`)) });
    seen('email', count, 'answered');
  };
  return { got, http, smtp };
}

function check(got, crashes, what) {
  for (const kind of kinds) {
    const ids = new Map();
    for (const { id, rule } of got[kind]) ids.set(id, [...(ids.get(id) ?? []), rule]);
    assert.deepEqual([...ids.values()].map((list) => list[0]).sort(), rules, `${what}: ${kind} has each alert under one id: ${JSON.stringify(got[kind])}`);
    const most = Math.max(...[...ids.values()].map((list) => list.length));
    assert.ok(got[kind].length <= rules.length + crashes && most <= 1 + crashes, `${what}: ${kind} got ${got[kind].length} messages`);
  }
}

/// `crashes`: functions (kind, count, phase) → kill now? A number: so many ms after the start.
async function play(what, crashes) {
  let router, kill;
  const left = [...crashes];
  const receivers = await startReceivers((...moment) => { if (typeof left[0] === 'function' && left[0](...moment)) kill?.(); });
  const provider = await startProvider();
  const more = { ...env, E2E_SLACK: `${receivers.http.url}/slack/a` };
  try {
    let dataDir;
    while (left.length > 0) {
      router = await startRouter(provider, { dataDir, extra: section(receivers.http, receivers.smtp), env: more });
      dataDir = router.dataDir;
      kill = () => { kill = undefined; router.child.kill('SIGKILL'); };
      if (typeof left[0] === 'number') setTimeout(kill, left[0]);
      await router.ended;
      left.shift();
    }
    router = await startRouter(provider, { dataDir, extra: section(receivers.http, receivers.smtp), env: more });
    const json = async (path) => (await router.get(path, 'kr-ops')).json();
    await until(`${what}: all are delivered`, async () => {
      const { waiting, dead, log } = await json('/api/v1/alerts/deliveries');
      return waiting.length === 0 && dead.length === 0 && log.filter((one) => one.delivered).length >= kinds.length * rules.length;
    });
    const { events } = await json('/api/v1/alerts/events');
    assert.deepEqual(events.filter((one) => one.kind === 'firing').map((one) => one.rule).sort(), rules, `${what}: each fires once`);
    assert.deepEqual(receivers.http.refused, []);
    check(receivers.got, crashes.length, what);
  } finally {
    await router?.kill();
    provider.stop();
    stopReceivers();
  }
}

for (const [index, kind] of kinds.entries()) {
  for (const phase of ['arrived', 'answered']) {
    test(`kill -9 when ${kind} has ${phase === 'arrived' ? 'a message and has not answered' : 'just answered'}`, { timeout: 60_000 }, async () => {
      const which = 1 + Math.floor(random(index * 2 + phase.length)() * rules.length);
      await play(`${kind} ${phase} ${which}`, [(...moment) => moment[0] === kind && moment[1] === which && moment[2] === phase]);
    });
  }
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`kill -9 twice, whenever (seed ${seed})`, { timeout: 60_000 }, async () => {
    const next = random(seed);
    await play(`seed ${seed}`, [Math.floor(next() * 400), Math.floor(next() * 400)]);
  });
}
