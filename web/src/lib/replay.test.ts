import { expect, test } from 'vitest';
import { defaults, withValues } from '@/lib/filters';
import { emptyAsk, overridesOf, replayBody, runFilter, sideOf } from '@/lib/replay';

test('overrides are a JSON object or nothing', () => {
  expect(overridesOf('')).toEqual({});
  expect(overridesOf('{"temperature":0,"seed":null}')).toEqual({ temperature: 0, seed: null });
  for (const bad of ['[1]', '1', 'null', '{', '"a"']) expect(overridesOf(bad)).toBeNull();
});

test('only what was chosen is asked', () => {
  expect(replayBody(emptyAsk)).toEqual({});
  expect(replayBody({ model: ' gpt-4o ', overrides: '{"temperature":0}', body: ' {"x": 1}', tools: true })).toEqual({ model_id: 'gpt-4o', overrides: { temperature: 0 }, body: ' {"x": 1}', allow_tools: true });
});

test('a run is given the search’s own question, with a bound', () => {
  const text = runFilter(withValues(defaults, 'tenant', ['a,b']), Date.parse('2026-11-24T10:00:00Z'), 5000);
  const asked = new URLSearchParams(text);
  expect(asked.get('tenant')).toBe('a\\,b');
  expect(asked.get('limit')).toBe('1000');
  expect(asked.get('from')).toBe('2026-11-17T10:00:00.000Z');
});

test('each side of a difference reads as it was', () => {
  const pieces = [{ op: 'equal', text: 'a ' }, { op: 'delete', text: 'b' }, { op: 'insert', text: 'c' }] as const;
  expect(sideOf(pieces, 'before').map((piece) => piece.text).join('')).toBe('a b');
  expect(sideOf(pieces, 'after').map((piece) => piece.text).join('')).toBe('a c');
});
