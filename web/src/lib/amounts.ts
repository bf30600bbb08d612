// Arithmetic on amounts and shares that several views need.
import { type Money, roundedDivide, toNumber } from '@/lib/money';

/** Per thousand; null when there is nothing to divide by. */
export const perThousand = (amount: Money | null, requests: number | null): Money | null => (amount === null || !requests ? null : roundedDivide(amount * 1000n, BigInt(requests)));
/** A share of a whole; null when one is unknown or the whole is nothing. */
export const shareOf = (part: Money | number | null, whole: Money | number | null): number | null => {
  if (part === null || whole === null) return null;
  const [a, b] = [typeof part === 'bigint' ? toNumber(part) : part, typeof whole === 'bigint' ? toNumber(whole) : whole];
  return b === 0 ? null : a / b;
};
/** A difference of two amounts that are both known. */
export const less = (a: Money | null, b: Money | null): Money | null => (a === null || b === null ? null : a - b);
/** Changes of rates and prices say nothing about a handful of requests. */
const ENOUGH = 100;
export const enough = (now: number | null, before: number | null): boolean => (now ?? 0) >= ENOUGH && (before ?? 0) >= ENOUGH;
