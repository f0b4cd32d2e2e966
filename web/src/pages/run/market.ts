/** What can be run on what: strategies, universes, and the bars that are held. */
import { useQuery } from "@tanstack/react-query";
import { api, body, type Schema } from "../../api/ask";
import { type Form, symbolsOf } from "./spec";

/** Pages of instruments that are looked at for intervals and times; a hint must not cost more than a run. */
const MOST_PAGES = 10;

export function useStrategies(): readonly Schema["StrategyFacts"][] {
  const { data } = useQuery({
    queryKey: ["strategies"],
    queryFn: async () => (await body(api.GET("/api/v1/strategies"))).strategies,
  });
  return data ?? [];
}

export function useUniverses() {
  return useQuery({
    queryKey: ["universes"],
    queryFn: async () => (await body(api.GET("/api/v1/universes"))).universe,
  });
}

export interface Held {
  /** Intervals, the one of most instruments first. */
  intervals: readonly { interval: string; instruments: number; first: string; last: string }[];
}

/** Intervals and times that the instruments of a universe, or those named, have bars of. */
export function useHeldBars(form: Form): Held | undefined {
  const symbols = symbolsOf(form);
  const { data } = useQuery({
    queryKey: ["held", form.universe, ...(form.universe ? [] : symbols)],
    queryFn: () => look(form.universe, symbols),
    enabled: form.universe !== "" || symbols.length > 0,
    placeholderData: (before) => before,
  });
  return data;
}

async function look(universe: string, symbols: readonly string[]): Promise<Held> {
  const found = new Map<string, { interval: string; instruments: number; first: string; last: string }>();
  const wanted = universe ? undefined : new Set(symbols.map((one) => one.toUpperCase()));
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const query = { limit: 500, ...(universe ? { universe } : {}), ...(cursor ? { cursor } : {}) };
    const answer: Schema["InstrumentsPage"] = await body(api.GET("/api/v1/instruments", { params: { query } }));
    for (const one of answer.instruments) {
      if (wanted && !wanted.has(one.symbol.toUpperCase()) && !wanted.has(one.instrument.toUpperCase())) continue;
      for (const { interval, first, last } of one.intervals) {
        const known = found.get(interval);
        if (!known) found.set(interval, { interval, instruments: 1, first, last });
        else {
          known.instruments += 1;
          if (first < known.first) known.first = first;
          if (last > known.last) known.last = last;
        }
      }
    }
    cursor = answer.cursor;
    if (cursor === null) break;
  }
  return { intervals: [...found.values()].sort((a, b) => b.instruments - a.instruments) };
}

/** The newest run that goes on now. */
export function useRunning(enabled: boolean): Schema["RunFacts"] | undefined {
  const { data } = useQuery({
    queryKey: ["running"],
    queryFn: async () => {
      const page = await body(api.GET("/api/v1/runs", { params: { query: { limit: 20 } } }));
      for (const one of page.runs.filter((each) => each.state === "running")) {
        const detail = await body(api.GET("/api/v1/runs/{run}", { params: { path: { run: one.run } } }));
        if (detail.active) return one;
      }
      return null;
    },
    enabled,
    staleTime: 0,
  });
  return data ?? undefined;
}

/** What is kept of a run: its spec, what stands above its table. */
export function useKept(run: string | undefined) {
  return useQuery({
    queryKey: ["run", run ?? ""],
    queryFn: () => body(api.GET("/api/v1/runs/{run}", { params: { path: { run: run ?? "" } } })),
    enabled: run !== undefined,
  });
}
