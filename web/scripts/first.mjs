// Tells dist/first.js which files each view needs beyond what every page loads.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const manifest = JSON.parse(readFileSync(`${dist}.vite/manifest.json`, 'utf8'));
function closure(entry, seen = new Set()) {
  if (seen.has(manifest[entry].file)) return seen;
  seen.add(manifest[entry].file);
  for (const next of manifest[entry].imports ?? []) closure(next, seen);
  return seen;
}
const shell = closure('index.html');
const views = {};
for (const key of Object.keys(manifest)) {
  const view = /^src\/views\/(\w+)\/index\.tsx$/.exec(key)?.[1];
  if (view && manifest[key].isDynamicEntry) views[view] = [...closure(key)].filter((file) => !shell.has(file)).map((file) => `/${file}`);
}
const text = readFileSync(`${dist}first.js`, 'utf8');
const marked = /const views = \{\};.*/;
if (!marked.test(text) || Object.keys(views).length === 0) throw new Error('dist/first.js: nowhere to put the views');
writeFileSync(`${dist}first.js`, text.replace(marked, `const views = ${JSON.stringify(views)};`));
