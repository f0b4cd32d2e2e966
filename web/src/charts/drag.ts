/** A drag over a chart, in shares of its width and height; a press without a way counts too. */
import { type PointerEvent, useRef, useState } from "react";

export interface Place {
  x: number;
  y: number;
}

export interface Area {
  from: Place;
  to: Place;
}

export function useDrag(done: (area: Area) => void) {
  const from = useRef<Place | undefined>(undefined);
  const [area, show] = useState<Area | undefined>(undefined);
  return {
    area,
    handlers: {
      onPointerDown: (event: PointerEvent<Element>) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = placeIn(event);
      },
      onPointerMove: (event: PointerEvent<Element>) => {
        if (from.current) show({ from: from.current, to: placeIn(event) });
      },
      onPointerUp: (event: PointerEvent<Element>) => {
        const start = from.current;
        from.current = undefined;
        show(undefined);
        if (start) done({ from: start, to: placeIn(event) });
      },
      onPointerCancel: () => {
        from.current = undefined;
        show(undefined);
      },
    },
  };
}

export function placeIn(event: PointerEvent<Element>): Place {
  const box = event.currentTarget.getBoundingClientRect();
  const share = (at: number, start: number, size: number) => Math.min(Math.max((at - start) / (size || 1), 0), 1);
  return { x: share(event.clientX, box.left, box.width), y: share(event.clientY, box.top, box.height) };
}
