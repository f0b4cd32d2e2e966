/** The level of a trailing stop while its trade lives: it follows the best price since the entry and never goes back. */
import type { Slots } from "./slots";

export interface Trail {
  /** The level at the entry. */
  first: number;
  /** How far it stays behind the best price, as a share of that. */
  width: number;
  /** 1 where the trade is long, -1 where it is short. */
  side: number;
  /** Price of the entry before slippage. */
  wanted: number;
}

/** The level in each place from the entry's to the exit's; none where the bar of the entry is not there. */
export function levelsOf(slots: Slots, from: number, to: number, { first, width, side, wanted }: Trail): number[] {
  const entry = slots.bars[from];
  if (!entry || to < from) return [];
  const seen = (place: number): number | undefined => {
    const bar = slots.bars[place];
    if (!bar) return undefined;
    const best = side > 0 ? bar.high : bar.low;
    if (place !== from || alike(wanted, bar.open)) return best;
    return alike(wanted, bar.close) ? undefined : bar.close;
  };
  const found = [first];
  let level = first;
  // Of thinned bars the one of the entry holds prices from before it.
  for (let place = slots.step > slots.interval ? from + 1 : from; place < to; place++) {
    const best = seen(place);
    if (best !== undefined) level = side * Math.max(side * level, side * best * (1 - side * width));
    found[place - from + 1] = level;
  }
  for (let place = 1; place <= to - from; place++) found[place] ??= found[place - 1] as number;
  return found;
}

function alike(one: number, other: number): boolean {
  return Math.abs(one - other) <= 1e-9 * Math.abs(other);
}
