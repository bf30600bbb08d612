import { describe, expect, it } from 'vitest';
import { drillHref, narrowed } from '@/lib/drill';
import { defaults, parseFilters, withValues } from '@/lib/filters';
import { OTHER } from '@/lib/series';

const shown = ['a', 'b', OTHER];
describe('narrowed', () => {
  it('is the value itself, also when it is absent', () => {
    expect(narrowed(defaults, 'model', 'a', shown).by.model).toEqual({ values: ['a'], exclude: false });
    expect(narrowed(defaults, 'model', '', shown).by.model).toEqual({ values: [''], exclude: false });
  });
  it('is all but what is shown for the rest', () => {
    expect(narrowed(defaults, 'model', OTHER, shown).by.model).toEqual({ values: ['a', 'b'], exclude: true });
  });
  it('keeps what the filter had: excluded stays excluded, included loses what is shown', () => {
    expect(narrowed(withValues(defaults, 'model', ['z'], true), 'model', OTHER, shown).by.model).toEqual({ values: ['a', 'b', 'z'], exclude: true });
    expect(narrowed(withValues(defaults, 'model', ['a', 'c', 'd']), 'model', OTHER, shown).by.model).toEqual({ values: ['c', 'd'], exclude: false });
  });
});
it('drillHref freezes the time and adds what is asked', () => {
  const href = drillHref(defaults, { now: Date.parse('2026-11-23T12:00:00Z'), fallback: true }, [['tenant', 'acme', []], ['model', OTHER, ['x', OTHER]]]);
  const filters = parseFilters(href.slice(href.indexOf('?')));
  expect(filters).toMatchObject({ from: '2026-11-16T12:00:00.000Z', to: '2026-11-23T12:00:00.000Z', flag: { fallback: true }, by: { tenant: { values: ['acme'] }, model: { values: ['x'], exclude: true } } });
});
