/** Bars and holes of a series as the candles of every page show them. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, body, type Schema } from "../api/ask";
import type { Bar, Hole } from "../charts/slots";
import type { Stretch } from "../charts/stretch";
import * as format from "../parts/format";
import { questions } from "../parts/questions";

const FOREVER = Number.POSITIVE_INFINITY;
const iso = (ms: number) => new Date(ms).toISOString();

/** Flags to look twice at; thinned bars have those of how they were put together, which say nothing. */
function flagsOf(flags: readonly string[]): string[] {
  const found = flags.filter((flag) => flag === "partial" || flag === "repaired" || flag === "suspect");
  return flags.includes("traded") ? found : [...found, "not traded"];
}

export interface ReadBars {
  /** State of the store that they are of. */
  snapshot: number;
  bars: Bar[];
  stretch: Stretch;
  /** What one bar stands for, s. */
  step: number;
  thinned: boolean;
}

/** Bars of a state of the store; where none is named, of the newest, and the answer says which one that was. */
export function useBars(
  instrument: string,
  interval: string,
  seconds: number,
  snapshot: number | undefined,
  stretch: Stretch,
  points: number,
) {
  const { start, end } = stretch;
  const keyOf = (number?: number) => ["bars", instrument, interval, number ?? "newest", start, end, points];
  return useQuery({
    queryKey: keyOf(snapshot),
    queryFn: async (): Promise<ReadBars> => {
      const query = {
        interval,
        start: iso(start),
        end: iso(end),
        points,
        ...(snapshot === undefined ? {} : { snapshot }),
      };
      const params = { path: { symbol: instrument }, query };
      const { data, response } = await api.GET("/api/v1/bars/{symbol}", { params });
      const found = data as Schema["BarsPage"];
      const { ts = [], open, high, low, close, flags } = found.bars;
      const thinned = found.total > found.count;
      const bars = (ts ?? []).map((text, place) => ({
        time: Date.parse(text) / 1000,
        open: open?.[place] ?? 0,
        high: high?.[place] ?? 0,
        low: low?.[place] ?? 0,
        close: close?.[place] ?? 0,
        flags: thinned ? [] : flagsOf(flags?.[place] ?? []),
      }));
      const number = snapshot ?? Number(response.headers.get("Tapehead-Snapshot"));
      const step = thinned ? leastStep(bars, seconds) : seconds;
      const read = { snapshot: number, bars, stretch, step, thinned };
      // Who asks for that state by its number next has its bars already.
      if (snapshot === undefined) questions.setQueryData(keyOf(number), read);
      return read;
    },
    enabled: instrument !== "" && end > start && seconds > 0,
    staleTime: snapshot === undefined ? 0 : FOREVER,
    placeholderData: keepPreviousData,
  });
}

function leastStep(bars: readonly Bar[], seconds: number): number {
  let least = FOREVER;
  for (let place = 1; place < bars.length; place++)
    least = Math.min(least, (bars[place] as Bar).time - (bars[place - 1] as Bar).time);
  return Number.isFinite(least) ? least : seconds;
}

/** Holes as the chart draws them, of runs of missing bars that last `seconds` each. */
export function holesOf(runs: readonly Schema["Gap"][], seconds: number): Hole[] {
  return runs.map(({ start, end, bars, state }) => ({
    start: Date.parse(start) / 1000,
    end: Date.parse(end) / 1000,
    bars,
    words: `${lasting(bars * seconds)} ${state === "empty" ? "without a trade" : "missing"}`,
  }));
}

/** Holes of the series in the state of the store that its bars are read from, by the calendar that the service knows. */
export function useHoles(instrument: string, interval: string, seconds: number, snapshot: number) {
  return useQuery({
    queryKey: ["gaps", instrument, interval, snapshot],
    queryFn: async () => {
      const query = { symbols: instrument, interval, gaps: true, snapshot };
      const { coverage } = await body(api.GET("/api/v1/coverage", { params: { query } }));
      return holesOf(coverage[0]?.runs ?? [], seconds);
    },
    enabled: instrument !== "" && seconds > 0,
    staleTime: FOREVER,
  });
}

/** A whole number of the largest unit that divides it: `8 h`, `15 min`, `3 d`. */
function lasting(seconds: number): string {
  for (const [unit, size] of [
    ["d", 86_400],
    ["h", 3600],
    ["min", 60],
  ] as const)
    if (seconds % size === 0) return `${format.count(seconds / size)} ${unit}`;
  return `${format.count(seconds)} s`;
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** How long a bar of an interval is, s: of `15m` 900. */
export function secondsOf(interval: string): number {
  return Number.parseInt(interval, 10) * (UNITS[interval.slice(-1)] ?? 0);
}
