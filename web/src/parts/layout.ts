/** How wide the page is: three columns, two, or one. */
import { useSyncExternalStore } from "react";

export type Width = "wide" | "middle" | "phone";

const WIDE = matchMedia("(min-width: 1200px)");
const MIDDLE = matchMedia("(min-width: 800px)");

function subscribe(call: () => void): () => void {
  for (const one of [WIDE, MIDDLE]) one.addEventListener("change", call);
  return () => {
    for (const one of [WIDE, MIDDLE]) one.removeEventListener("change", call);
  };
}

export function useWidth(): Width {
  return useSyncExternalStore(subscribe, () => (WIDE.matches ? "wide" : MIDDLE.matches ? "middle" : "phone"));
}
