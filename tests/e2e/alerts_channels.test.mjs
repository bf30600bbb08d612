// Every kind of channel against a receiver that judges messages as the real one would, and on the receiver's bad days.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { faults, headerOf, makeCertificates, startHttpReceiver, startSmtpReceiver, stopReceivers, until } from './alert_receivers.mjs';
import { startProvider, startRouter } from './support.mjs';

afterEach(stopReceivers);

const quiet = '{id: quiet, title: "Nobody <!channel> & co", measure: requests, below: 1, window: 1m, no_data: alert, repeat: 0s}';
const routingKey = '0123456789abcdef0123456789abcdef';
const env = { E2E_HOOK_SECRET: 'hook-secret', E2E_ROUTING_KEY: routingKey, E2E_SMTP_PASSWORD: 'pa55 wörd' };

const section = (channels, rules = [quiet], timeout = '1s') => `alerts:
  built_in_rules: false
  interval: 1s
  settle: 0s
  timeout: ${timeout}
  first_retry: 20ms
  allow_networks: [127.0.0.0/8]
  rules: [${rules.join(', ')}]
  channels:
${channels.map((one) => `    - ${one}\n`).join('')}`;

const webhook = (id, url) => `{id: ${id}, kind: webhook, url: "${url}", secret_env: E2E_HOOK_SECRET}`;
const pagerduty = (id, url) => `{id: ${id}, kind: pagerduty, url: "${url}", routing_key_env: E2E_ROUTING_KEY}`;
const slack = (id, variable) => `{id: ${id}, kind: slack, url_env: ${variable}}`;
const email = (id, smtp, { to = ['oncall@example.com'], ca = '' } = {}) =>
  `{id: ${id}, kind: email, smtp: {${smtp}}, from: alerts@kr.example.com, to: [${to.join(', ')}]${ca && `, ca_file: ${ca}`}}`;

async function withRouter(extra, more, use) {
  const provider = await startProvider();
  const router = await startRouter(provider, { extra, env: { ...env, ...more } });
  router.call = async (method, path, body) => {
    const response = await fetch(router.url + path, { method, headers: { authorization: 'Bearer kr-ops' }, body: body && JSON.stringify(body) });
    const text = await response.text();
    return { status: response.status, body: text && JSON.parse(text) };
  };
  router.deliveries = async () => (await router.call('GET', '/api/v1/alerts/deliveries')).body;
  try {
    await use(router);
  } finally {
    await router.kill();
    provider.stop();
  }
}

const chat = (router, more) => fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme', 'content-type': 'application/json' },
  body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }], ...more }) });

// What a receiver does → how often it is asked, and whether it has the message in the end.
const days = {
  'limits': { plan: ['busy', 'unavailable', 'badGateway', 'hang', 'takenHuge'], calls: 5 },
  'dates': { plan: ['busyUntil', 'gatewayTimeout', 'internal', 'reset', 'takenPartial'], calls: 5 },
  'bytes': { plan: ['bomb', 'huge', 'resetMidAnswer', 'partial', 'takenBomb'], calls: 5 },
  'nonsense': { plan: ['nonsense', 'headers', 'hangAfterHead'], calls: 4 },
  'too-large': { plan: ['tooLarge'], calls: 1, dead: 413 },
  'gone': { plan: ['gone'], calls: 1, dead: 404 },
};

