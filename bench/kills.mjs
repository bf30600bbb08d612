// kill -9 at 500 random moments under load, on one data folder: every answered request has its receipt, no cap is passed, nothing
// is held, the chain verifies and the store equals the journal (tests/e2e/crash.test.mjs has the 20 of every test run).
//   ./dev build && node bench/kills.mjs [KILLS] [SEED]
import { spawnSync } from 'node:child_process';

const root = new URL('..', import.meta.url).pathname;
const [kills = '500', seed = '1'] = process.argv.slice(2);
const { status } = spawnSync(process.execPath, ['--test', '--test-force-exit', '--test-reporter=spec', 'crash.test.mjs'], {
  cwd: `${root}tests/e2e`, stdio: 'inherit',
  env: { KAIROSROUTE: `${root}build/release/kairosroute`, ...process.env, KAIROS_KILLS: kills, KAIROS_SEED: seed },
});
process.exit(status ?? 1);
