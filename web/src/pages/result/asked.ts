/** What the page of a result asks the service for, and when. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, body, type Schema } from "../../api/ask";
import type { Bar, Hole } from "../../charts/slots";
import * as format from "../../parts/format";

/** A closed trade as the service tells it. */
export interface Trade {
  /** From 1, in order of entry. */
  number: number;
  side: number;
  entry_time: string;
  exit_time: string;
  entry_bar: number;
  exit_bar: number;
  entry_price: number;
  exit_price: number;
  quantity: number;
  profit: number;
  return: number;
  reason: string;
  ambiguous: boolean;
  across_gap: boolean;
  stop: number | null;
  target: number | null;
}

/** A stretch of the result, ms UTC, `end` not included. */
export interface Stretch {
  start: number;
  end: number;
}

const FOREVER = Number.POSITIVE_INFINITY;
const iso = (ms: number) => new Date(ms).toISOString();
const at = (run: string, symbol: string) => ({ path: { run, symbol } });
const RESULT = "/api/v1/runs/{run}/results/{symbol}" as const;

export function useRun(run: string) {
  return useQuery({
    queryKey: ["run", run],
    queryFn: () => body(api.GET("/api/v1/runs/{run}", { params: { path: { run } } })),
  });
}

/** The result with its trades. */
export function useResult(run: string, symbol: string) {
  return useQuery({
    queryKey: ["result", run, symbol],
    queryFn: async () => {
      const found = await body(api.GET(RESULT, { params: { ...at(run, symbol), query: { include: "trades" } } }));
      const rows = (found.trades ?? []) as unknown as Omit<Trade, "number">[];
      return { result: found.result, trades: rows.map((row, place): Trade => ({ ...row, number: place + 1 })) };
    },
    staleTime: FOREVER,
  });
}

/** What is made again of it: every metric, months, costs. */
export function useRemade(run: string, symbol: string) {
  return useQuery({
    queryKey: ["remade", run, symbol],
    queryFn: () =>
      body(api.GET(RESULT, { params: { ...at(run, symbol), query: { include: "metrics,months,costs" } } })),
    staleTime: FOREVER,
  });
}

export function useEquity(run: string, symbol: string, { start, end }: Stretch, points: number) {
  return useQuery({
    queryKey: ["equity", run, symbol, start, end, points],
    queryFn: async () => {
      const query = { include: "equity", points, start: iso(start), end: iso(end) };
      const { equity } = await body(api.GET(RESULT, { params: { ...at(run, symbol), query } }));
      const times = equity?.ts.map((text) => Date.parse(text) / 1000) ?? [];
      return times.map((time, place) => ({
        time,
        equity: equity?.equity[place] ?? 0,
        drawdown: equity?.drawdown[place] ?? 0,
      }));
    },
    enabled: end > start,
    staleTime: FOREVER,
    placeholderData: keepPreviousData,
  });
}

/** Flags to look twice at; thinned bars have those of how they were put together, which say nothing. */
function flagsOf(flags: readonly string[]): string[] {
  const found = flags.filter((flag) => flag === "partial" || flag === "repaired" || flag === "suspect");
  return flags.includes("traded") ? found : [...found, "not traded"];
}

export interface ReadBars {
  bars: Bar[];
  stretch: Stretch;
  /** What one bar stands for, s. */
  step: number;
  thinned: boolean;
}

export function useBars(
  instrument: string,
  interval: string,
  seconds: number,
  snapshot: number,
  stretch: Stretch,
  points: number,
) {
  const { start, end } = stretch;
  return useQuery({
    queryKey: ["bars", instrument, interval, snapshot, start, end, points],
    queryFn: async (): Promise<ReadBars> => {
      const query = { interval, start: iso(start), end: iso(end), points, snapshot };
      const params = { path: { symbol: instrument }, query };
      const found = (await body(api.GET("/api/v1/bars/{symbol}", { params }))) as Schema["BarsPage"];
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
      return { bars, stretch, step: thinned ? leastStep(bars, seconds) : seconds, thinned };
    },
    enabled: end > start && seconds > 0,
    staleTime: FOREVER,
    placeholderData: keepPreviousData,
  });
}

function leastStep(bars: readonly Bar[], seconds: number): number {
  let least = FOREVER;
  for (let place = 1; place < bars.length; place++)
    least = Math.min(least, (bars[place] as Bar).time - (bars[place - 1] as Bar).time);
  return Number.isFinite(least) ? least : seconds;
}

/** Holes of the series, from the calendar that the service knows. */
export function useHoles(instrument: string, interval: string, seconds: number) {
  return useQuery({
    queryKey: ["holes", instrument, interval],
    queryFn: async () => {
      const query = { symbols: instrument, interval, gaps: true };
      const { coverage } = await body(api.GET("/api/v1/coverage", { params: { query } }));
      return (coverage[0]?.runs ?? []).map(({ start, end, bars, state }): Hole => ({
        start: Date.parse(start) / 1000,
        end: Date.parse(end) / 1000,
        bars,
        words: `${lasting(bars * seconds)} ${state === "empty" ? "without a trade" : "missing"}`,
      }));
    },
    enabled: instrument !== "" && seconds > 0,
  });
}

/** A whole number of the largest unit that divides it: `8 h`, `15 min`, `3 d`. */
export function lasting(seconds: number): string {
  for (const [unit, size] of [
    ["d", 86_400],
    ["h", 3600],
    ["min", 60],
  ] as const)
    if (seconds % size === 0) return `${format.count(seconds / size)} ${unit}`;
  return `${format.count(seconds)} s`;
}

export function useInstrument(instrument: string) {
  const [venue, symbol = ""] = instrument.split(":");
  return useQuery({
    queryKey: ["instrument", instrument],
    queryFn: async () => {
      const query = { query: symbol, venue: venue ?? null, limit: 100 };
      const { instruments } = await body(api.GET("/api/v1/instruments", { params: { query } }));
      return instruments.find((each) => each.instrument === instrument) ?? null;
    },
    enabled: instrument !== "",
    staleTime: FOREVER,
  });
}

export type Explanation = Schema["Explanation"];

export function useExplanation(run: string, symbol: string, number: number) {
  return useQuery({
    queryKey: ["explain", run, symbol, number],
    queryFn: () =>
      body(
        api.GET("/api/v1/runs/{run}/results/{symbol}/trades/{number}/explain", {
          params: { path: { run, symbol, number } },
        }),
      ),
    enabled: number > 0,
    staleTime: FOREVER,
  });
}

export function useReceipt(run: string) {
  return useQuery({
    queryKey: ["receipt", run],
    queryFn: () => body(api.GET("/api/v1/runs/{run}/receipt", { params: { path: { run } } })),
    staleTime: FOREVER,
  });
}

/** Names of the instruments of a run, best return first. */
export function useNeighbours(run: string) {
  return useQuery({
    queryKey: ["neighbours", run],
    queryFn: async () => {
      const params = { path: { run }, query: { form: "columns" as const, limit: 10_000 } };
      const { columns } = (await body(api.GET("/api/v1/runs/{run}/results", { params }))) as Schema["ResultsPage"];
      return (columns?.instrument ?? []) as string[];
    },
    staleTime: FOREVER,
  });
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** How long a bar of an interval is, s: of `15m` 900. */
export function secondsOf(interval: string): number {
  return Number.parseInt(interval, 10) * (UNITS[interval.slice(-1)] ?? 0);
}
