/** Which rows the table shows and in which order: arrival, or a chosen sort that leaves one row where it is. */
import type { Result } from "../../api/events";
import { symbolOf } from "../../parts/names";

export interface Sort {
  /** `symbol`, or the name of a metric. */
  by: string;
  down: boolean;
}

/** Values of a metric from `low` to below `high`. */
export interface Brush {
  metric: string;
  low: number;
  high: number;
}

export interface Wanted {
  /** Letters of the symbol. */
  text: string;
  brushes: readonly Brush[];
  /** Only these instruments. */
  only: ReadonlySet<string> | undefined;
}

export const EVERYTHING: Wanted = { text: "", brushes: [], only: undefined };

export function isWanted(result: Result, wanted: Wanted): boolean {
  if (wanted.only && !wanted.only.has(result.instrument)) return false;
  if (wanted.text && !result.instrument.toLowerCase().includes(wanted.text.toLowerCase())) return false;
  return wanted.brushes.every(({ metric, low, high }) => {
    const value = result.metrics[metric];
    return value !== null && value !== undefined && value >= low && value < high;
  });
}

/**
 * The rows to show. Without a sort they keep the order of arrival. What a metric is not defined for comes last, whichever
 * way; equals keep the order of arrival. The row `held` stays at the place `at` whatever the others do.
 */
export function arrange(
  results: readonly Result[],
  sort: Sort | undefined,
  wanted: Wanted,
  held?: { instrument: string; at: number },
): Result[] {
  const all = wanted === EVERYTHING;
  const rows = all ? [...results] : results.filter((one) => isWanted(one, wanted));
  if (!sort) return rows;
  rows.sort(comparing(sort));
  if (held === undefined) return rows;
  const now = rows.findIndex((one) => one.instrument === held.instrument);
  if (now < 0 || held.at < 0) return rows;
  const [row] = rows.splice(now, 1);
  if (row) rows.splice(Math.min(held.at, rows.length), 0, row);
  return rows;
}

function comparing({ by, down }: Sort): (a: Result, b: Result) => number {
  const turn = down ? -1 : 1;
  if (by === "symbol") {
    return (a, b) => {
      const one = symbolOf(a.instrument);
      const other = symbolOf(b.instrument);
      return one === other ? 0 : one < other ? -turn : turn;
    };
  }
  return (a, b) => {
    const one = valueOf(a, by);
    const other = valueOf(b, by);
    if (one === null || other === null) return one === other ? 0 : one === null ? 1 : -1;
    return (one - other) * turn;
  };
}

/** No losses is the best profit factor there is; other metrics without a value have none. */
function valueOf(result: Result, metric: string): number | null {
  const value = result.metrics[metric] ?? null;
  if (value === null && result.why[metric] === "no_losses") return Number.MAX_VALUE;
  return value;
}

/** The other way round where it is sorted by this already; else best first, symbols from A. */
export function turned(sort: Sort | undefined, by: string): Sort {
  return sort?.by === by ? { by, down: !sort.down } : { by, down: by !== "symbol" };
}

/** Tab-separated, with a head line and raw numbers. */
export function asTable(rows: readonly Result[], metrics: readonly string[]): string {
  const head = ["symbol", ...metrics].join("\t");
  const lines = rows.map((one) => [one.instrument, ...metrics.map((name) => one.metrics[name] ?? "")].join("\t"));
  return [head, ...lines].join("\n");
}
