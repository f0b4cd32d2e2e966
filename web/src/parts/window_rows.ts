/** The rows of a long list that are in view, and how much room those before and after them take. */
import { useVirtualizer } from "@tanstack/react-virtual";
import type { RefObject } from "react";

export interface WindowRows {
  places: readonly number[];
  before: number;
  after: number;
  show: (place: number) => void;
}

/** For `count` rows of one height below a sticky header in an element that scrolls. */
export function useWindowRows(
  count: number,
  height: number,
  scroller: RefObject<HTMLElement | null>,
  header = 28,
): WindowRows {
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
    scrollPaddingStart: header,
  });
  const items = rows.getVirtualItems();
  return {
    places: items.map((each) => each.index),
    before: items[0]?.start ?? 0,
    after: rows.getTotalSize() - (items.at(-1)?.end ?? 0),
    show: (place) => rows.scrollToIndex(place, { align: "auto" }),
  };
}
