// A disk that is full: requests are refused rather than left without a receipt, /readyz says why, nothing that was
// promised is lost, and all goes on by itself when there is room again.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { binary, exported, startProvider, startRouter } from './support.mjs';

/// A file system of 24 MiB, where this user may mount one.
function smallDisk() {
  const path = mkdtempSync(join(tmpdir(), 'kairos-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', path], { stdio: 'pipe' });
  } catch {
    rmSync(path, { recursive: true });
    return null;
  }
  return { path, remove: () => { execFileSync('umount', ['-l', path]); rmSync(path, { recursive: true, force: true }); } };
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
async function until(what, holds) {
  for (let tries = 0; tries < 800; ++tries) {
    if (await holds()) return;
    await pause(25);
  }
  assert.fail(`waited in vain for ${what}`);
}

test('a full disk', async (t) => {
  const disk = smallDisk();
  if (!disk) return t.skip('this user may not mount a small file system');
  const provider = await startProvider();
  const dataDir = join(disk.path, 'data');
  mkdirSync(dataDir);
  const router = await startRouter(provider, { dataDir });
  try {
    const chat = () => fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer kr-acme' },
      body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] }) });
    const promised = [];
    const ask = async () => {
      const response = await chat();
      const text = await response.text();
      if (response.status === 200) promised.push(response.headers.get('x-kairosroute-receipt'));
      return { status: response.status, text };
    };
    assert.equal((await ask()).status, 200);

    const { bavail, bsize } = statfsSync(disk.path);
    writeFileSync(join(disk.path, 'filler'), Buffer.alloc(bavail * bsize - 64 * 1024));
    let refused;
    for (let i = 0; i < 400 && !refused; ++i) {
      const answer = await ask();
      if (answer.status !== 200) refused = answer;
    }
    assert.equal(refused?.status, 503, refused?.text);
    assert.match(refused.text, /receipt/);
    let why = '';
    await until('/readyz to be red', async () => { // a small record may still have found room
      await ask();
      const ready = await fetch(`${router.url}/readyz`);
      why = await ready.text();
      return ready.status === 503;
    });
    assert.match(why, /No space left on device/);
    assert.equal((await fetch(`${router.url}/healthz`)).status, 200);

    rmSync(join(disk.path, 'filler'));
    await until('/readyz to be green again', async () => (await fetch(`${router.url}/readyz`)).status === 200);
    const last = await ask();
    assert.equal(last.status, 200, last.text);
    await until('the last receipt to be found', async () =>
      (await fetch(`${router.url}/api/v1/receipts/${promised.at(-1)}`, { headers: { authorization: 'Bearer kr-acme' } })).status === 200);
    const ended = await router.stop({ keep: true });
    assert.equal(ended.code, 0, router.log);
    const receipts = exported(dataDir);
    const ids = new Set(receipts.map((receipt) => receipt.receipt_id));
    for (const id of promised) assert.ok(ids.has(id), `${id} was answered and has no receipt`);
    assert.deepEqual(receipts.map((receipt) => receipt.sequence), receipts.map((_, i) => i + 1));
    assert.match(execFileSync(binary, ['verify', dataDir], { encoding: 'utf8' }), /equal to the journal/);
  } finally {
    await router.stop();
    provider.stop();
    disk.remove();
  }
});
