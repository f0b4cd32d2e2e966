/** Which part of a long series to read for the part that is in view. */
import type { View } from "./candle_view";

/** A part of a series, ms UTC, `end` not included. */
export interface Stretch {
  start: number;
  end: number;
}

/** With fewer thinned bars than this in view they are read again, finer. */
const LEAST_SHOWN = 200;

export function viewOf({ start, end }: Stretch): View {
  return { from: start / 1000, to: end / 1000 };
}

/** Call the last of several calls, once they have stopped. */
export function later(ms: number): (call: () => void) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (call) => {
    clearTimeout(timer);
    timer = setTimeout(call, ms);
  };
}

/** The stretch to read for a view, three times as wide; none where what is read does. `step` and `seconds` are those of
 * a bar that is shown and of one that is held. */
export function stretchFor(
  view: View,
  read: Stretch,
  step: number,
  seconds: number,
  whole: Stretch,
): Stretch | undefined {
  const [from, to] = [Math.max(view.from * 1000, whole.start), Math.min(view.to * 1000, whole.end)];
  const width = to - from;
  if (!(width > 0)) return undefined;
  const coarse = step > seconds && width / 1000 / step < LEAST_SHOWN;
  const outside = from < read.start || to > read.end;
  if (!coarse && !outside) return undefined;
  const start = Math.max(whole.start, from - width);
  const end = Math.min(whole.end, to + width);
  return start === whole.start && end === whole.end && !coarse ? whole : { start, end };
}
