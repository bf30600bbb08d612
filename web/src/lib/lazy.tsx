// A view's code is fetched when it is first shown; a failed fetch (a new version was installed) offers to reload.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

type Loader<P> = () => Promise<{ default: ComponentType<P> }>;

export type LazyView<P> = ComponentType<P> & { preload: () => Promise<unknown> };

/** A part of a view instead of a view: it stands inside of a main element. */
export const lazyPart = <P extends object>(load: Loader<P>): LazyView<P> => lazyView(load, false);
export function lazyView<P extends object>(load: Loader<P>, whole = true): LazyView<P> {
  let ready: ComponentType<P> | null = null;
  let loading: Promise<{ default: ComponentType<P> }> | null = null;
  const once = () =>
    (loading ??= load().then((module) => {
      ready = module.default; // who is shown later than it is there is shown at once
      return module;
    }));
  function Lazy(props: P) {
    const [View, setView] = useState<ComponentType<P> | null>(() => ready);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (ready) return;
      once().then(
        (module) => setView(() => module.default),
        () => {
          loading = null;
          setFailed(true);
        },
      );
    }, []);
    if (View) return <View {...props} />;
    if (!failed) return whole ? <main aria-busy="true" /> : <div class="card pad" aria-busy="true" />;
    const says = <div class="empty" role="alert">{whole ? <h1>This view did not load</h1> : <h2>This did not load</h2>}<p>The server may have been updated.</p><button type="button" class="btn" onClick={() => location.reload()}>Reload</button></div>;
    return whole ? <main class="login">{says}</main> : <div class="card">{says}</div>;
  }
  return Object.assign(Lazy, { preload: () => once().catch(() => undefined) });
}
