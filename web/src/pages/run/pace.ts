/** A value that changes often, read at most once in so many milliseconds; the last one always comes. */
import { useEffect, useRef, useState } from "react";

/** `of` is what the value is of: that of another one is never shown in its place. */
export function usePaced<T>(value: T, everyMs: number, of: string): T {
  const [shown, show] = useState({ value, of });
  const newest = useRef({ value, of });
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const shownAt = useRef(0);
  newest.current = { value, of };
  const now = shown.of === of ? shown.value : value;
  useEffect(() => {
    if (shown.of === of && Object.is(value, shown.value)) return;
    if (timer.current !== undefined) return;
    const wait = Math.max(0, shownAt.current + everyMs - performance.now());
    const turn = () => {
      timer.current = undefined;
      shownAt.current = performance.now();
      show(newest.current);
    };
    if (wait === 0 || shown.of !== of) turn();
    else timer.current = setTimeout(turn, wait);
  }, [value, of, shown, everyMs]);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
  return now;
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