test('webhook, Slack and PagerDuty: every fault is outlived or becomes a dead letter that can be sent again', { timeout: 90_000 }, async () => {
  const plans = {}, channels = [], variables = {};
  const receiver = await startHttpReceiver();
  for (const kind of ['webhook', 'slack', 'pagerduty']) {
    for (const [day, { plan }] of Object.entries(days)) {
      const path = `/${kind}/${day}`, id = `${kind}-${day}`, variable = `E2E_SLACK_${day.toUpperCase().replace('-', '_')}`;
      plans[path] = plan.map((name) => faults[name]);
      variables[variable] = `${receiver.url}/slack/${day}`;
      channels.push(kind === 'slack' ? slack(id, variable) : { webhook, pagerduty }[kind](id, receiver.url + path));
    }
  }
  receiver.plans = plans;
  await withRouter(section(channels), variables, async (router) => {
    const done = await until('all are delivered or dead', async () => {
      const now = await router.deliveries();
      return now.log.length >= channels.length && now.waiting.length === 0 && now;
    }, 60_000);
    assert.deepEqual(receiver.refused, []);
    for (const kind of ['webhook', 'slack', 'pagerduty']) {
      for (const [day, { calls: expected, dead }] of Object.entries(days)) {
        const calls = receiver.at(`/${kind}/${day}`), entry = done.log.find((one) => one.channel === `${kind}-${day}`);
        assert.equal(calls.length, expected, `${kind} ${day}: ${JSON.stringify(entry)}`);
        assert.equal(new Set(calls.map((call) => call.id)).size, 1, `${kind} ${day}: one id`);
        assert.deepEqual([entry.delivered, entry.attempts], [!dead, expected], `${kind} ${day}: ${entry.detail}`);
        if (dead) assert.equal(entry.status, dead);
      }
      const gap = (day) => receiver.at(`/${kind}/${day}`)[1].at - receiver.at(`/${kind}/${day}`)[0].at;
      assert.ok(gap('limits') >= 950, `Retry-After in seconds is heeded: ${gap('limits')} ms`);
      assert.ok(gap('dates') >= 950, `Retry-After as a date is heeded: ${gap('dates')} ms`);
    }
    // The dead ones are sent again under the same id once the receiver is mended.
    assert.equal(done.dead.length, 6);
    for (const { id } of done.dead) assert.equal((await router.call('POST', `/api/v1/alerts/deliveries/${id}/retry`)).status, 204);
    await until('the dead are delivered', async () => (await router.deliveries()).dead.length === 0 && (await router.deliveries()).waiting.length === 0);
    for (const kind of ['webhook', 'slack', 'pagerduty']) {
      const calls = receiver.at(`/${kind}/gone`);
      assert.deepEqual([calls.length, new Set(calls.map((call) => call.id)).size], [2, 1]);
    }
    const peak = Number(readFileSync(`/proc/${router.child.pid}/status`, 'utf8').match(/VmHWM:\s+(\d+)/)[1]);
    assert.ok(peak < 400_000, `no bomb went off: ${peak} KiB at most`);
  });
});

test('trigger, acknowledge and resolve have one dedup key; what tenants write reaches nobody as markup', { timeout: 60_000 }, async () => {
  const receiver = await startHttpReceiver();
  const smtp = await startSmtpReceiver('none');
  const busy = { id: 'busy', title: 'Busy', measure: 'requests', above: '1', window: '1m', group_by: ['workflow', 'tags.team'], repeat: '0s', notify_resolved: true };
  const channels = [webhook('hook', `${receiver.url}/webhook/a`), pagerduty('pager', `${receiver.url}/pagerduty/a`), slack('chat', 'E2E_SLACK'),
    email('mail', `host: 127.0.0.1, port: ${smtp.port}, security: none`)];
  await withRouter(section(channels, []), { E2E_SLACK: `${receiver.url}/slack/a` }, async (router) => {
    assert.equal((await router.call('POST', '/api/v1/alerts/rules', busy)).status, 201);
    const hostile = '<!channel> & <https://evil.example|click> "x" \u2028\r\nBcc: evil@example.com\r\n\r\n.\r\nRCPT TO:<evil@example.com>';
    for (const body of [{ kairosroute: { workflow: 'w'.repeat(128), tags: { team: hostile } } }, { kairosroute: { workflow: 'äöü '.repeat(8), tags: { team: '*bold* ~x~ `code`' } } }]) {
      const response = await chat(router, body);
      assert.ok([200, 400].includes(response.status), `${response.status}`);
    }
    await chat(router, { kairosroute: { workflow: 'night <b>', tags: { team: '<!everyone> & co' } } });
    const firing = await until('fires', async () => (await router.call('GET', '/api/v1/alerts')).body.alerts.find((one) => one.labels.workflow === 'night <b>' && one.state === 'firing'));
    assert.equal((await router.call('POST', `/api/v1/alerts/incidents/${firing.incident}/acknowledge`)).status, 204);
    await until('all arrived', () => receiver.at('/pagerduty/a').some((call) => call.body.event_action === 'acknowledge') && receiver.at('/slack/a').length && smtp.mails.length);
    assert.deepEqual(receiver.refused, []);
    const [mine] = receiver.at('/pagerduty/a').filter((call) => call.body.event_action === 'acknowledge');
    const trigger = receiver.at('/pagerduty/a').find((call) => call.body.event_action === 'trigger' && call.body.dedup_key === mine.body.dedup_key);
    assert.match(trigger.body.payload.summary, /night <b>/);
    assert.equal(receiver.at('/webhook/a').filter((call) => call.body.status === 'firing').every((call) => call.body.alerts[0].annotations.receipts.includes('workflow=')), true);
    for (const mail of smtp.mails) {
      assert.deepEqual([mail.defects, headerOf(mail, 'bcc'), mail.to, mail.bare_ends], [[], [], ['oncall@example.com'], 0]);
      assert.ok(!/<!|<b>/.test(mail.parts['text/html'].replace('<!doctype html>', '')), mail.parts['text/html']);
    }
    // The rule goes: all are told of the end.
    assert.equal((await router.call('DELETE', '/api/v1/alerts/rules/busy')).status, 204);
    await until('resolved', () => receiver.at('/pagerduty/a').some((call) => call.body.event_action === 'resolve' && call.body.dedup_key === mine.body.dedup_key));
    await until('resolved everywhere', () => receiver.at('/webhook/a').some((call) => call.body.status === 'resolved') && smtp.mails.some((mail) => headerOf(mail, 'subject')[0].startsWith('Resolved: ')));
    assert.deepEqual(receiver.refused, []);
  });
});

