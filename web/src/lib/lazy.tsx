// A view's code is fetched when it is first shown; a failed fetch (a new version was installed) offers to reload.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

type Loader<P> = () => Promise<{ default: ComponentType<P> }>;

export function lazyView<P extends object>(load: Loader<P>): ComponentType<P> {
  let ready: ComponentType<P> | null = null;
  return function Lazy(props: P) {
    const [View, setView] = useState<ComponentType<P> | null>(() => ready);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (ready) return;
      load().then(
        (module) => {
          ready = module.default;
          setView(() => module.default);
        },
        () => setFailed(true),
      );
    }, []);
    if (failed) return <main class="login"><div class="empty" role="alert"><h1>This view did not load</h1><p>The server may have been updated.</p><button type="button" class="btn" onClick={() => location.reload()}>Reload</button></div></main>;
    return View ? <View {...props} /> : <main aria-busy="true" />;
  };
}
