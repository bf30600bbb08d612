import { expect, it } from 'vitest';
import { pretty } from '@/lib/pretty';
import { parseExact } from '@/lib/receipt';
import { csv } from '@/lib/actions';

it('indents and keeps digits', () => {
  const text = '{"a":[],"cost_usd":0.000000100,"s":"x\\"{,}","n":{"m":[1,2]},"e":{}}';
  expect(pretty(text)).toBe('{\n  "a": [],\n  "cost_usd": 0.000000100,\n  "s": "x\\"{,}",\n  "n": {\n    "m": [\n      1,\n      2\n    ]\n  },\n  "e": {}\n}');
  expect(JSON.parse(pretty(text))).toEqual(JSON.parse(text));
});
it('reads amounts as the digits that were sent', () => {
  expect(parseExact('{"cost_usd":123456.123456789012,"n":1.5,"unit_price_usd_per_mtok":3,"x_usd":null}')).toEqual({ cost_usd: '123456.123456789012', n: 1.5, unit_price_usd_per_mtok: '3', x_usd: null });
});
it('writes CSV that a spreadsheet does not run', () => {
  expect(csv(['a', 'b'], [['=1+1', 'x,"y"'], ['-2.5', null]])).toBe('a,b\r\n\'=1+1,"x,""y"""\r\n-2.5,\r\n');
});
