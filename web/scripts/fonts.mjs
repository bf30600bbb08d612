// Cuts the two typefaces (SIL Open Font License, from npm) down to the characters the dashboard is written in. Other
// scripts fall back to the system's fonts.
import { mkdirSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import subset from 'subset-font';

const out = fileURLToPath(new URL('../src/assets/', import.meta.url));
const self = fileURLToPath(import.meta.url);
const file = (name) => fileURLToPath(new URL(`../node_modules/${name}`, import.meta.url));
const ascii = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('');
const more = '\u00a0·×–—−…‘’“”≈≤≥±→←↑↓↘↗⌘⏎µ€äöüÄÖÜßéèáñ⇧';
const fonts = [
  ['@fontsource-variable/geist/files/geist-latin-wght-normal.woff2', 'geist.woff2', ascii + more, { variationAxes: { wght: { min: 400, max: 650 } } }],
  ['@fontsource/geist-mono/files/geist-mono-latin-400-normal.woff2', 'geist-mono.woff2', ascii + '…–—·×−', {}],
];

mkdirSync(out, { recursive: true });
for (const [source, name, text, options] of fonts) {
  const target = out + name;
  if (existsSync(target) && statSync(target).mtimeMs > statSync(self).mtimeMs) continue;
  writeFileSync(target, await subset(readFileSync(file(source)), text, { targetFormat: 'woff2', ...options }));
}
