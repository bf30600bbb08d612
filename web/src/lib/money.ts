// Amounts are picodollars in a bigint (10^12 = one dollar), read from exact decimal text, never from a float.

export type Money = bigint;
const DIGITS = 12;

/** "0.0131022", "-12.4", "1e-7" → picodollars; null for what is unknown or no amount. More than 12 decimals are rounded half away from zero. */
export function parseUsd(text: string | number | null | undefined): Money | null {
  if (text === null || text === undefined) return null;
  const found = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?\s*$/.exec(String(text));
  if (!found || (!found[2] && !found[3])) return null;
  const digits = `${found[2] ?? ''}${found[3] ?? ''}`;
  const shift = DIGITS - (found[3]?.length ?? 0) + Number(found[4] ?? 0);
  const magnitude = shift >= 0 ? BigInt(digits) * 10n ** BigInt(shift) : roundedDivide(BigInt(digits), 10n ** BigInt(-shift));
  return found[1] === '-' ? -magnitude : magnitude;
}

/** Half away from zero. */
export function roundedDivide(value: bigint, by: bigint): bigint {
  const half = by / 2n;
  return value >= 0n ? (value + half) / by : -((-value + half) / by);
}

export const sum = (amounts: Iterable<Money>): Money => {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total;
};

/** For the heights of bars and lines only; never shown. */
export const toNumber = (amount: Money | null | undefined): number => (amount === null || amount === undefined ? Number.NaN : Number(amount) / 1e12);

/** The amount rounded to `decimals` places, as sign, whole part and fraction. */
export function fixed(amount: Money, decimals: number): { negative: boolean; whole: string; fraction: string } {
  const rounded = roundedDivide(amount, 10n ** BigInt(DIGITS - decimals));
  const magnitude = rounded < 0n ? -rounded : rounded;
  const text = magnitude.toString().padStart(decimals + 1, '0');
  return {
    negative: rounded < 0n,
    whole: text.slice(0, text.length - decimals).replace(/\B(?=(\d{3})+$)/g, ','),
    fraction: decimals === 0 ? '' : text.slice(text.length - decimals),
  };
}

/** All decimals there are, at least two: what a title shows and a CSV holds. */
export function exactUsd(amount: Money): string {
  const { negative, whole, fraction } = fixed(amount, DIGITS);
  const kept = fraction.replace(/0+$/, '').padEnd(2, '0');
  return `${negative ? '-' : ''}${whole.replaceAll(',', '')}.${kept}`;
}
