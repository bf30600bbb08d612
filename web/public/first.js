// Before all else. A file of its own, because the content security policy allows no inline script.
(() => {
  // The theme, before the first paint.
  const chosen = /(?:^|; )theme=(light|dark)/.exec(document.cookie)?.[1];
  const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  document.documentElement.dataset.theme = chosen ?? system;
  // Who asks, and the code of the view that the address names, while the rest of the code is on its way.
  globalThis.firstSession = fetch('/api/v1/session', { credentials: 'same-origin' });
  globalThis.firstSession.catch(() => undefined); // told to who takes it
  const views = {}; // filled in by scripts/first.mjs
  const [, view, id] = location.pathname.split('/');
  for (const href of views[view === 'receipts' && id ? 'receipt' : view] ?? []) document.head.append(Object.assign(document.createElement('link'), { rel: 'modulepreload', crossOrigin: '', href }));
})();
