/** What is drawn onto candles: entries and exits, the levels of a trade while it lives, dots under flagged bars. */
import type {
  AutoscaleInfo,
  ISeriesApi,
  ISeriesPrimitive,
  Logical,
  SeriesAttachedParameter,
  SeriesType,
  Time,
} from "lightweight-charts";
import { logicalOf, type Slots } from "./slots";
import { levelsOf, type Trail } from "./trail";

export interface TradeMark {
  number: number;
  /** Opens of the bars of both fills, s UTC. */
  entry: number;
  exit: number;
  stop: number | null;
  target: number | null;
  trail: Trail | null;
}

export interface Ink {
  mark: string;
  stop: string;
  target: string;
  warn: string;
}

/** Closer than this on average, only the chosen trade is marked. */
const LEAST_SPACE = 24;
const SIZE = 10;

interface Placed {
  number: number;
  from: number;
  to: number;
  stop: number | null;
  target: number | null;
  trail: Trail | null;
}

export class TradeMarks implements ISeriesPrimitive<Time> {
  #on: SeriesAttachedParameter<Time> | undefined;
  #slots: Slots | undefined;
  #placed: Placed[] = [];
  #chosen = 0;
  #flagged: number[] = [];
  #ink: Ink = { mark: "", stop: "", target: "", warn: "" };

  attached(on: SeriesAttachedParameter<Time>): void {
    this.#on = on;
  }

  detached(): void {
    this.#on = undefined;
  }

  set(slots: Slots, trades: readonly TradeMark[], chosen: number, ink: Ink): void {
    this.#slots = slots;
    this.#chosen = chosen;
    this.#ink = ink;
    this.#placed = trades.map(({ entry, exit, ...told }) => ({
      ...told,
      from: Math.floor(logicalOf(slots, entry)),
      to: Math.floor(logicalOf(slots, exit)),
    }));
    this.#flagged = slots.bars.flatMap((bar, place) => (bar && bar.flags.length > 0 ? [place] : []));
    this.#on?.requestUpdate();
  }

  paneViews() {
    return [{ renderer: () => ({ draw: (target: Target) => this.#draw(target) }) }];
  }

  autoscaleInfo(from: Logical, to: Logical): AutoscaleInfo | null {
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const trade of this.#shown(from, to))
      for (const level of [trade.stop, trade.target, ...this.#trailOf(trade)]) {
        if (level === null) continue;
        least = Math.min(least, level);
        most = Math.max(most, level);
      }
    return least <= most ? { priceRange: { minValue: least, maxValue: most } } : null;
  }

  #trailOf({ from, to, trail }: Placed): number[] {
    return trail && this.#slots ? levelsOf(this.#slots, from, to, trail) : [];
  }

  #shown(from: number, to: number): Placed[] {
    const near = this.#placed.filter((each) => each.to >= from && each.from <= to);
    const width = this.#on?.chart.timeScale().width() ?? 0;
    return near.length * LEAST_SPACE <= width ? near : near.filter(({ number }) => number === this.#chosen);
  }

  #draw(target: Target): void {
    const { chart, series } = this.#on ?? {};
    const range = chart?.timeScale().getVisibleLogicalRange();
    if (!chart || !series || !range) return;
    target.useMediaCoordinateSpace(({ context, mediaSize }) => {
      const x = (place: number) => chart.timeScale().logicalToCoordinate(place as Logical) ?? -99;
      context.fillStyle = this.#ink.warn;
      for (const place of this.#flagged)
        if (place >= range.from - 1 && place <= range.to + 1) dot(context, x(place), mediaSize.height - 3);
      for (const trade of this.#shown(range.from, range.to)) {
        const left = x(trade.from);
        const right = x(trade.to);
        this.#level(context, series, trade.stop, left, right, this.#ink.stop);
        this.#level(context, series, trade.target, left, right, this.#ink.target);
        this.#steps(context, series, this.#trailOf(trade), (place) => x(trade.from + place));
        context.fillStyle = this.#ink.mark;
        const entry = this.#slots?.bars[trade.from];
        const exit = this.#slots?.bars[trade.to];
        const under = entry && series.priceToCoordinate(entry.low);
        const over = exit && series.priceToCoordinate(exit.high);
        if (typeof under === "number") triangle(context, left, under + 4, 1);
        if (typeof over === "number") triangle(context, right, over - 4, -1);
      }
    });
  }

  #level(
    context: CanvasRenderingContext2D,
    series: ISeriesApi<SeriesType, Time>,
    price: number | null,
    left: number,
    right: number,
    ink: string,
  ): void {
    const y = price === null ? null : series.priceToCoordinate(price);
    if (y === null) return;
    dashed(context, ink, [
      [left, y],
      [Math.max(right, left + 6), y],
    ]);
  }

  /** A level that moves: in each place where it lies there, between two places from the one to the other. */
  #steps(
    context: CanvasRenderingContext2D,
    series: ISeriesApi<SeriesType, Time>,
    levels: readonly number[],
    x: (place: number) => number,
  ): void {
    const points: [number, number][] = [];
    levels.forEach((level, place) => {
      const y = series.priceToCoordinate(level);
      if (y === null) return;
      const before = points.at(-1);
      const edge = place === 0 ? x(0) : (x(place - 1) + x(place)) / 2;
      if (before && before[1] !== y) points.push([edge, before[1]]);
      if (!before || before[1] !== y) points.push([edge, y]);
    });
    const last = points.at(-1);
    if (last) dashed(context, this.#ink.stop, [...points, [Math.max(x(levels.length - 1), x(0) + 6), last[1]]]);
  }
}

type Target = Parameters<
  NonNullable<ReturnType<ReturnType<NonNullable<ISeriesPrimitive<Time>["paneViews"]>>[number]["renderer"]>>["draw"]
>[0];

function dashed(context: CanvasRenderingContext2D, ink: string, points: readonly (readonly [number, number])[]): void {
  context.strokeStyle = ink;
  context.lineWidth = 1;
  context.setLineDash([4, 3]);
  context.beginPath();
  points.forEach(([x, y], place) => {
    if (place === 0) context.moveTo(x, Math.round(y) + 0.5);
    else context.lineTo(x, Math.round(y) + 0.5);
  });
  context.stroke();
  context.setLineDash([]);
}

function dot(context: CanvasRenderingContext2D, x: number, y: number): void {
  context.beginPath();
  context.arc(x, y, 1.5, 0, 2 * Math.PI);
  context.fill();
}

/** A triangle whose tip is at (x, y); it hangs below the tip for 1, stands above it for -1. */
function triangle(context: CanvasRenderingContext2D, x: number, y: number, down: 1 | -1): void {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x - SIZE / 2, y + down * SIZE * 0.8);
  context.lineTo(x + SIZE / 2, y + down * SIZE * 0.8);
  context.closePath();
  context.fill();
}
