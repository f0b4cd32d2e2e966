/** Places on the time axis of a chart: one a bar, and as many empty ones as a hole is wide, so that it stays a hole. */
export interface Bar {
  /** Open, s UTC. */
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  /** Flags to look twice at; none where bars are thinned. */
  flags: readonly string[];
}

export interface Hole {
  /** First missing bar and the first one that is there again, s UTC. */
  start: number;
  end: number;
  bars: number;
  words: string;
}

export interface PlacedHole {
  hole: Hole;
  /** Edges in places of the axis; within one place where bars are thinned beyond the hole. */
  left: number;
  right: number;
}

export interface Slots {
  /** Times of all places, strictly rising. */
  times: readonly number[];
  /** The bar of each place, or none in a hole. */
  bars: readonly (Bar | null)[];
  holes: readonly PlacedHole[];
  /** Places whose line must not go on to the next one. */
  ends: ReadonlySet<number>;
  /** What one place stands for, s, and what it would where nothing is thinned. */
  step: number;
  interval: number;
}

const MOST_EMPTY = 4000;

/** The last place of `times` that is not after `time`; -1 before the first. */
export function placeOf(times: readonly number[], time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Lay bars and holes out; `interval` is that of the source, s, `step` what one of these bars stands for. */
export function laidOut(bars: readonly Bar[], holes: readonly Hole[], interval: number, step: number): Slots {
  const times: number[] = [];
  const placed: (Bar | null)[] = [];
  const found: PlacedHole[] = [];
  const ends = new Set<number>();
  const opens = bars.map((bar) => bar.time);
  let next = 0;
  bars.forEach((bar, index) => {
    const here = times.push(bar.time) - 1;
    placed.push(bar);
    const after = bars[index + 1];
    while (next < holes.length && placeOf(opens, (holes[next] as Hole).start) < index) next += 1;
    for (; next < holes.length; next += 1) {
      const hole = holes[next] as Hole;
      if (placeOf(opens, hole.start) !== index || !after) break;
      ends.add(here);
      const empty = Math.min(Math.floor((hole.bars * interval) / step), MOST_EMPTY);
      const from = times[times.length - 1] as number;
      for (let each = 1; each <= empty; each++) {
        const time = Math.round(from + ((after.time - from) * each) / (empty + 1));
        if (time <= (times[times.length - 1] as number) || time >= after.time) continue;
        times.push(time);
        placed.push(null);
      }
      const last = times.length - 1;
      if (last > here) found.push({ hole, left: here + 0.5, right: last + 0.5 });
      else {
        const left = here - 0.5 + Math.min(1, Math.max(0, (hole.start - bar.time) / step));
        found.push({ hole, left, right: left + (hole.bars * interval) / step });
      }
    }
  });
  return { times, bars: placed, holes: found, ends, step, interval };
}

/** Where a time lies on the axis, in places; beyond the ends as far as its steps reach. */
export function logicalOf(slots: Slots, time: number): number {
  const { times, step } = slots;
  if (times.length === 0) return 0;
  const place = placeOf(times, time);
  const last = times.length - 1;
  if (place < 0) return (time - (times[0] as number)) / step;
  if (place >= last) return last + (time - (times[last] as number)) / step;
  const from = times[place] as number;
  return place + (time - from) / ((times[place + 1] as number) - from);
}

/** The time of a place; the other way round of `logicalOf`. */
export function timeOf(slots: Slots, logical: number): number {
  const { times, step } = slots;
  const last = times.length - 1;
  if (last < 0) return 0;
  if (logical <= 0) return (times[0] as number) + logical * step;
  if (logical >= last) return (times[last] as number) + (logical - last) * step;
  const place = Math.floor(logical);
  const from = times[place] as number;
  return from + (logical - place) * ((times[place + 1] as number) - from);
}

export interface LinePoint {
  time: number;
  value: number;
  /** The line does not go on from here. */
  ends: boolean;
}

/** A line of points at the places of bars: of several points in one place the one that `pick` chooses. */
export function lineAt(
  slots: Slots,
  points: readonly { time: number; value: number }[],
  pick: "last" | "lowest" = "last",
): LinePoint[] {
  const out: LinePoint[] = [];
  const first = points[0]?.time ?? 0;
  const last = points[points.length - 1]?.time ?? 0;
  let next = 0;
  let value: number | undefined;
  slots.bars.forEach((bar, place) => {
    if (!bar) return;
    const until = bar.time + slots.step;
    let here: number | undefined;
    while (next < points.length && (points[next] as { time: number }).time < until) {
      const point = points[next] as { time: number; value: number };
      here = pick === "lowest" && here !== undefined ? Math.min(here, point.value) : point.value;
      value = point.value;
      next += 1;
    }
    const shown = here ?? value;
    if (shown === undefined || until <= first || bar.time > last) return;
    out.push({ time: bar.time, value: shown, ends: slots.ends.has(place) });
  });
  return out;
}
