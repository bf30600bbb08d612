import { describe, expect, it } from 'vitest';
import { ago, bytes, change, count, middle, money, moneyAxis, moneyParts, ms, msAxis, micros, percent, points, pricePerMillion, time, tokens } from '@/lib/format';
import { exactUsd, parseUsd, sum } from '@/lib/money';

describe('money', () => {
  it.each([
    ['10791.42', 'figure', '$10,791'], ['6690.421337', 'figure', '$6,690.42'], ['0.5', 'figure', '$0.5000'], ['0.0131022', 'unit', '$0.013102'],
    ['0.0002022', 'line', '$0.000202200'], ['0.0000003', 'unit', '<$0.000001'], ['0', 'figure', '$0.00'], ['-12.4', 'cents', '−$12.40'],
    ['1e-7', 'line', '$0.000000100'], ['0.999999', 'figure', '$1.0000'], ['999999999.995', 'cents', '$1,000,000,000.00'],
  ] as const)('%s as %s is %s', (text, style, shown) => expect(money(text, style)).toBe(shown));
  it('never shows unknown as zero', () => {
    expect(money(null)).toBe('—');
    expect(money('not an amount')).toBe('—');
  });
  it('never shows a non-zero amount as zero', () => {
    for (let digits = 0; digits < 13; ++digits) {
      for (const style of ['figure', 'unit', 'line', 'cents'] as const) expect(money(10n ** BigInt(digits), style)).not.toMatch(/^\$0(\.0*)?$/);
    }
  });
  it('adds exactly', () => expect(exactUsd(sum(['0.1', '0.2', '0.000000000001'].map((text) => parseUsd(text)!)))).toBe('0.300000000001'));
  it('mutes the cents of a figure', () => expect(moneyParts(parseUsd('6690.42'))).toEqual({ main: '$6,690', rest: '.42' }));
  it('keeps 18 digits', () => expect(exactUsd(parseUsd('123456.123456789012')!)).toBe('123456.123456789012'));
  it.each([[1200, '$1.2k'], [0, '$0'], [450, '$450'], [0.004, '$0.004'], [-2_500_000, '−$2.5M']])('axis %d is %s', (value, text) => expect(moneyAxis(value)).toBe(text));
  it.each([['3', '$3.00'], ['0.3', '$0.30'], ['0.0375', '$0.0375'], [null, '—']])('price %s is %s', (value, text) => expect(pricePerMillion(value)).toBe(text));
});

describe('counts, shares and changes', () => {
  it.each([[4754, '4,754'], [88_400, '88.4K'], [1_020_000, '1.02M'], [null, '—'], [0, '0']])('tokens %s', (value, text) => expect(tokens(value)).toBe(text));
  it.each([[3_578_112, '3,578,112'], [104_900_000, '105M'], [undefined, '—']])('count %s', (value, text) => expect(count(value)).toBe(text));
  it.each([[0.38, '38.0%'], [0.0004, '<0.1%'], [0, '0.0%'], [Number.NaN, '—'], [-0.2, '−20.0%']])('percent %s', (value, text) => expect(percent(value)).toBe(text));
  it('says the direction by a sign', () => {
    expect(change(62, 100)).toBe('−38.0%');
    expect(change(1200, 100)).toBe('×12');
    expect(change(1, 0)).toBeNull();
    expect(points(0.051, 0.03)).toBe('+2.1 pp');
  });
  it.each([[512, '512 B'], [2048, '2 KB'], [3_500_000, '3.3 MB']])('bytes %s', (value, text) => expect(bytes(value)).toBe(text));
});

describe('durations and times', () => {
  it.each([[0.89, '0.89 ms'], [1140, '1,140 ms'], [12_400, '12.4 s'], [72_000, '1 m 12 s'], [7_500_000, '2 h 5 m'], [1_567_432_000, '18 d 3 h'], [null, '—'], [7, '7 ms']])('ms %s', (value, text) => expect(ms(value)).toBe(text));
  it.each([[0, '0 ms'], [250, '250 ms'], [8000, '8 s'], [2500, '2.5 s']])('axis %s', (value, text) => expect(msAxis(value)).toBe(text));
  it('shows the router in hundredths', () => expect(micros(890)).toBe('0.89 ms'));
  it('is in the chosen zone', () => {
    const at = '2026-04-24T13:07:42.318Z';
    expect(time(at, 'full')).toBe('Apr 24, 2026, 13:07:42.318 UTC');
    expect(time(at, 'minute', 'Asia/Tokyo')).toBe('Apr 24, 22:07');
    expect(time('rubbish')).toBe('—');
  });
  it('is relative beside absolute only', () => expect(ago('2026-04-24T13:00:00Z', Date.parse('2026-04-24T13:04:30Z'))).toBe('4 min ago'));
  it('cuts the middle', () => expect(middle('9c1eabcdef04b7')).toBe('9c1e…04b7'));
});
