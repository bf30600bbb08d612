// What the server refused, beside the field it means. Its messages name the place first ("body:1: smtp.host: is missing",
// "rule slow: clear: lies on the wrong side"); what names no field of the form is said of the whole.
import { ApiError } from '@/lib/api';

export interface Refusal {
  /** By field; a field of an object in the form is "smtp.host". */
  fields: Readonly<Record<string, string>>;
  /** Empty: everything was said beside a field. */
  whole: string;
}
export const accepted: Refusal = { fields: {}, whole: '' };

const DEEP = 4; // places before the message at most

/** The longest field that the place ends with: "keys[3].models.allow" is "models.allow" before it is "models". */
const fieldOf = (place: string, fields: readonly string[]): string | undefined =>
  fields.filter((field) => place === field || place.endsWith(`.${field}`) || place.startsWith(`${field}.`) || place.startsWith(`${field}[`)).sort((a, b) => b.length - a.length)[0];

export function refusalOf(error: unknown, fields: readonly string[]): Refusal {
  const text = error instanceof Error ? error.message : String(error);
  const parts = text.split(': ');
  for (let at = 0; at < Math.min(parts.length - 1, DEEP); ++at) {
    const place = (parts[at] ?? '').replace(/^body:\d*:?\s*/, '');
    const field = place.length <= 120 ? fieldOf(place, fields) : undefined;
    if (field) return { fields: { [field]: sentence(parts.slice(at + 1).join(': ')) }, whole: '' };
  }
  const conflict = error instanceof ApiError && error.status === 412;
  return { fields: {}, whole: conflict ? `Somebody else has changed this meanwhile. ${sentence(text)}` : sentence(text) };
}

/** Messages begin in lower case, since a place stands before them. */
export const sentence = (text: string): string => (/^.\d/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1)); // "p95" stays
