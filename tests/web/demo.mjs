// `kairosroute demo` on a folder of its own, for pictures and figures.
import { launch } from '../e2e/support.mjs';

/** Starts it and waits for its address; a history that is not there yet is made first. */
export async function startDemo(binary, folder, options = []) {
  const child = launch(binary, ['demo', '--listen', '127.0.0.1:0', '--data-dir', folder, ...options], { env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'inherit'] });
  const said = { text: '' };
  const url = await new Promise((found, failed) => {
    child.stdout.on('data', (piece) => {
      said.text += piece;
      const address = /http:\/\/127\.0\.0\.1:\d+/.exec(said.text);
      if (address) found(address[0]);
    });
    child.on('exit', (code) => failed(new Error(`the demo ended with ${code}: ${said.text}`)));
  });
  const stop = async () => {
    child.removeAllListeners('exit');
    const ended = new Promise((done) => child.on('exit', done));
    child.kill('SIGTERM');
    await ended;
  };
  return { url, stop, made: /made .*/.exec(said.text)?.[0] ?? '' };
}

/** The views have caught up with the history, which has this many receipts at least: how many they have. */
export async function caughtUp(url, least = 1, key = 'kr-demo') {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ measures: ['receipts'], from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' });
  let before = -1;
  for (;;) {
    const answer = await fetch(`${url}/api/v1/query`, { method: 'POST', headers, body }).catch(() => null);
    const now = answer?.ok ? Number((await answer.json()).rows[0]?.[0] ?? 0) : 0;
    if (now >= least && now === before) return now;
    before = now;
    await new Promise((done) => setTimeout(done, 3000));
  }
}
