// Where an axis has its marks.

/** At most `count` steps of 1, 2, 2.5 or 5 × 10^n from 0 (or below) to at least the greatest value. */
export function niceTicks(low: number, high: number, count = 4): number[] {
  const bottom = Math.min(0, Number.isFinite(low) ? low : 0);
  const top = Math.max(0, Number.isFinite(high) ? high : 0);
  if (top === bottom) return [0, 1];
  const rough = (top - bottom) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough * 0.9999999) ?? 10) * power;
  const first = Math.floor(bottom / step + 1e-9);
  const last = Math.ceil(top / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Math.round((first + i) * step * 1e12) / 1e12);
}
