import { expect, test } from 'vitest';
import { ApiError } from '@/lib/api';
import { refusalOf, sentence } from '@/lib/problem';

const of = (text: string, ...fields: string[]) => refusalOf(new ApiError(400, text), fields);

test('a message stands beside the field that it names', () => {
  expect(of('body:1: window: must be from 60s to 720h', 'window', 'for')).toEqual({ fields: { window: 'Must be from 60s to 720h' }, whole: '' });
  expect(of('rule slow: clear: lies on the wrong side of the threshold: it would never resolve', 'clear').fields.clear).toBe('Lies on the wrong side of the threshold: it would never resolve');
  expect(of('until: lies in the past', 'until').fields.until).toBe('Lies in the past');
});

test('places inside of objects and lists find their field, the longest first', () => {
  expect(of('body:1: smtp.host: is missing', 'smtp.host', 'smtp').fields).toEqual({ 'smtp.host': 'Is missing' });
  expect(of('tenant acme: privacy.regions[2]: is empty', 'privacy.regions', 'privacy.policy').fields).toEqual({ 'privacy.regions': 'Is empty' });
  expect(of('body:1: mute[0].from: must be a time of day', 'mute').fields).toEqual({ mute: 'Must be a time of day' });
});

test('what names no field is said of the whole', () => {
  expect(of('give one of above and below', 'above')).toEqual({ fields: {}, whole: 'Give one of above and below' });
  expect(refusalOf('no', ['a']).whole).toBe('No');
  expect(of(`${'x'.repeat(500)}: a: b`, 'b').whole).toContain('X');
});

test('a conflict says that somebody was faster', () => {
  expect(refusalOf(new ApiError(412, 'version 3 is there'), []).whole).toBe('Somebody else has changed this meanwhile. Version 3 is there');
});

test('sentences', () => {
  expect(sentence('')).toBe('');
  expect(sentence('p95 latency')).toBe('p95 latency');
  expect(sentence('éa')).toBe('Éa');
});
