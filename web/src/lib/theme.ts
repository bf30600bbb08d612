// Light or dark: the system's choice unless one was made here (kept in a cookie that public/first.js reads before paint).
import { signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';
const read = (): Theme => (/(?:^|; )theme=(light|dark)/.exec(document.cookie)?.[1] as Theme | undefined) ?? 'system';
export const theme = signal<Theme>('system');

const dark = () => matchMedia('(prefers-color-scheme: dark)');
const apply = () => {
  document.documentElement.dataset.theme = theme.value === 'system' ? (dark().matches ? 'dark' : 'light') : theme.value;
};
export function setTheme(next: Theme) {
  theme.value = next;
  document.cookie = next === 'system' ? 'theme=; path=/; max-age=0; samesite=lax' : `theme=${next}; path=/; max-age=31536000; samesite=lax`;
  apply();
}
export function startTheme() {
  theme.value = read();
  apply();
  dark().addEventListener('change', apply);
}
