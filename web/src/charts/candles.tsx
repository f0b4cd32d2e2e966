/** Candles with lines below them: one time axis and one crosshair for all; holes stay holes. */
import {
  CandlestickSeries,
  ColorType,
  createChart,
  type IChartApi,
  type ISeriesApi,
  LineSeries,
  type UTCTimestamp,
} from "lightweight-charts";
import { useEffect, useRef, useState } from "react";
import * as format from "../parts/format";
import { followTheme, token } from "../parts/theme";
import { AXIS, type CandlesProps, type CurveLine, heightOf, type View } from "./candle_view";
import { logicalOf, placeOf, type Slots, timeOf } from "./slots";
import { TradeMarks } from "./trade_marks";

const MOVE_MS = 200;
const NARROW = 600;
const LEAST_PLACES = 16;
/** px; the chart cannot draw lines of which no point is in view. */
const WIDEST_PLACE = 60;

interface Parts {
  chart: IChartApi;
  candles: ISeriesApi<"Candlestick">;
  lines: ISeriesApi<"Line">[];
  marks: TradeMarks;
}

interface Patch {
  left: number;
  width: number;
  words: string;
}

const at = (time: number) => time as UTCTimestamp;
const isoOf = (time: number) => new Date(time * 1000).toISOString();

export function Candles(props: CandlesProps) {
  const { slots, lines, height, label, interval, tick, trades = [], chosen = 0, goal, onView, onPick } = props;
  const place = useRef<HTMLDivElement>(null);
  const read = useRef<HTMLDivElement>(null);
  const parts = useRef<Parts | null>(null);
  const now = useRef({
    slots,
    onView,
    onPick,
    interval,
    tick,
    quiet: false,
    view: goal,
    gone: undefined as unknown,
    goal,
    height,
  });
  Object.assign(now.current, { slots, onView, onPick, interval, tick, goal, height });
  const [patches, setPatches] = useState<Patch[]>([]);
  const [ink, setInk] = useState(0);
  const own = lines.filter((line) => !line.beside);
  const panes = lines.map((line) => (line.beside ? "+" : line.height)).join(" ");
  const total = heightOf(props);

  useEffect(() => {
    const host = place.current;
    if (!host) return;
    const made = build(host, height, lines, (time) => format.barTime(isoOf(time), now.current.interval));
    parts.current = made;
    const { chart } = made;
    const moved = () => {
      const range = chart.timeScale().getVisibleLogicalRange();
      const state = now.current;
      if (!range) return;
      setPatches(patchesOf(chart, state.slots));
      if (state.quiet) return;
      state.view = { from: timeOf(state.slots, range.from), to: timeOf(state.slots, range.to) };
      // On the way to a goal, whose bars may still come, it is not a view that was asked for.
      if (state.gone === state.goal) state.onView(state.view);
    };
    chart.timeScale().subscribeVisibleLogicalRangeChange(moved);
    chart.timeScale().subscribeSizeChange(() => setPatches(patchesOf(chart, now.current.slots)));
    chart.subscribeClick(({ logical }) => {
      if (logical !== undefined) now.current.onPick?.(timeOf(now.current.slots, Math.round(logical)));
    });
    chart.subscribeCrosshairMove(({ logical }) => {
      if (read.current) read.current.textContent = logical === undefined ? "" : readAt(now.current, logical);
    });
    const end = followTheme(() => requestAnimationFrame(() => setInk((turn) => turn + 1)));
    return () => {
      end();
      parts.current = null;
      chart.remove();
    };
    // The chart is made once for its panes; what is drawn in it changes below.
  }, [height, panes]);

  useEffect(() => {
    if (parts.current) paint(parts.current, lines);
  }, [ink, height, panes]);

  useEffect(() => {
    const made = parts.current;
    if (!made) return;
    const state = now.current;
    state.quiet = true;
    // Lines at the places of before would move those of the candles once more while the chart looks what is hovered.
    for (const line of made.lines) line.setData([]);
    made.candles.setData(
      slots.bars.map((bar, index) =>
        bar && height > 0
          ? { time: at(bar.time), open: bar.open, high: bar.high, low: bar.low, close: bar.close }
          : { time: at(slots.times[index] as number) },
      ),
    );
    const decimals = format.decimalsOf(tick) ?? 2;
    made.candles.applyOptions({
      priceFormat: {
        type: "custom",
        minMove: 10 ** -decimals,
        formatter: (price: number) => format.price(price, tick),
      },
    });
    if (state.gone === goal) show(made.chart, slots, state.view);
    state.quiet = false;
    setPatches(patchesOf(made.chart, slots));
  }, [slots, tick, height, panes]);

  useEffect(() => {
    lines.forEach((line, index) =>
      parts.current?.lines[index]?.setData(
        line.points.map(({ time, value, ends }) =>
          ends ? { time: at(time), value, color: "transparent" } : { time: at(time), value },
        ),
      ),
    );
  }, [lines, slots, tick, height, panes]);

  useEffect(() => {
    parts.current?.marks.set(slots, trades, chosen, {
      mark: token("accent"),
      stop: token("loss"),
      target: token("gain"),
      warn: token("warn"),
    });
  }, [slots, trades, chosen, ink, height, panes]);

  useEffect(() => {
    const made = parts.current;
    const state = now.current;
    if (!made || slots.times.length === 0 || state.gone === goal) return;
    // Bars that are too coarse for this view show next to nothing in it: finer ones are on their way.
    if (slots.step > slots.interval && (goal.to - goal.from) / slots.step < LEAST_PLACES) return;
    const first = state.gone === undefined;
    state.gone = goal;
    const end = go(made.chart, state, goal, first);
    return () => {
      // A chart that is taken down shows nothing any more.
      if (parts.current === made) end();
    };
  }, [goal, slots, height, panes]);

  let top = height;
  return (
    <div className="candles" style={{ height: total }}>
      <div className="drawn" role="img" aria-label={label} ref={place} />
      <div className="over" style={{ bottom: AXIS }}>
        {patches.map(({ left, width, words }, index) => (
          <div
            key={index}
            className="gap"
            data-gap={words}
            style={{ transform: `translateX(${left}px)`, width, height: total - AXIS }}
            title={words}
          >
            {width >= 24 && <span>{words}</span>}
          </div>
        ))}
      </div>
      <div className="read" ref={read} />
      {own.map((line) => {
        const here = top;
        top += line.height;
        return (
          <div key={line.name} className="name" style={{ top: here + 4 }}>
            {line.name}
          </div>
        );
      })}
      <div className="zone">UTC</div>
    </div>
  );
}

