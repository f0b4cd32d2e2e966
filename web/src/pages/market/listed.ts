/** What the market page asks of the store: instruments, universes, coverage, indicators over bars. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, body, type Schema } from "../../api/ask";
import { questions } from "../../parts/questions";

export type Instrument = Schema["InstrumentFacts"];
export type Kind = Instrument["kind"];
export type Indicator = Schema["IndicatorFacts"];

export const KINDS: readonly Kind[] = ["crypto", "equity", "index", "fx", "future", "option"];
/** Instruments that are listed at once; with more of them the service looks for the letters. */
const MOST = 10_000;
const FOREVER = Number.POSITIVE_INFINITY;

export interface Wanted {
  text: string;
  universe: string;
  kind: Kind | "";
}

export function useInstruments({ text, universe, kind }: Wanted) {
  const all = useListed("", universe, kind);
  const cut = all.data?.cursor != null;
  const looked = useListed(cut ? text.trim() : "", universe, kind);
  const letters = text.trim().toLowerCase();
  const { data, error, isSuccess } = cut ? looked : all;
  const rows = data?.instruments ?? [];
  return {
    // What the service has not answered yet is not among what was asked before either.
    rows: !letters ? rows : rows.filter((row) => row.instrument.toLowerCase().includes(letters)),
    fault: error,
    isAsked: isSuccess,
    isEmpty: isSuccess && rows.length === 0 && !letters && !universe && !kind,
    cut: data?.cursor != null,
  };
}

/** Instruments by letters, universe and kind; without any of them all. */
function listed(query = "", universe = "", kind: Kind | "" = "") {
  return {
    queryKey: ["instruments", query, universe, kind],
    queryFn: () =>
      body(
        api.GET("/api/v1/instruments", {
          params: {
            query: {
              limit: MOST,
              ...(query ? { query } : {}),
              ...(universe ? { universe } : {}),
              ...(kind ? { kind } : {}),
            },
          },
        }),
      ),
  };
}

/** Begin to ask for the list before there is a page to show it. */
export function listAhead(): void {
  void questions.prefetchQuery(listed());
}

function useListed(query: string, universe: string, kind: Kind | "") {
  return useQuery({ ...listed(query, universe, kind), placeholderData: keepPreviousData });
}

export function useIndicators() {
  return useQuery({
    queryKey: ["indicators"],
    queryFn: async () => (await body(api.GET("/api/v1/indicators"))).indicators,
    staleTime: FOREVER,
  });
}

/** Coverage of the series of an instrument, its strips with a cell a calendar month. */
export function useCoverage({ instrument, intervals }: Instrument) {
  return useQuery({
    queryKey: ["coverage", instrument, "months"],
    queryFn: () =>
      body(api.GET("/api/v1/coverage", { params: { query: { symbols: instrument, gaps: true, months: true } } })),
    enabled: intervals.length > 0,
  });
}

export interface Line {
  indicator: string;
  parameters: Record<string, number>;
}

/** `period=14,width=2` */
export function parametersText({ parameters }: Line): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
}

export interface SeriesAsked {
  symbol: string;
  interval: string;
  start: string;
  end: string;
  points: number;
  snapshot: number;
}

/** An indicator at the bars that the same question gives. */
export function seriesQuery(line: Line, asked: SeriesAsked, enabled: boolean) {
  return {
    queryKey: ["series", line.indicator, parametersText(line), asked],
    queryFn: () =>
      body(
        api.GET("/api/v1/indicators/{name}/series", {
          params: { path: { name: line.indicator }, query: { ...asked, parameters: parametersText(line) } },
        }),
      ),
    enabled,
    staleTime: FOREVER,
    placeholderData: keepPreviousData,
  };
}
