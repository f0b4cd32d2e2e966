/** Follow a run to its end over any number of connections: each event once, in order, none lost. */
import type { Schema } from "./ask";
import { type Event, isEnding, numberOf } from "./events";
import { Frames } from "./frames";
import { askForKey, headers } from "./key";
import { isAway, Problem, problemOf } from "./problem";

export interface Line {
  state: "live" | "resuming" | "offline";
  /** Milliseconds until the next try. */
  waitMs: number;
  /** Results that have come since the line is back; told with `live`, again and again for BACK_MS. */
  caughtUp: number;
}

export interface Following {
  run: string;
  /** The number of the last event that is there already. */
  after?: number;
  signal: AbortSignal;
  /** The answer that began the run and goes on with its events: the first connection. */
  first?: Response | undefined;
  /** What that answer says of the run before its events. */
  begun?: (run: Schema["RunBegun"]) => void;
  /** All events that one piece brought. */
  take: (events: Event[]) => void;
  line?: (line: Line) => void;
  fetch?: typeof fetch;
}

/** How long a line that is back is told to be. */
export const BACK_MS = 3000;
const LONGEST_WAIT_MS = 10_000;
/** ms of reading after which others have their turn: a run that is opened again comes in many pieces at once. */
const LONGEST_READ_MS = 8;
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Resolves when the run has ended or the signal was given; throws the Problem that no further try would mend. */
export async function follow({ run, after = 0, signal, take, line, ...given }: Following): Promise<void> {
  const get = given.fetch ?? fetch;
  let first = given.first;
  let last = after;
  let tries = 0;
  let broken = false;
  let back = 0;
  let backUntil = 0;
  const told = (state: Line["state"], waitMs = 0, caughtUp = 0) => line?.({ state, waitMs, caughtUp });
  while (!signal.aborted) {
    const frames = new Frames();
    let ended = false;
    try {
      const asked = { ...headers(), ...(last ? { "Last-Event-ID": `${run}/${last}` } : {}) };
      const answer = first ?? (await get(`/api/v1/runs/${run}/events?tiles=true`, { headers: asked, signal }));
      if (!answer.ok || answer.body === null) {
        const problem = await problemOf(answer);
        if (problem.status === 401) askForKey();
        if (!PASSING.has(problem.status)) throw problem;
        throw new TypeError(problem.message);
      }
      if (!broken) told("live");
      const reader = answer.body.getReader();
      if (first) signal.addEventListener("abort", () => void reader.cancel().catch(() => {}), { once: true });
      first = undefined;
      let read = 0;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        if (broken) {
          // Whatever comes shows that the line is back, also where the run has nothing new to tell.
          broken = false;
          back = 0;
          backUntil = Date.now() + BACK_MS;
          told("live");
        }
        const began = performance.now();
        const events: Event[] = [];
        for (const frame of frames.take(value)) {
          const told = JSON.parse(frame.data);
          if (frame.event === "begun") given.begun?.(told);
          else if (numberOf(told.id) > last) events.push(told);
        }
        read += performance.now() - began;
        const newest = events.at(-1);
        if (newest === undefined) continue;
        last = numberOf(newest.id);
        tries = 0;
        if (Date.now() < backUntil) {
          for (const event of events) back += event.event === "result" ? 1 : event.event === "tile" ? event.count : 0;
          told("live", 0, back);
        }
        take(events);
        // A run that was resumed tells more after an ending; the service closes the stream after the last one.
        ended = isEnding(newest);
        if (read > LONGEST_READ_MS) {
          read = 0;
          await new Promise((go) => setTimeout(go));
        }
      }
      if (ended || signal.aborted) return;
    } catch (fault) {
      if (signal.aborted || ended) return;
      if (fault instanceof Problem || !isAway(fault)) throw fault;
    }
    broken = true;
    const waitMs = Math.min(frames.retryMs * 2 ** tries, LONGEST_WAIT_MS);
    tries += 1;
    told(tries > 1 ? "offline" : "resuming", waitMs);
    await pause(waitMs, signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