function build(host: HTMLElement, height: number, lines: readonly CurveLine[], write: (time: number) => string): Parts {
  const chart = createChart(host, {
    autoSize: true,
    layout: { attributionLogo: false, fontSize: 11, panes: { enableResize: false } },
    grid: { vertLines: { visible: false }, horzLines: { visible: false } },
    timeScale: {
      minBarSpacing: 0.05,
      maxBarSpacing: WIDEST_PLACE,
      rightOffset: 2,
      timeVisible: true,
      secondsVisible: false,
    },
    handleScroll: { vertTouchDrag: false },
    // Wide enough for prices of ten letters, so that the axis does not grow once it knows them.
    rightPriceScale: { minimumWidth: host.clientWidth < NARROW ? 72 : 84 },
    localization: { locale: "en-GB", timeFormatter: (time: unknown) => write(time as number) },
  });
  const candles = chart.addSeries(CandlestickSeries, { priceLineVisible: false, lastValueVisible: false }, 0);
  let pane = 0;
  const drawn = lines.map((line) => {
    if (!line.beside) pane += 1;
    return chart.addSeries(
      LineSeries,
      {
        lineWidth: 1,
        priceLineVisible: false,
        lastValueVisible: false,
        crosshairMarkerRadius: 2,
        priceFormat: { type: "custom", minMove: 0.01, formatter: line.write },
      },
      pane,
    );
  });
  const heights = [height, ...lines.filter((line) => !line.beside).map((line) => line.height)];
  chart.panes().forEach((each, index) => each.setStretchFactor(heights[index] ?? 1));
  const marks = new TradeMarks();
  candles.attachPrimitive(marks);
  return { chart, candles, lines: drawn, marks };
}

