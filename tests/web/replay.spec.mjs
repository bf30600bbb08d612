// Replay: a receipt is asked again and laid beside what it was; many are, under one cap, and can be stopped.
import { accessible, expect, open, settled, signIn, tooWide } from './support.mjs';
import { watchedTest } from './watched.mjs';

const { test, server } = watchedTest();
test.describe.configure({ timeout: 120_000 });
const at = () => server().url;
const kept = async (more) => {
  const id = await server().ask('kr-keeper', more);
  await server().receipt(id, 'kr-ops');
  return id;
};
const answer = (model, content) => ({ status: 200, body: { id: 'x', object: 'chat.completion', created: 1, model, usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 }, choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }] } });

test('from the receipt’s page: the same request, of another model, beside what it was', async ({ page }) => {
  const id = await kept({ response_format: { type: 'json_object' } });
  await signIn(page, 'kr-keeper', 'light', at());
  await open(page, `/receipts/${id}`, at());
  await page.getByRole('main').getByRole('link', { name: 'Replay', exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`/replay\\?of=${id}`));
  await expect(page.getByText(/The request is kept/)).toBeVisible();
  await page.getByLabel('Changes to the body, JSON').fill('{"temperature": ');
  await expect(page.getByRole('button', { name: 'Replay', exact: true })).toBeDisabled();
  await page.getByLabel('Changes to the body, JSON').fill('{"temperature": 0.5}');
  await page.getByLabel('Model', { exact: true }).fill('gpt-4o-mini');
  server().provider.behave = (body) => (body.model === 'gpt-4o-mini' ? answer('gpt-4o-mini', '{"ok":false,"why":"<img src=x onerror=window.hacked=1>"}') : undefined);
  await page.getByRole('button', { name: 'Replay', exact: true }).click();
  await expect(page.getByRole('status').filter({ hasText: '2 fields differ, cheaper' })).toBeVisible();
  expect(server().provider.requests.at(-1).body).toMatchObject({ model: 'gpt-4o-mini', temperature: 0.5 });
  server().provider.behave = () => undefined;
  await expect(page.getByRole('row', { name: /Changed \/ok true false/ })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Replay', exact: true })).toContainText('onerror');
  expect(await page.evaluate(() => window.hacked)).toBeUndefined();
  await page.getByRole('button', { name: 'Words' }).click();
  await expect(page.getByRole('region', { name: 'Original', exact: true }).locator('del').first()).toBeVisible();
  await accessible(page, 'replay result');
  await page.getByRole('link', { name: 'Receipt of the replay' }).click();
  await expect(page.getByText(`replay of ${id}`)).toBeVisible();
});

test('the receipt’s page shows what rewriting changed, text by text', async ({ page }) => {
  const id = await kept({ model: 'gpt-4.1', messages: [{ role: 'user', content: 'Which colour is it?' }] });
  await signIn(page, 'kr-keeper', 'light', at());
  await open(page, `/receipts/${id}`, at());
  const rewritten = page.getByRole('region', { name: 'Sent after rewriting' });
  await expect(rewritten.locator('del')).toHaveText('colour ');
  await expect(rewritten.locator('ins').last()).toHaveText('color ');
  await expect(rewritten).toContainText('Be <b>kind</b>.');
  await rewritten.scrollIntoViewIfNeeded();
  if (process.env.SHOTS) await rewritten.screenshot({ path: `${process.env.SHOTS}/rewritten.png` });
  await accessible(page, 'rewritten prompt');
  await rewritten.getByRole('button', { name: 'Whole' }).click();
  await expect(rewritten).toContainText('"system"');
});

test('a request that is not kept is refused with the reason, and asked with its exact bytes', async ({ page }) => {
  const body = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'not kept' }] });
  const sent = await fetch(`${at()}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme', 'content-type': 'application/json' }, body });
  const id = sent.headers.get('x-kairosroute-receipt');
  await server().receipt(id, 'kr-acme');
  await signIn(page, 'kr-acme', 'light', at());
  await open(page, `/replay?of=${id}`, at());
  await expect(page.getByText(/supply its body below/)).toBeVisible();
  await page.getByRole('button', { name: 'Replay', exact: true }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  page.faults.length = 0; // the browser itself reports the refusal
  await page.getByText('Supply the request’s body').click();
  await page.getByLabel('The exact bytes that were sent').fill(`${body} `);
  await page.getByRole('button', { name: 'Replay', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText(/fingerprint/);
  page.faults.length = 0;
  await page.getByLabel('The exact bytes that were sent').fill(body);
  await page.getByRole('button', { name: 'Replay', exact: true }).click();
  await expect(page.getByText('asked with the body you supplied')).toBeVisible();
  await expect(page.getByRole('status').filter({ hasText: /cost|Same|compared/ }).first()).toBeVisible();
});

test('many are replayed under one cap, with progress, and a run is stopped', async ({ page }) => {
  for (let i = 0; i < 3; ++i) await kept();
  await signIn(page, 'kr-keeper', 'light', at());
  await open(page, '/replay', at());
  await settled(page);
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Models', { exact: true }).fill('gpt-4o-mini');
  await dialog.getByLabel('At most so many receipts').fill('2');
  await dialog.getByLabel('All of it may cost, US dollars').fill('0.50');
  await expect(dialog.getByText(/At most 2 replays/)).toBeVisible();
  await dialog.getByRole('button', { name: 'Start' }).click();
  await expect(page).toHaveURL(/\/replay\/./);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Done', { timeout: 30_000 });
  await expect(page.getByRole('row', { name: /gpt-4o-mini/ }).first()).toContainText(/gpt-4o-mini2[0-2] \(\d+\.0%\)/); // two replayed, how many are the same
  await page.getByRole('link', { name: /^Receipt of the replay/ }).first().click();
  await expect(page.getByText(/^replay of rcpt_/)).toBeVisible();

  let release;
  server().provider.behave = () => new Promise((done) => { release = () => done(undefined); });
  await open(page, '/replay', at());
  await page.getByRole('button', { name: /Replay many/ }).click();
  await dialog.getByLabel('Models', { exact: true }).fill('gpt-4o-mini\ngpt-4o');
  await dialog.getByLabel('All of it may cost, US dollars').fill('0.50');
  await dialog.getByRole('button', { name: 'Start' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Running');
  await page.getByRole('button', { name: 'Stop the run' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Cancelled', { timeout: 20_000 });
  server().provider.behave = () => undefined;
  release?.();
});

for (const theme of ['light', 'dark']) {
  for (const width of [360, 1280, 2560]) {
    test(`replay is accessible and fits, ${theme}, ${width} px`, async ({ page }) => {
      const id = await kept();
      await page.setViewportSize({ width, height: 900 });
      await signIn(page, 'kr-keeper', theme, at());
      const { runs } = await server().get('/api/v1/replays', 'kr-keeper');
      for (const path of ['/replay', `/replay?of=${id}`, ...runs.slice(0, 1).map((run) => `/replay/${run.id}`)]) {
        await open(page, path, at());
        await settled(page);
        await accessible(page, `${theme} ${path}`);
        expect(await tooWide(page), path).toBeLessThanOrEqual(0);
      }
    });
  }
}
