/** The run that is shown: kept while its pages are left and come back to, told to the frame and to the clock of the page. */
import { useEffect, useSyncExternalStore } from "react";
import type { Schema } from "../../api/ask";
import type { Result } from "../../api/events";
import { beginRun } from "../../api/begin";
import { Feed, type Run } from "../../api/feed";
import { onKeyKept } from "../../api/key";
import { afterPaint } from "../../api/painted";
import { announce } from "../../parts/announce";
import { connection, tellLine } from "../../parts/connection";
import * as format from "../../parts/format";
import { ACCOUNT } from "../../parts/names";
import { isPooled, isSweep } from "../../parts/spec";

/** The newest one only: a tab that sees many runs keeps the rows of one. */
let held: Feed | undefined;

function feedOf(id: string): Feed {
  if (held?.run.id !== id) {
    held?.close();
    held = new Feed(id);
    tell(held, held.run.line);
  }
  return held;
}

/** A run that was begun here; what is said of it is unknown where the line broke at once. */
export interface Begun {
  id: string;
  told: Schema["RunBegun"] | undefined;
}

/** Begin a run; from the frame in which this resolves on its rows are there. */
export async function begin(asked: Schema["RunRequest"]): Promise<Begun> {
  const feed = await beginRun(asked);
  const { id, problem } = feed.run;
  if (!feed.begun?.reused) begunHere = id;
  timed = id;
  if (held?.run.id === id && !held.run.problem && !problem) feed.close();
  else {
    held?.close();
    held = feed;
    tell(feed, undefined);
  }
  return { id, told: feed.begun };
}

/** Listen on to a run that was resumed. */
export function followAgain(id: string): void {
  begunHere = id;
  if (held?.run.id === id) held.again();
}

onKeyKept(() => {
  if (held?.run.problem?.status === 401) held.again();
});

/** The run that was begun or resumed in this tab: what its ending says of the surroundings is of now. */
let begunHere: string | undefined;

/** What is known of a run; another object whenever it changed. */
export function useRun(id: string): Run {
  const feed = feedOf(id);
  return useSyncExternalStore(feed.subscribe, () => feed.run);
}

/** How a run stands, for what does not show its results. */
export function useRunState(id: string | undefined): "idle" | "offline" | Run["state"] {
  return useSyncExternalStore(
    (call) => (id === undefined ? () => {} : feedOf(id).subscribe(call)),
    () => {
      if (id === undefined) return "idle";
      const { state, line } = feedOf(id).run;
      return state === "running" && line.state !== "live" ? "offline" : state;
    },
  );
}

/** Say the start, each quarter and the end; pass the line on to the frame; mark what was painted. */
function tell(feed: Feed, known: Run["line"] | undefined): void {
  let line = known;
  let quarter = -1;
  let state: Run["state"] = "running";
  // What a run before this one has said is of its time.
  let degraded = connection.get().degraded;
  const look = () => {
    const run = feed.run;
    if (run.line !== line) {
      line = run.line;
      tellLine(line);
    }
    const total = totalOf(run);
    if (run.state === "running" && total > 0) {
      const now = Math.floor((4 * doneOf(run)) / total);
      if (now > quarter && now < 4)
        announce(quarter < 0 ? startOf(run, total) : `${doneOf(run)} of ${total} are done.`);
      quarter = Math.max(quarter, now);
    }
    if (run.state !== state) {
      state = run.state;
      if (state !== "running") announce(endOf(run));
    }
    const now = run.id === begunHere && run.ended?.event === "completed" ? run.ended.degraded.join(" ") : "";
    if (now !== degraded) {
      degraded = now;
      connection.set({ ...connection.get(), degraded });
    }
  };
  feed.subscribe(look);
  look();
}

function startOf(run: Run, total: number): string {
  if (run.started && isSweep(run.started.spec)) return `The sweep of ${format.several(total, "cell")} has started.`;
  return `The run on ${format.several(total - Number(isPooled(run.started?.spec)), "instrument")} has started.`;
}

function endOf(run: Run): string {
  const kept = format.several(keptOf(run), "result");
  if (run.state === "done") return `The run is done: ${kept}.`;
  return run.state === "cancelled" ? `The run is cancelled, ${kept} kept.` : `The run has failed, ${kept} kept.`;
}

/** Of a portfolio the row of its account, once it is there. */
export function accountOf(run: Run): Result | undefined {
  return isPooled(run.started?.spec) ? run.results.find((one) => one.instrument === ACCOUNT) : undefined;
}

/** Results of instruments, without an account's. */
export function ownOf(run: Run): readonly Result[] {
  return isPooled(run.started?.spec) ? run.results.filter((one) => one.instrument !== ACCOUNT) : run.results;
}

/** Results that are there: of a sweep one a set and instrument. */
export function keptOf(run: Run): number {
  return run.results.length + run.cells;
}

/** Instruments that need no more work, of a sweep cells. */
export function doneOf(run: Run): number {
  if (run.state === "done") return totalOf(run);
  return Math.max(run.progress?.done ?? 0, keptOf(run));
}

/** Instruments that the run is on, of a sweep cells; 0 while that is not known. */
export function totalOf(run: Run): number {
  return run.started?.total ?? run.progress?.total ?? 0;
}

/** Instruments that failed: their warning came without a result. */
export function failuresOf(run: Run): Run["warnings"] {
  if (run.warnings.length === 0) return run.warnings;
  const answered = new Set(run.tiled);
  for (const one of run.results) answered.add(one.instrument);
  return run.warnings.filter(
    (one) => one.instrument !== null && one.code !== "store.no_bars" && !answered.has(one.instrument),
  );
}

/** The run whose rows are timed. */
let timed: string | undefined;

/** The button was pressed: the rows of the run that this begins are timed. */
export function markClick(): void {
  for (const name of ["run:click", "run:first-row", "run:last-row"]) performance.clearMarks(name);
  performance.mark("run:click");
  timed = undefined;
}

/** Mark the first and the last row once they are painted; `rows` are those that the table holds. */
export function useMarks(run: string, rows: number, whole: boolean): void {
  useEffect(() => {
    if (timed !== run || rows === 0) return;
    afterPaint(() => mark("run:first-row"));
    if (whole) afterPaint(() => mark("run:last-row"));
    if (whole) timed = undefined;
  }, [run, rows, whole]);
}

function mark(name: string): void {
  if (performance.getEntriesByName(name).length === 0) performance.mark(name);
}
