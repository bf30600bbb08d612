// A view's code is fetched when it is first shown; a failed fetch (a new version was installed) offers to reload.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

type Loader<P> = () => Promise<{ default: ComponentType<P> }>;

export type LazyView<P> = ComponentType<P> & { preload: () => void };

export function lazyView<P extends object>(load: Loader<P>): LazyView<P> {
  let ready: ComponentType<P> | null = null;
  let loading: Promise<{ default: ComponentType<P> }> | null = null;
  const once = () => (loading ??= load());
  function Lazy(props: P) {
    const [View, setView] = useState<ComponentType<P> | null>(() => ready);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (ready) return;
      once().then(
        (module) => {
          ready = module.default;
          setView(() => module.default);
        },
        () => {
          loading = null;
          setFailed(true);
        },
      );
    }, []);
    if (failed) return <main class="login"><div class="empty" role="alert"><h1>This view did not load</h1><p>The server may have been updated.</p><button type="button" class="btn" onClick={() => location.reload()}>Reload</button></div></main>;
    return View ? <View {...props} /> : <main aria-busy="true" />;
  }
  return Object.assign(Lazy, { preload: () => void once().catch(() => undefined) });
}