test('e-mail: STARTTLS and TLS with a certificate that is checked, a login, text and HTML', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kairos-e2e-ca-'));
  const good = makeCertificates(folder), other = makeCertificates(folder, 'other');
  const login = ['mailer', env.E2E_SMTP_PASSWORD];
  const servers = { starttls: await startSmtpReceiver('starttls', good, login), tls: await startSmtpReceiver('tls', good, login) };
  const smtp = (security, more = '') => `host: 127.0.0.1, port: ${servers[security].port}, security: ${security}, username: mailer, password_env: E2E_SMTP_PASSWORD${more}`;
  const channels = ['starttls', 'tls'].flatMap((security) => [email(security, smtp(security), { ca: good.ca, to: ['a@example.com', 'b@example.com'] }), email(`${security}-stranger`, smtp(security), { ca: other.ca })]);
  await withRouter(section(channels), {}, async (router) => {
    for (const [security, server] of Object.entries(servers)) {
      const [mail] = await until(`a mail by ${security}`, () => server.mails.length > 0 && server.mails);
      assert.deepEqual([mail.tls, mail.type, mail.defects, mail.bare_ends], [true, 'multipart/alternative', [], 0], server.log);
      assert.ok(mail.longest_line <= 998);
      assert.deepEqual([mail.from, mail.to, mail.addresses], ['alerts@kr.example.com', ['a@example.com', 'b@example.com'], ['a@example.com', 'b@example.com']]);
      assert.match(headerOf(mail, 'message-id')[0], /^<dlv_[0-9a-f]+@kr\.example\.com>$/);
      assert.equal(headerOf(mail, 'auto-submitted')[0], 'auto-generated');
      assert.match(headerOf(mail, 'subject')[0], /^Nobody <!channel> & co: /);
      assert.ok(Math.abs(Date.parse(mail.date) - Date.now()) < 60_000);
      for (const what of ['quiet', 'Since', 'Why', 'requests below 1', `${router.url}/alerts/quiet/inc_`, `${router.url}/receipts?`]) assert.ok(mail.parts['text/plain'].includes(what), what);
      assert.ok(mail.parts['text/html'].includes('Nobody &lt;!channel&gt; &amp; co'));
      const before = server.commands.slice(0, server.commands.findIndex((one) => one.command === 'MAIL'));
      assert.ok(before.filter((one) => one.command === 'AUTH').every((one) => one.tls), 'the login is sent over TLS only');
    }
    // The certificate of another authority: nothing is said to whoever that is.
    const stranger = (await router.call('POST', '/api/v1/alerts/channels/tls-stranger/test')).body;
    assert.deepEqual([stranger.delivered, /certificate/i.test(stranger.detail)], [false, true], stranger.detail);
    const plain = (await router.call('POST', '/api/v1/alerts/channels/starttls-stranger/test')).body;
    assert.deepEqual([plain.delivered, /certificate/i.test(plain.detail)], [false, true], plain.detail);
    // A server, or who sits before it, that offers no STARTTLS gets neither login nor message.
    servers.starttls.commands.length = 0;
    await servers.starttls.plan(Array(4).fill('no_starttls'));
    const stripped = (await router.call('POST', '/api/v1/alerts/channels/starttls/test')).body;
    assert.equal(stripped.delivered, false, stripped.detail);
    assert.deepEqual(servers.starttls.commands.filter((one) => !one.tls && ['AUTH', 'MAIL'].includes(one.command)), []);
    const shown = JSON.stringify((await router.call('GET', '/api/v1/alerts/channels')).body);
    assert.ok(!shown.includes(env.E2E_SMTP_PASSWORD), shown);
  });
});

