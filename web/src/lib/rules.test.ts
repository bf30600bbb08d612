import { describe, expect, test } from 'vitest';
import { bodyOf, conditionText, type Draft, draftOf, durationText, emptyDraft, filtersOf, fromForm, idOf, previewText, type Rule, toForm } from '@/lib/rules';

const rule: Rule = {
  id: 'error-rate', title: 'Many errors', signal: 'measure', measure: 'error_rate', above: '0.05', clear: '0.03', window: '10m', for: '3m', resolve_after: '5m', min_samples: 30, severity: 'critical',
  group_by: ['provider'], filters: { tenant: ['acme', 'b'] }, no_data: 'resolve', repeat: '4h', notify_resolved: true, enabled: true, mute: [], managed: 'built_in',
  state: { firing: 0, pending: 0, evaluated: null, trouble: '' },
};

describe('per cents', () => {
  test.each([['0.05', '5'], ['0.125', '12.5'], ['1', '100'], ['1.1', '110'], ['0', '0'], ['0.0001', '0.01'], ['-0.5', '-50']])('%s is %s', (share, shown) => {
    expect(toForm(share, '%')).toBe(shown);
    expect(fromForm(shown, '%')).toBe(share);
    expect(fromForm(`${shown} %`, '%')).toBe(share);
  });
  test('what is no number goes to the server as it is', () => expect(fromForm('abc', '%')).toBe('abc'));
  test('other units are not shifted', () => expect([toForm('800', 'ms'), fromForm(' 800 ', 'ms')]).toEqual(['800', '800']));
});

test('a rule comes back from its form as it was', () => {
  const body = bodyOf(draftOf(rule));
  for (const key of ['id', 'title', 'signal', 'measure', 'above', 'clear', 'window', 'for', 'resolve_after', 'min_samples', 'severity', 'group_by', 'filters', 'no_data', 'repeat', 'mute'] as const) expect(body[key]).toEqual(rule[key]);
  expect(body).not.toHaveProperty('below');
  expect(body).not.toHaveProperty('baseline');
});

test('signals that ask no receipts have no measure, window or groups', () => {
  const draft: Draft = { ...emptyDraft, id: 'b', signal: 'budget', threshold: '85' };
  expect(bodyOf(draft)).toMatchObject({ signal: 'budget', above: '0.85' });
  for (const key of ['measure', 'window', 'group_by', 'min_samples', 'least']) expect(bodyOf(draft)).not.toHaveProperty(key);
});

test('a count that is no number is the server’s to refuse', () => expect(bodyOf({ ...emptyDraft, min_samples: 'many' }).min_samples).toBe('many'));

test('filters: a dimension a line', () => {
  expect(filtersOf('tenant = a, b\n\nmodel=x=y\nworkflow')).toEqual({ tenant: ['a', 'b'], model: ['x=y'], workflow: [] });
});

test('sentences', () => {
  expect(conditionText(rule)).toBe('Error rate at or above 5% over 10 min, for 3 min, per provider');
  expect(conditionText({ signal: 'drift', measure: 'latency_p95', above: '1.5', window: '1h', baseline: '168h', for: '0h', group_by: ['model'] })).toBe('p95 latency over 1 h at or above 1.5× of 7 days before, per model');
  expect(conditionText({ signal: 'budget', above: '0.85', window: '15m', for: '0h', group_by: [] })).toBe('Budget used at or above 85%');
});

test('durations and names', () => {
  expect(['48h', '15m', '90s', '6h', '250ms', '24h'].map(durationText)).toEqual(['2 days', '15 min', '90 s', '6 h', '250 ms', '24 h']);
  expect(idOf('  Slow answers, p95! ')).toBe('slow-answers-p95');
  expect(idOf('<script>')).toBe('script');
});

test('what a preview says', () => {
  expect(previewText({ fired: 0, minutes: 0 })).toBe('Would not have fired in the last 7 days.');
  expect(previewText({ fired: 1, minutes: 41 })).toBe('Would have fired once in the last 7 days, 41 min in all.');
  expect(previewText({ fired: 3, minutes: 600 })).toBe('Would have fired 3 times in the last 7 days, 10 h in all.');
});
