/** Candles where a page shows them. Their code is the largest of all: it is fetched beside what they are to show. */
import { fetched } from "../parts/fetched";
import type { LinePoint, Slots } from "./slots";
import type { TradeMark } from "./trade_marks";
import "./candles.css";

/** A stretch of time, s UTC. */
export interface View {
  from: number;
  to: number;
}

export interface CurveLine {
  name: string;
  height: number;
  /** Token of its colour. */
  ink: string;
  points: readonly LinePoint[];
  write: (value: number) => string;
  /** Drawn into the pane of the line before it, which gives the height and the name. */
  beside?: boolean;
}

export interface CandlesProps {
  slots: Slots;
  /** Lines of fixed number and height, each in a pane of its own. */
  lines: readonly CurveLine[];
  /** Of the candles, px; at 0 there are none, and the lines alone are drawn. */
  height: number;
  label: string;
  interval: string;
  tick: number;
  trades?: readonly TradeMark[];
  chosen?: number;
  /** Where to go; another object goes there again. */
  goal: View;
  /** The view after a hand or a goal has moved it. */
  onView: (view: View) => void;
  onPick?: (time: number) => void;
}

/** Height of the axis of time, px. */
export const AXIS = 26;

/** Height of the whole chart, px. */
export function heightOf({ height, lines }: CandlesProps): number {
  return height + lines.reduce((sum, line) => sum + (line.beside ? 0 : line.height), 0) + AXIS;
}

/** Begin to fetch the code before there is anything to show. */
export const fetchCandles = () => import("./candles");

export const CandleView = fetched(
  async () => (await fetchCandles()).Candles,
  (props: CandlesProps) => <div className="candles" style={{ height: heightOf(props) }} />,
);
