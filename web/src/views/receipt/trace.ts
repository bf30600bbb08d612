// The address of a trace in whatever shows traces, from a template kept in this browser.
import { signal } from '@preact/signals';

const STORE = 'kairosroute.trace';
export const traceTemplate = signal(typeof localStorage === 'undefined' ? '' : (localStorage.getItem(STORE) ?? ''));

const usable = (template: string) => /^https?:\/\//.test(template) && template.includes('{trace_id}');
export function setTraceTemplate(template: string): boolean {
  if (!usable(template)) return false;
  traceTemplate.value = template;
  localStorage.setItem(STORE, template);
  return true;
}
export function traceLink(trace: { trace_id: string; span_id: string }): string | null {
  if (!usable(traceTemplate.value) || !/^[0-9a-f]{32}$/.test(trace.trace_id)) return null;
  return traceTemplate.value.replaceAll('{trace_id}', trace.trace_id).replaceAll('{span_id}', encodeURIComponent(trace.span_id));
}
