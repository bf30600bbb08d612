import '@/styles/index.css';
import { QueryClientProvider } from '@tanstack/preact-query';
import { render } from 'preact';
import { App, preload } from '@/app';
import { keepFocus } from '@/lib/focus';
import { listen } from '@/lib/keys';
import { client } from '@/lib/query';
import { loadSession } from '@/lib/session';
import { clock } from '@/lib/state';
import { startTheme } from '@/lib/theme';

startTheme();
listen();
keepFocus();
setInterval(() => {
  if (!document.hidden) clock.value = Date.now();
}, 1000);
// Who this is has been asked already (public/first.js): with the view's code there, the first thing painted is the view.
void preload(location.pathname).then(loadSession);
const root = document.getElementById('app');
if (root) render(<QueryClientProvider client={client}><App /></QueryClientProvider>, root);
