/** Candles, equity and drawdown of a result; what is shown is read as finely as it can be seen. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { CandleView, type CurveLine, type View } from "../../charts/candle_view";
import { type Bar, laidOut, lineAt, placeOf } from "../../charts/slots";
import { later, type Stretch, stretchFor, viewOf } from "../../charts/stretch";
import { levelsOf, type Trail } from "../../charts/trail";
import type { TradeMark } from "../../charts/trade_marks";
import { Fault } from "../../parts/fault";
import * as format from "../../parts/format";
import { ACCOUNT } from "../../parts/names";
import { useBars, useHoles } from "../bars";
import { type Trade, useEquity, useInstrument } from "./asked";

/** Bars asked for at a time; a third of them is in view. */
const POINTS = 1440;
const OVERVIEW = 480;
/** Bars around a trade that is gone to. */
const AROUND = 120;
const SETTLED_MS = 120;

export interface Shown {
  run: string;
  symbol: string;
  instrument: string;
  interval: string;
  seconds: number;
  snapshot: number;
  /** Of the whole result, ms UTC. */
  whole: Stretch;
  cash: number;
  equity: readonly number[];
  deepest: number | null;
  /** How far a trailing stop stays behind, as the spec says it. */
  trail: number | undefined;
}

interface Props {
  shown: Shown;
  trades: readonly Trade[];
  chosen: Trade | undefined;
  choose: (number: number) => void;
  phone: boolean;
  onTick: (tick: number) => void;
}

export function ChartStack({ shown, trades, chosen, choose, phone, onTick }: Props) {
  const { run, symbol, interval, seconds, whole, cash } = shown;
  // An account has no bars: its equity is the chart.
  const instrument = shown.instrument === ACCOUNT ? "" : shown.instrument;
  const [goal, setGoal] = useState<View>(() => (chosen ? viewOfTrade(chosen, viewOf(whole), seconds) : viewOf(whole)));
  const next = useCallback(
    (to: View, read: Stretch) => stretchFor(to, read, stepOf(read, whole, seconds), seconds, whole) ?? read,
    [seconds, whole],
  );
  const [stretch, setStretch] = useState(() => next(goal, whole));
  const points = pointsOf(stretch, whole);
  const bars = useBars(instrument, interval, seconds, shown.snapshot, stretch, points);
  const equity = useEquity(run, symbol, stretch, 2 * points + 2);
  const holes = useHoles(instrument, interval, seconds, shown.snapshot);
  const told = useInstrument(instrument);
  const settled = instrument ? !told.isPending && !bars.isPending : !equity.isPending;
  const found = useMemo(
    () => told.data?.tick || (instrument ? tickOf(bars.data?.bars ?? []) : 0),
    [told.data, bars.data, instrument],
  );
  const first = useRef<number | undefined>(undefined);
  if (settled) first.current ??= found;
  const tick = first.current ?? found;
  useEffect(() => {
    if (settled) onTick(tick);
  }, [settled, tick, onTick]);

  const slots = useMemo(
    () =>
      instrument
        ? laidOut(bars.data?.bars ?? [], holes.data ?? [], seconds, bars.data?.step ?? seconds)
        : laidOut((equity.data ?? []).map(levelBar), [], seconds, seconds),
    [bars.data, equity.data, holes.data, instrument, seconds],
  );
  const tall = phone ? 260 : 420;
  const lines = useMemo((): CurveLine[] => {
    const at = (pick: (one: { equity: number; drawdown: number }) => number) =>
      (equity.data ?? []).map((one) => ({ time: one.time, value: pick(one) }));
    return [
      {
        name: "Equity, start = 100",
        height: (phone ? 80 : 110) + (instrument ? 0 : tall),
        ink: "text",
        points: lineAt(
          slots,
          at((one) => (one.equity / cash) * 100),
        ),
        write: (value) => format.ratio(value, false),
      },
      {
        name: "Drawdown, %",
        height: phone ? 60 : 70,
        ink: "loss",
        points: lineAt(
          slots,
          at((one) => one.drawdown * 100),
          "lowest",
        ),
        write: (value) => format.percent(value / 100),
      },
    ];
  }, [equity.data, slots, cash, phone, instrument, tall]);

  const marks = useMemo(
    () =>
      trades.map((one) => ({
        number: one.number,
        entry: Date.parse(one.entry_time) / 1000,
        exit: Date.parse(one.exit_time) / 1000,
        stop: one.stop,
        target: one.target,
        trail: trailOf(one, shown.trail),
      })),
    [trades, shown.trail],
  );

  const view = useRef<View>(goal);
  const settle = useMemo(() => later(SETTLED_MS), []);
  const look = useCallback((to: View) => setStretch((read) => next(to, read)), [next]);
  const moved = useCallback(
    (to: View) => {
      view.current = to;
      settle(() => look(to));
    },
    [settle, look],
  );
  const gone = useRef(chosen);
  useEffect(() => {
    if (!chosen || gone.current === chosen) return;
    gone.current = chosen;
    const to = viewOfTrade(chosen, view.current, seconds);
    setGoal(to);
    look(to);
    // In place of a look at the view of before, which would take back what was asked for now.
    settle(() => look(to));
  }, [chosen, seconds, look, settle]);

  const pick = useCallback(
    (time: number) => {
      const found = marks.find(({ entry, exit }) => entry <= time && time <= exit);
      if (found) choose(found.number);
    },
    [marks, choose],
  );

  const trailEnd = useMemo(() => {
    const mark = marks.find(({ number }) => number === chosen?.number);
    if (!mark?.trail) return undefined;
    return levelsOf(slots, placeOf(slots.times, mark.entry), placeOf(slots.times, mark.exit), mark.trail).at(-1);
  }, [marks, chosen, slots]);

  if (bars.error) return <Fault fault={bars.error} />;
  return (
    <div
      data-bars={slots.bars.length}
      data-flagged={slots.bars.filter((bar) => bar && bar.flags.length > 0).length}
      data-thinned={bars.data?.thinned}
      data-trail={trailEnd}
    >
      <CandleView
        slots={slots}
        lines={lines}
        height={instrument ? tall : 0}
        label={inWords(shown)}
        interval={interval}
        tick={tick}
        trades={instrument ? marks : NONE}
        chosen={chosen?.number ?? 0}
        goal={goal}
        onView={moved}
        onPick={pick}
      />
    </div>
  );
}

