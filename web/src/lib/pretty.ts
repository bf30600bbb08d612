// Indents JSON text without parsing it, so that every number keeps the digits that were sent.
export function pretty(text: string): string {
  let out = '';
  let depth = 0;
  const line = () => `\n${'  '.repeat(depth)}`;
  for (const token of text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? []) {
    if (token === '{' || token === '[') {
      ++depth;
      out += token + line();
    } else if (token === '}' || token === ']') {
      --depth;
      out = /[{[]\s*$/.test(out) ? out.trimEnd() + token : out + line() + token;
    } else {
      out += token === ',' ? token + line() : token === ':' ? ': ' : token;
    }
  }
  return out;
}