test('e-mail: a wrong password, refusals, silence and resets; one Message-ID however often it is tried', { timeout: 90_000 }, async () => {
  const plans = {
    greeting: ['greeting_hang', 'greeting_reset', 'nonsense'], mail: ['mail_451', 'mail_reset', 'mail_452'], rcpt: ['rcpt_450', 'rcpt_hang', 'rcpt_reset'],
    data: ['data_452', 'data_reset', 'data_hang'], refused: ['data_554'], nobody: [], some: [], grey: ['grey'],
  };
  const recipients = { nobody: ['nobody@example.com'], some: ['nobody@example.com', 'oncall@example.com'], grey: ['grey@example.com', 'oncall@example.com'] };
  const servers = {}, channels = [];
  for (const [name, plan] of Object.entries(plans)) {
    servers[name] = await startSmtpReceiver('none');
    await servers[name].plan(plan);
    channels.push(email(name, `host: 127.0.0.1, port: ${servers[name].port}, security: none`, { to: recipients[name] }));
  }
  await withRouter(section(channels), {}, async (router) => {
    const { log } = await until('all are delivered or dead', async () => {
      const now = await router.deliveries();
      return now.log.length === channels.length && now;
    }, 60_000);
    const of = (name) => log.find((one) => one.channel === name);
    for (const [name, attempts] of Object.entries({ greeting: 3, mail: 4, rcpt: 4, data: 4 })) assert.deepEqual([of(name).delivered, of(name).attempts], [true, attempts], `${name}: ${of(name).detail}`);
    for (const name of ['greeting', 'mail', 'rcpt']) assert.equal(servers[name].mails.length, 1, name);
    // It was taken and the answer was lost, twice: the same mail thrice.
    assert.equal(servers.data.mails.length, 3);
    assert.equal(new Set(servers.data.mails.map((mail) => `${headerOf(mail, 'message-id')} ${mail.date} ${mail.parts['text/plain']}`)).size, 1);
    assert.deepEqual([of('refused').delivered, of('refused').attempts, of('refused').status], [false, 1, 554]);
    assert.deepEqual([of('nobody').delivered, of('nobody').attempts], [false, 1]);
    assert.match(of('nobody').detail, /nobody@example\.com: 550 5\.1\.1 no such mailbox/);
    // Who is refused does not keep it from the others; who is refused for now gets it later, and only he.
    assert.deepEqual([of('some').delivered, of('some').attempts, servers.some.mails.map((mail) => mail.to)], [true, 1, [['oncall@example.com']]]);
    assert.match(of('some').detail, /nobody@example\.com: 550/);
    assert.deepEqual([of('grey').delivered, of('grey').attempts, servers.grey.mails.map((mail) => mail.to)], [true, 2, [['oncall@example.com'], ['grey@example.com']]]);
  });
});

test('e-mail: a wrong password is said and tried again, and never shown', { timeout: 60_000 }, async () => {
  const certificates = makeCertificates(mkdtempSync(join(tmpdir(), 'kairos-e2e-ca-')));
  const server = await startSmtpReceiver('tls', certificates, ['mailer', 'another']);
  const channel = email('mail', `host: 127.0.0.1, port: ${server.port}, security: tls, username: mailer, password_env: E2E_SMTP_PASSWORD`, { ca: certificates.ca });
  await withRouter(section([channel], [quiet], '10s'), {}, async (router) => {
    const result = (await router.call('POST', '/api/v1/alerts/channels/mail/test')).body;
    assert.deepEqual([result.delivered, result.status], [false, 535], result.detail);
    assert.ok(!router.log.includes(env.E2E_SMTP_PASSWORD) && !result.detail.includes(env.E2E_SMTP_PASSWORD));
    const waiting = await until('it waits', async () => (await router.deliveries()).waiting.find((one) => one.attempts >= 2));
    assert.equal(waiting.channel, 'mail');
    assert.equal(server.mails.length, 0);
  });
});