const NONE: readonly TradeMark[] = [];

/** A place on the axis of time, where there is no bar. */
function levelBar({ time, equity }: { time: number; equity: number }): Bar {
  return { time, open: equity, high: equity, low: equity, close: equity, flags: [] };
}

/** Of a trade that was added to the average price says nothing of its first fill: the spec says how far. */
function trailOf({ trail, side, entry_price, entry_wanted, fills }: Trade, asked: number | undefined): Trail | null {
  if (trail === null) return null;
  const width = fills > 2 && asked !== undefined ? asked : Math.abs(entry_price - trail) / entry_price;
  return { first: trail, width, side, wanted: entry_wanted };
}

function pointsOf(read: Stretch, whole: Stretch): number {
  return read === whole ? OVERVIEW : POINTS;
}

/** What a bar of a stretch stands for before it is there, s. */
function stepOf(read: Stretch, whole: Stretch, seconds: number): number {
  return Math.max(seconds, (read.end - read.start) / 1000 / pointsOf(read, whole));
}

/** A view with the trade in its middle: as wide as the one before where the trade can be seen in that. */
function viewOfTrade(trade: Trade, before: View, seconds: number): View {
  const entry = Date.parse(trade.entry_time) / 1000;
  const exit = Date.parse(trade.exit_time) / 1000;
  const middle = (entry + exit) / 2;
  const least = Math.max((exit - entry) * 1.5, AROUND * seconds);
  const width = before.to - before.from;
  const half = (width >= least && width <= 4 * least ? width : least) / 2;
  return { from: middle - half, to: middle + half };
}

/** The least step that prices are written with, where the instrument's own is unknown. */
function tickOf(bars: readonly Bar[]): number {
  let digits = 0;
  for (const { close } of bars.slice(0, 300))
    while (digits < 8 && Math.abs(Number(close.toFixed(digits)) - close) > Math.abs(close) * 1e-12) digits += 1;
  return 10 ** -digits;
}

function inWords({ symbol, instrument, cash, equity, deepest }: Shown): string {
  const end = equity[equity.length - 1] ?? cash;
  const fallen = deepest === null ? "" : `, deepest ${format.percent(deepest)} %`;
  return `${instrument === ACCOUNT ? "" : `Candles of ${symbol}. `}Equity from 100 to ${format.count((end / cash) * 100)}${fallen}. The trades are in the table.`;
}
