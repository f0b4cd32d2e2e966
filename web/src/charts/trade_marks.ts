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

export interface TradeMark {
  number: number;
  /** Opens of the bars of both fills, s UTC. */
  entry: number;
  exit: number;
  stop: number | null;
  target: number | null;
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
    this.#placed = trades.map(({ number, entry, exit, stop, target }) => ({
      number,
      from: Math.floor(logicalOf(slots, entry)),
      to: Math.floor(logicalOf(slots, exit)),
      stop,
      target,
    }));
    this.#flagged = slots.bars.flatMap((bar, place) => (bar && bar.flags.length > 0 ? [place] : []));
    this.#on?.requestUpdate();
  }

  paneViews() {
    return [{ renderer: () => ({ draw: (target: Target) => this.#draw(target) }) }];
  }

  autoscaleInfo(from: Logical, to: Logical): AutoscaleInfo | null {
    const levels = this.#shown(from, to).flatMap(({ stop, target }) => [stop, target].filter((each) => each !== null));
    if (levels.length === 0) return null;
    return { priceRange: { minValue: Math.min(...levels), maxValue: Math.max(...levels) } };
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
    context.strokeStyle = ink;
    context.lineWidth = 1;
    context.setLineDash([4, 3]);
    context.beginPath();
    context.moveTo(left, Math.round(y) + 0.5);
    context.lineTo(Math.max(right, left + 6), Math.round(y) + 0.5);
    context.stroke();
    context.setLineDash([]);
  }
}

type Target = Parameters<
  NonNullable<ReturnType<ReturnType<NonNullable<ISeriesPrimitive<Time>["paneViews"]>>[number]["renderer"]>>["draw"]
>[0];

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
