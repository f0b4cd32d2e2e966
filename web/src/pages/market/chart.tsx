/** Candles of an instrument with indicators below; what is in view is read as finely as it can be seen. */
import { useQueries } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Schema } from "../../api/ask";
import { CandleView, type CurveLine, type View } from "../../charts/candle_view";
import { laidOut, lineAt } from "../../charts/slots";
import { later, type Stretch, stretchFor, viewOf } from "../../charts/stretch";
import { Fault } from "../../parts/fault";
import * as format from "../../parts/format";
import { holesOf, secondsOf, useBars } from "../bars";
import { type Instrument, type Line, seriesQuery } from "./listed";

/** Bars that are in view at first, and that are read at a time. */
const FIRST = 300;
const FIRST_PHONE = 120;
const POINTS = 1440;
const SETTLED_MS = 120;
const PANE = 90;
/** Tokens of the lines of one indicator, in their order. */
export const INKS = ["text", "accent", "warn"];

/** What became of the indicators: why one could not be computed, and the last value of each of their lines. */
export interface ReadLines {
  fault: unknown;
  ends: readonly Record<string, number | null>[];
}

interface Props {
  instrument: Instrument;
  interval: string;
  source: Instrument["intervals"][number];
  coverage: Schema["SeriesCoverage"] | undefined;
  /** That of the coverage; undefined until it is known. */
  snapshot: number | undefined;
  lines: readonly Line[];
  phone: boolean;
  onRead: (read: ReadLines) => void;
}

export function Chart({ instrument, interval, source, coverage, snapshot, lines, phone, onRead }: Props) {
  const seconds = secondsOf(interval);
  const across = phone ? FIRST_PHONE : FIRST;
  const [whole] = useState<Stretch>(() => ({
    start: Date.parse(source.first),
    end: Date.parse(source.last) + seconds * 1000,
  }));
  const [first] = useState(() => ({
    start: Math.max(whole.start, whole.end - across * seconds * 1000),
    end: whole.end,
  }));
  const [stretch, setStretch] = useState<Stretch>(() => ({
    start: Math.max(whole.start, whole.end - 3 * across * seconds * 1000),
    end: whole.end,
  }));
  const [goal] = useState(() => viewOf(first));
  const name = instrument.instrument;
  const [pinned, pin] = useState(snapshot);
  const bars = useBars(name, interval, seconds, pinned, stretch, POINTS);
  const read = bars.data;
  // The bars wait for no coverage. Once both are there, bars, holes and lines are of one state of the store.
  const agreed = read && (snapshot ?? read.snapshot);
  useEffect(() => {
    if (agreed !== undefined) pin(agreed);
  }, [agreed]);
  const asked = {
    symbol: name,
    interval,
    start: new Date(stretch.start).toISOString(),
    end: new Date(stretch.end).toISOString(),
    points: POINTS,
    snapshot: agreed ?? 0,
  };
  const found = useQueries({ queries: lines.map((line) => seriesQuery(line, asked, agreed !== undefined)) });
  const every = secondsOf(source.interval);
  const alike = read !== undefined && read.snapshot === snapshot;
  const holes = useMemo(() => holesOf((alike && coverage?.runs) || [], every), [alike, coverage, every]);
  const slots = useMemo(
    () => laidOut(read?.bars ?? [], holes, every, read?.step ?? seconds),
    [read, holes, every, seconds],
  );
  const data = found.map((each) => each.data);
  const fault = found.find((each) => each.error)?.error ?? null;
  useEffect(() => onRead({ fault, ends: data.map(endsOf) }), [fault, onRead, ...data.map((each) => each?.ts)]);
  const curves = useMemo(
    () => lines.flatMap((line, place) => curvesOf(line, data[place], slots, instrument.tick)),
    [lines, slots, instrument.tick, ...data.map((each) => each?.ts)],
  );
  const settle = useMemo(() => later(SETTLED_MS), []);
  const look = useRef((_: View) => {});
  look.current = (view) => {
    const next = stretchFor(view, read?.stretch ?? stretch, read?.step ?? seconds, seconds, whole);
    if (next) setStretch(next);
  };
  const moved = useCallback((view: View) => settle(() => look.current(view)), [settle]);
  if (bars.error) return <Fault fault={bars.error} />;
  return (
    <div
      className="market-chart"
      data-bars={read?.bars.length ?? 0}
      data-thinned={read?.thinned ?? ""}
      data-last={read?.bars.at(-1)?.close ?? ""}
      data-flagged={read?.bars.filter((bar) => bar.flags.length > 0).length ?? ""}
    >
      <CandleView
        slots={slots}
        lines={curves}
        height={phone ? 260 : 520}
        label={inWords(instrument, interval, coverage)}
        interval={interval}
        tick={instrument.tick}
        goal={goal}
        onView={moved}
      />
    </div>
  );
}

function endsOf(series: Schema["IndicatorSeries"] | undefined): Record<string, number | null> {
  return Object.fromEntries(Object.entries(series?.lines ?? {}).map(([name, values]) => [name, values.at(-1) ?? null]));
}

/** The lines of an indicator, all in one pane; what is not known yet is not drawn. */
function curvesOf(
  line: Line,
  series: Schema["IndicatorSeries"] | undefined,
  slots: ReturnType<typeof laidOut>,
  tick: number,
): CurveLine[] {
  const told = Object.entries(series?.lines ?? { [line.indicator]: [] });
  const given = Object.values(line.parameters).join(", ");
  const head = `${line.indicator}${given ? ` ${given}` : ""}${told.length > 1 ? `: ${told.map(([name]) => name).join(", ")}` : ""}`;
  const times = (series?.ts ?? []).map((text) => Date.parse(text) / 1000);
  return told.map(([name, values], place) => ({
    name: place === 0 ? head : `${line.indicator} ${name}`,
    height: PANE,
    ink: INKS[place] ?? "text3",
    points: lineAt(
      slots,
      values.flatMap((value, at) => (value === null ? [] : [{ time: times[at] as number, value }])),
    ),
    write: (value) => format.price(value, Math.abs(value) < 1000 ? 0.01 : tick),
    beside: place > 0,
  }));
}

function inWords({ symbol }: Instrument, interval: string, coverage: Schema["SeriesCoverage"] | undefined): string {
  const held = coverage
    ? ` from ${format.day(coverage.first)} to ${format.day(coverage.last)}, ${format.several(coverage.gaps, "hole")}`
    : "";
  return `Candles of ${symbol}, ${interval}${held}. The series are in the table below.`;
}
