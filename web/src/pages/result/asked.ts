/** What the page of a result asks the service for, and when. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, body, type Schema } from "../../api/ask";
import type { Stretch } from "../../charts/stretch";

/** A closed trade as the service tells it. */
export interface Trade {
  /** From 1, in order of entry. */
  number: number;
  /** Of the account of a portfolio. */
  instrument?: string;
  side: number;
  entry_time: string;
  exit_time: string;
  entry_bar: number;
  exit_bar: number;
  entry_price: number;
  exit_price: number;
  quantity: number;
  profit: number;
  /** Net profit over what the entries bought for; null where an exchange rate was not kept. */
  return: number | null;
  reason: string;
  ambiguous: boolean;
  across_gap: boolean;
  stop: number | null;
  target: number | null;
  /** The trailing level at the entry. */
  trail: number | null;
  entry_wanted: number;
  /** Entries and exits together. */
  fills: number;
}

const FOREVER = Number.POSITIVE_INFINITY;
const AGAIN_MS = 2000;
const iso = (ms: number) => new Date(ms).toISOString();
const at = (run: string, symbol: string) => ({ path: { run, symbol } });
const RESULT = "/api/v1/runs/{run}/results/{symbol}" as const;

/** The run; asked again until it has ended, for only then there are a verdict, a digest and all neighbours. */
export function useRun(run: string) {
  return useQuery({
    queryKey: ["run", run],
    queryFn: () => body(api.GET("/api/v1/runs/{run}", { params: { path: { run } } })),
    refetchInterval: ({ state }) => (state.data?.state === "running" ? AGAIN_MS : false),
  });
}

/** The result with its trades. */
export function useResult(run: string, symbol: string) {
  return useQuery({
    queryKey: ["result", run, symbol],
    queryFn: async () => {
      const found = await body(
        api.GET(RESULT, { params: { ...at(run, symbol), query: { include: "trades", limit: 100_000 } } }),
      );
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

/** One instrument by its whole name, or by its symbol alone. */
export function useInstrument(instrument: string) {
  const [symbol = "", venue] = instrument.split(":").reverse();
  return useQuery({
    queryKey: ["instrument", instrument],
    queryFn: async () => {
      const query = { query: venue ? symbol : `:${symbol}`, venue: venue ?? null, limit: 100 };
      const { instruments } = await body(api.GET("/api/v1/instruments", { params: { query } }));
      return instruments.find((each) => (venue ? each.instrument : each.symbol) === instrument) ?? null;
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

/** What proves the run; there is none before it has ended. */
export function useReceipt(run: string, state: string) {
  return useQuery({
    queryKey: ["receipt", run, state],
    queryFn: () => body(api.GET("/api/v1/runs/{run}/receipt", { params: { path: { run } } })),
    staleTime: FOREVER,
  });
}

/** Names of the instruments of a run, best return first; while it goes on there come more. */
export function useNeighbours(run: string, state: string) {
  return useQuery({
    queryKey: ["neighbours", run, state],
    queryFn: async () => {
      const params = { path: { run }, query: { form: "columns" as const, limit: 10_000 } };
      const { columns } = (await body(api.GET("/api/v1/runs/{run}/results", { params }))) as Schema["ResultsPage"];
      return (columns?.instrument ?? []) as string[];
    },
    enabled: state !== "",
    staleTime: FOREVER,
    refetchInterval: state === "running" ? AGAIN_MS : false,
    placeholderData: keepPreviousData,
  });
}
