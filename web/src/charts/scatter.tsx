/** One point an instrument, one measure against another; drawn on a canvas, for there may be thousands. */
import { memo, type PointerEvent, useEffect, useMemo, useRef } from "react";
import * as format from "../parts/format";
import { theme, token } from "../parts/theme";
import { useHeld } from "../parts/held";
import { placeIn, useDrag } from "./drag";
import { drawCircles, nearest, type Spot, REACH } from "./points";
import { placeOf, rangeOf, spreadOf } from "./spread";
import "./spread.css";

const HEIGHT = 180;
const EDGE = 6;
/** More of them are dots: circles would lie over each other, and take longer than a frame. */
const MOST_CIRCLES = 600;

export interface Point {
  name: string;
  x: number;
  y: number;
}

export interface Range {
  low: number;
  high: number;
}

interface ScatterProps {
  points: readonly Point[];
  label: string;
  marked: string | undefined;
  /** Called with the point under the pointer, undefined where there is none. */
  point: (name: string | undefined) => void;
  /** Called with the point that is pressed. */
  choose: (name: string) => void;
  brush: (x: Range, y: Range) => void;
  width: number;
}

export const Scatter = memo(function Scatter({ points, label, marked, point, choose, brush, width }: ScatterProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const chosenTheme = useHeld(theme);
  const across = useMemo(() => spreadOf(points.map((one) => one.x)), [points]);
  const up = useMemo(() => spreadOf(points.map((one) => one.y)), [points]);
  const placed = useMemo(
    () =>
      points.map((one) => ({
        name: one.name,
        x: EDGE + placeOf(one.x, across) * (width - 2 * EDGE),
        y: HEIGHT - EDGE - placeOf(one.y, up) * (HEIGHT - 2 * EDGE),
      })),
    [points, across, up, width],
  );
  const zero = HEIGHT - EDGE - placeOf(0, up) * (HEIGHT - 2 * EDGE);
  useEffect(() => {
    const here = canvas.current;
    if (!here) return;
    const paint = () => draw(here, placed, zero, width);
    paint();
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", paint);
    return () => system.removeEventListener("change", paint);
  }, [placed, zero, width, chosenTheme]);
  const under = (event: PointerEvent<Element>) => {
    const at = placeIn(event);
    return nearest(placed, at.x * width, at.y * HEIGHT);
  };
  const pressed = useRef<string | undefined>(undefined);
  const inner = (share: number, size: number) => (share * size - EDGE) / (size - 2 * EDGE);
  const { area, handlers } = useDrag(({ from, to }) => {
    if (Math.hypot((to.x - from.x) * width, (to.y - from.y) * HEIGHT) < REACH / 2) {
      if (pressed.current) choose(pressed.current);
      return;
    }
    brush(
      rangeOf(across, inner(from.x, width), inner(to.x, width)),
      rangeOf(up, 1 - inner(from.y, HEIGHT), 1 - inner(to.y, HEIGHT)),
    );
  });
  const mark = marked === undefined ? undefined : placed.find((one) => one.name === marked);
  return (
    <div
      className="spread scatter"
      style={{ width, height: HEIGHT }}
      onPointerLeave={() => point(undefined)}
      {...handlers}
      onPointerDown={(event) => {
        pressed.current = under(event);
        handlers.onPointerDown(event);
      }}
      onPointerMove={(event) => {
        if (event.buttons === 0) point(under(event));
        handlers.onPointerMove(event);
      }}
    >
      <canvas ref={canvas} role="img" aria-label={label} style={{ width, height: HEIGHT }} />
      {mark && <span className="mark" style={{ left: mark.x, top: mark.y }} />}
      {area && (
        <span
          className="area"
          style={{
            left: Math.min(area.from.x, area.to.x) * width,
            top: Math.min(area.from.y, area.to.y) * HEIGHT,
            width: Math.abs(area.from.x - area.to.x) * width,
            height: Math.abs(area.from.y - area.to.y) * HEIGHT,
          }}
        />
      )}
      {points.length > 0 && (
        <span className="ends" aria-hidden="true">
          {/* Keyed by what they say: a label that changes is another one, and nothing has moved. */}
          <span key={`high ${up.high}`}>{format.percent(up.high).replace(".0", "")}</span>
          <span key={`low ${up.low}`}>{format.percent(up.low).replace(".0", "")}</span>
        </span>
      )}
    </div>
  );
});

function draw(canvas: HTMLCanvasElement, placed: readonly Spot[], zero: number, width: number): void {
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const ratio = devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(HEIGHT * ratio);
  pen.scale(ratio, ratio);
  pen.strokeStyle = token("line");
  pen.beginPath();
  pen.moveTo(0.5, 0);
  pen.lineTo(0.5, HEIGHT - 0.5);
  pen.lineTo(width, HEIGHT - 0.5);
  pen.stroke();
  if (placed.length === 0) return;
  pen.setLineDash([2, 3]);
  pen.strokeStyle = token("edge");
  pen.beginPath();
  pen.moveTo(0, Math.round(zero) + 0.5);
  pen.lineTo(width, Math.round(zero) + 0.5);
  pen.stroke();
  pen.setLineDash([]);
  if (placed.length > MOST_CIRCLES) {
    pen.fillStyle = token("text2");
    for (const { x, y } of placed) pen.fillRect(x - 1, y - 1, 2, 2);
    return;
  }
  drawCircles(pen, placed);
}
