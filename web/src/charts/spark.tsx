/** A line of a cell: equity over time by its logarithm, one scale for all rows, without an axis. */
import { memo } from "react";

export interface Scale {
  /** Natural logarithms of equity over the first equity. */
  low: number;
  high: number;
}

/** Lowest and highest logarithm of equity over its beginning; ruin counts as a hundredth. */
export function extentOf(equity: readonly number[]): Scale {
  const first = equity[0] ?? 1;
  let low = 0;
  let high = 0;
  for (const value of equity) {
    const grown = grownTo(value, first);
    if (grown < low) low = grown;
    if (grown > high) high = grown;
  }
  return { low, high };
}

function grownTo(value: number, first: number): number {
  return Math.log(Math.max(value / first, 0.01));
}

/** Points of a polyline; what lies beyond the scale runs along its edge. */
export function pointsOf(equity: readonly number[], scale: Scale, width: number, height: number): string {
  const first = equity[0] ?? 1;
  const span = scale.high - scale.low || 1;
  const step = width / Math.max(equity.length - 1, 1);
  return equity
    .map((value, i) => {
      const share = Math.min(Math.max((grownTo(value, first) - scale.low) / span, 0), 1);
      return `${(i * step).toFixed(1)},${(1 + (1 - share) * (height - 2)).toFixed(1)}`;
    })
    .join(" ");
}

interface SparkProps {
  equity: readonly number[];
  scale: Scale;
  width: number;
  height: number;
}

export const Spark = memo(function Spark({ equity, scale, width, height }: SparkProps) {
  return (
    <svg className="spark" width={width} height={height} aria-hidden="true">
      <polyline points={pointsOf(equity, scale, width, height)} fill="none" stroke="currentColor" />
    </svg>
  );
});
