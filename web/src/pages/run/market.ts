/** What can be run on what: strategies, universes, and the bars that are held. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { api, body, type Schema } from "../../api/ask";
import { useSettled } from "./pace";
import { type Form, symbolsOf } from "./spec";

/** Pages of instruments that are looked at for intervals and times; a hint must not cost more than a run. */
const MOST_PAGES = 10;
/** Symbols that are looked up one by one; of more of them nothing is hinted. */
const MOST_SYMBOLS = 40;
const TYPED_MS = 300;

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
    queryFn: async () => (await body(api.GET("/api/v1/universes", { params: { query: { limit: 10_000 } } }))).universe,
  });
}

export interface Held {
  /** Intervals, the one of most instruments first. */
  intervals: readonly { interval: string; instruments: number; first: string; last: string }[];
}

/** Intervals and times that the instruments of a universe, or those named, have bars of. */
export function useHeldBars(form: Form): Held | undefined {
  const { universe } = form;
  const typed = useSettled(symbolsOf(form).join(" "), TYPED_MS);
  const symbols = universe ? [] : typed.split(" ").filter(Boolean);
  const members = useQuery({
    queryKey: ["held", universe],
    queryFn: ({ signal }) => membersOf(universe, signal),
    enabled: universe !== "",
  });
  const named = useQueries({
    queries: (symbols.length > MOST_SYMBOLS ? [] : symbols).map((symbol) => ({
      queryKey: ["held", "named", symbol.toUpperCase()],
      queryFn: ({ signal }: { signal: AbortSignal }) => namedAs(symbol, signal),
    })),
    combine: together,
  });
  const found = universe ? members.data : named;
  const held = useMemo(() => found && heldOf(found), [found]);
  const before = useRef(held);
  if (held) before.current = held;
  // What is known of the one before stands until the next is known; of nothing there is nothing to hint.
  return universe || symbols.length > 0 ? (held ?? before.current) : undefined;
}

/** Every answer in one list; undefined while one of them is missing. */
function together(answers: readonly { data: Schema["InstrumentFacts"][] | undefined }[]) {
  const found = answers.flatMap(({ data }) => (data === undefined ? [] : [data]));
  return found.length === answers.length && found.length > 0 ? found.flat() : undefined;
}

async function membersOf(universe: string, signal: AbortSignal): Promise<Schema["InstrumentFacts"][]> {
  const found: Schema["InstrumentFacts"][] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const query = { limit: 500, universe, ...(cursor ? { cursor } : {}) };
    const answer: Schema["InstrumentsPage"] = await body(api.GET("/api/v1/instruments", { params: { query }, signal }));
    found.push(...answer.instruments);
    cursor = answer.cursor;
    if (cursor === null) break;
  }
  return found;
}

/** The instruments that are called so, with or without their venue; the service looks for them, however many it holds. */
async function namedAs(symbol: string, signal: AbortSignal): Promise<Schema["InstrumentFacts"][]> {
  const query = symbol.includes(":") ? symbol : `:${symbol}`;
  const { instruments } = await body(api.GET("/api/v1/instruments", { params: { query: { query } }, signal }));
  const wanted = symbol.toUpperCase();
  return instruments.filter((one) => [one.symbol, one.instrument].some((name) => name.toUpperCase() === wanted));
}

function heldOf(instruments: readonly Schema["InstrumentFacts"][]): Held {
  const found = new Map<string, { interval: string; instruments: number; first: string; last: string }>();
  for (const { intervals } of instruments) {
    for (const { interval, first, last } of intervals) {
      const known = found.get(interval);
      if (!known) found.set(interval, { interval, instruments: 1, first, last });
      else {
        known.instruments += 1;
        if (first < known.first) known.first = first;
        if (last > known.last) known.last = last;
      }
    }
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
