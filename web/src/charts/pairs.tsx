/** One measure of two runs, a point an instrument, on one scale across and up: above the diagonal the second is higher. */
import { memo, type PointerEvent, useEffect, useMemo, useRef } from "react";
import { useHeld } from "../parts/held";
import { theme, token } from "../parts/theme";
import { placeIn } from "./drag";
import { drawCircles, nearest, type Spot } from "./points";
import { placeOf, spreadOf } from "./spread";
import "./pairs.css";

const EDGE = 8;

export interface Pair {
  name: string;
  a: number;
  b: number;
}

interface Props {
  pairs: readonly Pair[];
  label: string;
  marked: string | undefined;
  /** Called with the pair under the pointer, undefined where there is none. */
  point: (name: string | undefined) => void;
  choose: (name: string) => void;
  size: number;
  write: (value: number) => string;
}

export const Pairs = memo(function Pairs({ pairs, label, marked, point, choose, size, write }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const chosenTheme = useHeld(theme);
  const scale = useMemo(() => spreadOf(pairs.flatMap(({ a, b }) => [a, b])), [pairs]);
  const place = (value: number) => EDGE + placeOf(value, scale) * (size - 2 * EDGE);
  const placed = useMemo(
    () => pairs.map(({ name, a, b }) => ({ name, x: place(a), y: size - place(b) })),
    [pairs, scale, size],
  );
  const zero = place(0);
  useEffect(() => {
    const paint = () => canvas.current && draw(canvas.current, placed, zero, size);
    paint();
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", paint);
    return () => system.removeEventListener("change", paint);
  }, [placed, zero, size, chosenTheme]);
  const under = (event: PointerEvent<Element>) => {
    const at = placeIn(event);
    return nearest(placed, at.x * size, at.y * size);
  };
  const mark = placed.find((one) => one.name === marked);
  return (
    <div
      className="pairs"
      style={{ width: size, height: size }}
      onPointerMove={(event) => point(under(event))}
      onPointerLeave={() => point(undefined)}
      onPointerUp={(event) => {
        const name = under(event);
        if (name !== undefined) choose(name);
      }}
    >
      <canvas ref={canvas} role="img" aria-label={label} style={{ width: size, height: size }} />
      {mark && <span className="mark" data-mark={mark.name} style={{ left: mark.x, top: mark.y }} />}
      <span className="low" aria-hidden="true">
        {write(scale.low)}
      </span>
      <span className="high" aria-hidden="true">
        {write(scale.high)}
      </span>
      <span className="up" aria-hidden="true">
        B
      </span>
      <span className="across" aria-hidden="true">
        A
      </span>
    </div>
  );
});

function draw(canvas: HTMLCanvasElement, placed: readonly Spot[], zero: number, size: number): void {
  const pen = canvas.getContext("2d");
  if (!pen) return;
  canvas.width = canvas.height = Math.round(size * devicePixelRatio);
  pen.scale(devicePixelRatio, devicePixelRatio);
  const line = (...ends: [number, number, number, number]) => {
    pen.beginPath();
    pen.moveTo(ends[0], ends[1]);
    pen.lineTo(ends[2], ends[3]);
    pen.stroke();
  };
  pen.strokeStyle = token("line");
  line(0.5, 0, 0.5, size);
  line(0, size - 0.5, size, size - 0.5);
  line(0, size, size, 0);
  pen.setLineDash([2, 3]);
  pen.strokeStyle = token("edge");
  const at = Math.round(zero) + 0.5;
  line(at, 0, at, size);
  line(0, size - at, size, size - at);
  pen.setLineDash([]);
  drawCircles(pen, placed);
}
