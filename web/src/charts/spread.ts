/** How values are laid out over a width: the rare ones far out lie together at the edge, so that the many can be told apart. */
export interface Bin {
  low: number;
  high: number;
  count: number;
}

export interface Spread {
  low: number;
  high: number;
  step: number;
  bins: readonly Bin[];
  most: number;
}

/** Share of the values that may lie beyond an edge. */
const BEYOND = 0.02;
const STEPS = [1, 2, 2.5, 5, 10];

/** Bins of one width, zero at an edge; the first and the last one hold what lies beyond them too. */
export function spreadOf(values: readonly number[], about = 20): Spread {
  const sorted = Float64Array.from(values).sort();
  const low = Math.min(at(sorted, BEYOND), 0);
  const high = Math.max(at(sorted, 1 - BEYOND), 0);
  const step = niceStep((high - low || 0.01) / about);
  const from = Math.floor(low / step + 1e-9);
  const to = Math.max(Math.ceil(high / step - 1e-9), from + 1);
  const bins = Array.from({ length: to - from }, (_, i) => ({
    low: (from + i) * step,
    high: (from + i + 1) * step,
    count: 0,
  }));
  for (const value of sorted) {
    const place = Math.min(Math.max(Math.floor(value / step + 1e-9) - from, 0), bins.length - 1);
    const bin = bins[place];
    if (bin) bin.count += 1;
  }
  return { low: from * step, high: to * step, step, bins, most: Math.max(...bins.map((bin) => bin.count), 1) };
}

function at(sorted: Float64Array, share: number): number {
  return sorted[Math.round(share * (sorted.length - 1))] ?? 0;
}

function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return (STEPS.find((one) => one * power >= least - 1e-12) ?? 10) * power;
}

/** Place of a value from 0 to 1; what lies beyond is at the edge. */
export function placeOf(value: number, { low, high }: { low: number; high: number }): number {
  return Math.min(Math.max((value - low) / (high - low || 1), 0), 1);
}

/** What a drag from one place to another means: whole bins, and at an edge everything beyond it. */
export function rangeOf(spread: Spread, one: number, other: number): { low: number; high: number } {
  const last = spread.bins.length - 1;
  const [from, to] = [one, other]
    .sort((a, b) => a - b)
    .map((place) => Math.min(Math.max(Math.floor(place * spread.bins.length), 0), last)) as [number, number];
  return {
    low: from === 0 ? Number.NEGATIVE_INFINITY : (spread.bins[from]?.low ?? 0),
    high: to === last ? Number.POSITIVE_INFINITY : (spread.bins[to]?.high ?? 0),
  };
}
