// Fails the build past the size budgets (gzip): what the first view loads, all JavaScript, styles, fonts.
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const manifest = JSON.parse(readFileSync(`${dist}.vite/manifest.json`, 'utf8'));
const gzip = (file) => statSync(`${dist}${file}.gz`).size;

function closure(entry, seen = new Set()) {
  const chunk = manifest[entry];
  if (seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const next of chunk.imports ?? []) closure(next, seen);
  return seen;
}
const sum = (files) => [...files].reduce((total, file) => total + gzip(file), 0);
const assets = readdirSync(`${dist}assets`);
const all = (ending) => assets.filter((name) => name.endsWith(ending)).map((name) => `assets/${name}`);

const shell = closure('index.html');
const views = Object.keys(manifest).filter((key) => manifest[key].isDynamicEntry && key.startsWith('src/views/'));
const sizes = views.map((view) => [view, sum(closure(view, new Set(shell)))]).sort((a, b) => b[1] - a[1]);
const [largest, first] = sizes[0] ?? ['index.html', sum(shell)];
const rows = [
  [`JavaScript of the largest first view, ${largest}`, first, 90],
  ['JavaScript, whole app', sum(all('.js')), 220],
  ['styles', sum(all('.css')), 16],
  ['fonts', all('.woff2').reduce((total, file) => total + statSync(dist + file).size, 0), 24],
];
let failed = false;
for (const [what, bytes, limit] of rows) {
  const over = bytes > limit * 1024;
  failed ||= over;
  console.log(`${what}: ${(bytes / 1024).toFixed(1)} KB of ${limit} KB${over ? '  OVER BUDGET' : ''}`);
}
rmSync(`${dist}.vite`, { recursive: true }); // of use here only
process.exit(failed ? 1 : 0);