function paint({ chart, candles, lines }: Parts, shown: readonly CurveLine[]): void {
  const cross = { color: token("edge"), labelBackgroundColor: token("text2"), width: 1 as const };
  chart.applyOptions({
    layout: {
      background: { type: ColorType.Solid, color: token("bg") },
      textColor: token("text3"),
      fontFamily: getComputedStyle(document.body).fontFamily,
      panes: { separatorColor: token("line"), separatorHoverColor: token("line") },
    },
    crosshair: { mode: 0, vertLine: cross, horzLine: cross },
    timeScale: { borderColor: token("line") },
    rightPriceScale: { borderColor: token("line") },
  });
  const [gain, loss] = [token("gain"), token("loss")];
  candles.applyOptions({
    upColor: token("bg"),
    downColor: loss,
    borderUpColor: gain,
    borderDownColor: loss,
    wickUpColor: gain,
    wickDownColor: loss,
  });
  lines.forEach((line, index) => line.applyOptions({ color: token(shown[index]?.ink ?? "text") }));
}

function show(chart: IChartApi, slots: Slots, view: View): void {
  if (slots.times.length === 0) return;
  chart.timeScale().setVisibleLogicalRange({ from: logicalOf(slots, view.from), to: logicalOf(slots, view.to) });
}

/** Go to a view; a chart that shows something already moves there, unless motion is not wanted. */
function go(chart: IChartApi, state: { slots: Slots; view: View }, goal: View, first: boolean): () => void {
  const { times, step } = state.slots;
  const from = state.view;
  const near = (view: View) =>
    view.to > (times[0] as number) - step && view.from < (times[times.length - 1] as number) + step;
  const still = first || !near(from) || matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (still) {
    show(chart, state.slots, goal);
    return () => {};
  }
  const began = performance.now();
  let frame = 0;
  const move = (time: number) => {
    const part = Math.min(1, Math.max(0, (time - began) / MOVE_MS));
    const eased = 1 - (1 - part) ** 3;
    show(chart, state.slots, {
      from: from.from + (goal.from - from.from) * eased,
      to: from.to + (goal.to - from.to) * eased,
    });
    if (part < 1) frame = requestAnimationFrame(move);
  };
  frame = requestAnimationFrame(move);
  return () => {
    cancelAnimationFrame(frame);
    // The chart tells of its views later than other bars may be laid out here.
    state.view = goal;
    show(chart, state.slots, goal);
  };
}

interface Read {
  slots: Slots;
  interval: string;
  tick: number;
  height: number;
}

const LEAST_PATCH = 2;

function patchesOf(chart: IChartApi, slots: Slots): Patch[] {
  const scale = chart.timeScale();
  const range = scale.getVisibleLogicalRange();
  const zero = scale.logicalToCoordinate(0 as never);
  const one = scale.logicalToCoordinate(1 as never);
  if (!range || zero === null || one === null) return [];
  const spacing = one - zero;
  return slots.holes
    .filter(({ left, right }) => right >= range.from && left <= range.to)
    .map(({ left, right, hole }) => ({
      left: zero + left * spacing,
      width: Math.max((right - left) * spacing, LEAST_PATCH),
      words: hole.words,
    }));
}

function readAt({ slots, interval, tick, height }: Read, logical: number): string {
  const bar = slots.bars[Math.round(logical)];
  if (!bar) return "";
  const time = format.barTime(isoOf((slots.times as number[])[placeOf(slots.times, bar.time)] as number), interval);
  if (height === 0) return time;
  const price = (value: number) => format.price(value, tick);
  const flags = bar.flags.length > 0 ? `  ${bar.flags.join(", ")}` : "";
  return `${time}  O ${price(bar.open)}  H ${price(bar.high)}  L ${price(bar.low)}  C ${price(bar.close)}${flags}`;
}
