/** Values that change often, read less often. */
import { useEffect, useRef, useState } from "react";

/** The value, read at most once in so many milliseconds; the last one always comes. */
export function usePaced<T>(value: T, everyMs: number): T {
  const [shown, show] = useState(value);
  const newest = useRef(value);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const shownAt = useRef(0);
  newest.current = value;
  useEffect(() => {
    if (Object.is(value, shown) || timer.current !== undefined) return;
    const wait = Math.max(0, shownAt.current + everyMs - performance.now());
    const turn = () => {
      timer.current = undefined;
      shownAt.current = performance.now();
      show(newest.current);
    };
    if (wait === 0) turn();
    else timer.current = setTimeout(turn, wait);
  }, [value, shown, everyMs]);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
  return shown;
}

/** The value once it has not changed for so many milliseconds; the first one at once. */
export function useSettled<T>(value: T, afterMs: number): T {
  const [shown, show] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => show(value), afterMs);
    return () => clearTimeout(timer);
  }, [value, afterMs]);
  return shown;
}
