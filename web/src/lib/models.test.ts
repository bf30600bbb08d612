import { describe, expect, it } from 'vitest';
import { meanQuality, type ModelEntry, qualityOf } from '@/lib/models';

const models: ModelEntry[] = [{ id: 'a', provider: 'x', region: '', quality: { code: { value: 0.8, source: 'benchmarks' }, chat: { value: 0.4, source: 'price' } } }];

describe('expected quality', () => {
  it('is unknown where nothing is known', () => {
    expect(qualityOf(models, 'a', 'code')?.value).toBe(0.8);
    expect(qualityOf(models, 'a', 'vision')).toBeNull();
    expect(qualityOf(models, 'b', 'code')).toBeNull();
  });
  it('is weighed by requests, and says nothing of what is mostly unknown', () => {
    expect(meanQuality(models, 'a', new Map([['code', 3], ['chat', 1]]))).toBeCloseTo(0.7);
    expect(meanQuality(models, 'a', new Map([['code', 1], ['vision', 9]]))).toBeNull();
    expect(meanQuality(models, 'a', new Map())).toBeNull();
  });
});
