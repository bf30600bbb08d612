// Small things a page can do: copy, download, titles.
import { signal } from '@preact/signals';

export interface Toast {
  id: number;
  text: string;
  bad: boolean;
}
export const toasts = signal<readonly Toast[]>([]);
let last = 0;
export function toast(text: string, bad = false) {
  const id = ++last;
  toasts.value = [...toasts.value, { id, text, bad }].slice(-3);
  setTimeout(() => {
    toasts.value = toasts.value.filter((one) => one.id !== id);
  }, 4000);
}

/** A change that did not come about. */
export const failed = (error: unknown) => toast(error instanceof Error ? error.message : String(error), true);

export async function copy(text: string, what: string) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} copied`);
  } catch {
    toast('The browser does not allow copying here', true);
  }
}

export function download(name: string, type: string, text: string) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** One line of RFC 4180; a leading =, +, -, @ of a text is quoted for spreadsheets with an apostrophe. */
export function csvRow(cells: readonly (string | number | null)[]): string {
  const cell = (value: string | number | null) => {
    if (value === null) return '';
    const text = typeof value === 'string' && /^[=+@\t\r]|^-(?!\d)/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${cells.map(cell).join(',')}\r\n`;
}
export const csv = (header: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string => [header, ...rows].map(csvRow).join('');
