// Charts are drawn in pixels of their own size, so that text keeps its own.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

export function useSize<T extends HTMLElement>(first = { width: 640, height: 268 }) {
  const element = useRef<T>(null);
  const [width, setWidth] = useState(first.width);
  const [height, setHeight] = useState(first.height);
  useLayoutEffect(() => {
    const target = element.current;
    if (!target) return undefined;
    const measure = () => {
      setWidth(Math.max(120, Math.floor(target.clientWidth)));
      setHeight(Math.max(120, Math.floor(target.clientHeight)));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(target);
    return () => observer.disconnect();
  }, []);
  return { element, width, height };
}
