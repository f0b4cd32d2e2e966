/** Which columns fit: between a phone and three columns the table shows the first ones of those chosen, and never scrolls sideways. */
import { type RefObject, useLayoutEffect, useMemo, useState } from "react";
import { useWidth } from "../../parts/layout";
import { widthOf } from "./shown";

/** Place, symbol, line and flags. */
const OTHERS = 40 + 116 + 128 + 40;

/** The first of these metrics whose columns fit into `room` pixels beside the others; one is always there. */
export function fitting(names: readonly string[], room: number): readonly string[] {
  let left = room - OTHERS;
  const beyond = names.findIndex((name) => {
    left -= widthOf(name);
    return left < 0;
  });
  return beyond < 0 ? names : names.slice(0, Math.max(beyond, 1));
}

/** Those that fit into a place as it is now; on a wide page all, which scroll where there are many. */
export function useFitting(names: readonly string[], place: RefObject<HTMLElement | null>): readonly string[] {
  const middle = useWidth() === "middle";
  const [room, setRoom] = useState(Number.POSITIVE_INFINITY);
  useLayoutEffect(() => {
    const here = place.current;
    if (!here || !middle) return setRoom(Number.POSITIVE_INFINITY);
    const look = () => setRoom(here.clientWidth);
    const watch = new ResizeObserver(look);
    watch.observe(here);
    look();
    return () => watch.disconnect();
  }, [middle, place]);
  return useMemo(() => fitting(names, room), [names, room]);
}
