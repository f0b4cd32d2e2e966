/** What the table shows: its columns, its sort, what is filtered, which row is chosen and which is pointed at. */
import { useMemo, useRef } from "react";
import type { Result } from "../../api/events";
import type { Scale } from "../../charts/spark";
import { extentOf } from "../../charts/spark";
import { held, kept, useHeld } from "../../parts/held";
import { symbolOf } from "../../parts/names";
import { arrange, EVERYTHING, type Sort, type Wanted } from "./order";

export const FIRST_COLUMNS: readonly string[] = [
  ...["total_return", "sharpe", "max_drawdown", "trades", "win_rate", "profit_factor", "exposure"],
];
const WIDTHS: Record<string, number> = {
  total_return: 84,
  sharpe: 68,
  max_drawdown: 84,
  trades: 64,
  win_rate: 60,
  profit_factor: 60,
  exposure: 72,
};

export function widthOf(metric: string): number {
  return WIDTHS[metric] ?? 84;
}

export const columns = kept<readonly string[]>("run.columns", FIRST_COLUMNS);
export const sort = held<Sort | undefined>(undefined);
export const wanted = held<Wanted>(EVERYTHING);
/** The instrument under the pointer, in the table or in a chart. */
export const pointed = held<string | undefined>(undefined);
/** The instrument that the keys have reached. */
export const chosen = held<string | undefined>(undefined);

/** Begin with another run: what was chosen and filtered belongs to the one before. */
export function showAfresh(): void {
  wanted.set(EVERYTHING);
  pointed.set(undefined);
  chosen.set(undefined);
}

interface Arranged {
  results: readonly Result[];
  sort: Sort | undefined;
  wanted: Wanted;
  /** The row that was left where it was, perhaps out of its order. */
  held: string | undefined;
  rows: readonly Result[];
}

/** The rows in their order; the one under the pointer or under the keys stays where it is. */
export function useArranged(results: readonly Result[], inTable: string | undefined): readonly Result[] {
  const by = useHeld(sort);
  const filter = useHeld(wanted);
  const reached = useHeld(chosen);
  const before = useRef<Arranged | undefined>(undefined);
  const hold = by ? (inTable ?? reached) : undefined;
  const was = before.current;
  const alike = was !== undefined && was.sort === by && was.wanted === filter;
  if (alike && was.results === results && (was.held === hold || was.held === undefined)) return was.rows;
  const at = alike && hold !== undefined ? was.rows.findIndex((one) => one.instrument === hold) : -1;
  const stays = hold !== undefined && at >= 0;
  const rows = arrange(results, by, filter, stays ? { instrument: hold, at } : undefined);
  before.current = { results, sort: by, wanted: filter, held: stays ? hold : undefined, rows };
  return rows;
}

/** What is gathered from results one by one: of a list that only grows what is new is looked at, of another one all. */
function useGathered<T>(results: readonly Result[], empty: () => T, add: (found: T, one: Result) => void): T {
  const before = useRef<{ results: readonly Result[]; found: T } | undefined>(undefined);
  const was = before.current;
  if (was?.results === results) return was.found;
  const many = was?.results.length ?? 0;
  const grown = was !== undefined && many <= results.length && was.results[many - 1] === results[many - 1];
  const found = grown ? was.found : empty();
  for (let at = grown ? many : 0; at < results.length; at++) add(found, results[at] as Result);
  before.current = { results, found };
  return found;
}

/** Symbols that more than one venue has. */
export function useTwice(results: readonly Result[]): ReadonlySet<string> {
  return useGathered(results, noSymbols, addSymbol).twice;
}

function noSymbols() {
  return { seen: new Map<string, string>(), twice: new Set<string>() };
}

function addSymbol({ seen, twice }: ReturnType<typeof noSymbols>, { instrument }: Result): void {
  const symbol = symbolOf(instrument);
  if ((seen.get(symbol) ?? instrument) !== instrument) twice.add(symbol);
  seen.set(symbol, instrument);
}

/** Share of the rows whose lines may leave the scale, at each end. */
const BEYOND = 0.05;
/** A scale is kept until the wanted one differs by more than this share of it. */
const SLACK = 0.15;

/** One scale for the lines of all rows. */
export function useScale(results: readonly Result[]): Scale {
  const before = useRef<Scale>({ low: -0.1, high: 0.1 });
  const extents = useGathered(results, noExtents, addExtent);
  return useMemo(() => {
    if (results.length === 0) return before.current;
    const lows = Float64Array.from(extents.lows).sort();
    const highs = Float64Array.from(extents.highs).sort();
    const low = lows[Math.floor(BEYOND * (lows.length - 1))] ?? 0;
    const high = highs[Math.ceil((1 - BEYOND) * (highs.length - 1))] ?? 0;
    const was = before.current;
    const slack = SLACK * (was.high - was.low);
    if (Math.abs(low - was.low) < slack && Math.abs(high - was.high) < slack) return was;
    before.current = { low, high };
    return before.current;
  }, [results, extents]);
}

function noExtents() {
  return { lows: [] as number[], highs: [] as number[] };
}

function addExtent({ lows, highs }: ReturnType<typeof noExtents>, { equity }: Result): void {
  const { low, high } = extentOf(equity);
  lows.push(low);
  highs.push(high);
}
