/** How many instruments made how much: bars by return, zero and the median as lines; a drag tells a range. */
import { memo, useMemo } from "react";
import * as format from "../parts/format";
import { useDrag } from "./drag";
import { placeOf, rangeOf, spreadOf } from "./spread";
import "./spread.css";

const HEIGHT = 130;
const AXIS = 18;

interface HistogramProps {
  values: readonly number[];
  /** The value that is pointed at elsewhere. */
  marked: number | undefined;
  /** Takes the range of a drag; without it there are none. */
  brush?: (low: number, high: number) => void;
  width: number;
}

export const Histogram = memo(function Histogram({ values, marked, brush, width }: HistogramProps) {
  const spread = useMemo(() => spreadOf(values), [values]);
  const middle = useMemo(() => format.median(values), [values]);
  const { area, handlers } = useDrag(({ from, to }) => {
    const { low, high } = rangeOf(spread, from.x, to.x);
    brush?.(low, high);
  });
  const height = HEIGHT - AXIS;
  const each = width / spread.bins.length;
  const x = (value: number) => placeOf(value, spread) * width;
  return (
    <div className={brush ? "spread" : "spread still"} style={{ width, height: HEIGHT }}>
      <svg width={width} height={height} role="img" aria-label={saidOf(values, middle)} {...(brush ? handlers : {})}>
        <rect width={width} height={height} fill="transparent" />
        {spread.bins.map((bin, i) => (
          <rect
            key={bin.low}
            className={bin.high <= 1e-12 ? "under" : "over"}
            x={i * each + 0.5}
            width={Math.max(each - 1, 0.5)}
            y={height - tall(bin.count, spread.most, height)}
            height={tall(bin.count, spread.most, height)}
          />
        ))}
        <line className="zero" x1={x(0)} x2={x(0)} y1={0} y2={height} />
        {middle !== null && <line className="median" x1={x(middle)} x2={x(middle)} y1={0} y2={height} />}
        {marked !== undefined && <line className="marked" x1={x(marked)} x2={x(marked)} y1={0} y2={height} />}
        {area && (
          <rect
            className="area"
            x={Math.min(area.from.x, area.to.x) * width}
            width={Math.abs(area.from.x - area.to.x) * width}
            height={height}
          />
        )}
      </svg>
      <div className="axis" aria-hidden="true">
        {/* Keyed by what they say: a label that changes is another one, and nothing has moved. */}
        <span key={`low ${spread.low}`}>{format.percent(spread.low).replace(".0", "")}</span>
        <span
          style={{ transform: `translateX(calc(${x(0)}px - 50%))` }}
          className={x(0) < 48 || x(0) > width - 48 ? "aside" : "there"}
        >
          0
        </span>
        <span key={`high ${spread.high}`}>{format.percent(spread.high).replace(".0", "")}</span>
      </div>
    </div>
  );
});

/** Nothing has no height; one of many is still seen. */
function tall(count: number, most: number, height: number): number {
  return count === 0 ? 0 : Math.max((count / most) * (height - 4), 2);
}

function saidOf(values: readonly number[], middle: number | null): string {
  if (middle === null) return "Return over instruments: nothing yet";
  const sorted = Float64Array.from(values).sort();
  const [first = 0, last = 0] = [sorted[0], sorted.at(-1)];
  const over = values.filter((value) => value > 0).length;
  return (
    `Returns of ${format.several(values.length, "instrument")} from ${format.percent(first)} % to ` +
    `${format.percent(last)} %, median ${format.percent(middle)} %; ${over} above 0`
  );
}
