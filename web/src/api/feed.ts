/** One run as the page holds it: what its events have told so far, told on once a frame. */
import type { Schema } from "./ask";
import {
  type Completed,
  type Ended,
  type Event,
  numberOf,
  type Progress,
  type Result,
  type Started,
  type Warned,
} from "./events";
import { follow, type Line } from "./follow";
import { nextFrame } from "./painted";
import type { Problem } from "./problem";

export type FeedState = "running" | "done" | "cancelled" | "failed";

export interface Run {
  id: string;
  state: FeedState;
  started: Started | undefined;
  /** In the order of arrival. */
  results: readonly Result[];
  /** Results of a sweep, which stay where they are: how many there are, and the instruments they are of. */
  cells: number;
  tiled: ReadonlySet<string>;
  warnings: readonly Warned[];
  progress: Progress | undefined;
  ended: Completed | Ended | undefined;
  line: Line;
  /** What no further try would mend. */
  problem: Problem | undefined;
}

type Listener = () => void;

/** ms after which a run is shown that has found nothing yet: a page that is drawn without rows and at once with them is
 * drawn twice, while the first row waits. */
const EMPTY_AFTER_MS = 60;

export class Feed {
  #run: Run;
  #results: Result[] = [];
  #cells = 0;
  readonly #tiled = new Set<string>();
  #warnings: Warned[] = [];
  #waiting: Event[] = [];
  #line: Line | undefined;
  #asked = false;
  #listeners = new Set<Listener>();
  #ending = new AbortController();
  readonly #get: typeof fetch;
  #last = 0;
  /** What the answer that began the run said of it. */
  begun: Schema["RunBegun"] | undefined;
  /** Resolves within the frame that tells the first of what the run found; without any a moment after its beginning. */
  readonly shown: Promise<void>;
  #show: () => void = () => {};
  #wait: ReturnType<typeof setTimeout> | undefined;

  /** `first` is the answer that began the run, where that was here. */
  constructor(id: string, get: typeof fetch = (...asked) => fetch(...asked), first?: Response) {
    this.#run = {
      id,
      state: "running",
      started: undefined,
      results: [],
      cells: 0,
      tiled: this.#tiled,
      warnings: [],
      progress: undefined,
      ended: undefined,
      line: { state: "live", waitMs: 0, caughtUp: 0 },
      problem: undefined,
    };
    this.#get = get;
    this.shown = new Promise((go) => {
      this.#show = go;
    });
    this.#follow(first);
  }

  /** Listen on: the run has been resumed after its ending, or what kept its events away is mended. */
  again(): void {
    this.#change({ state: "running", ended: undefined, problem: undefined });
    this.#follow();
  }

  #follow(first?: Response): void {
    follow({
      first,
      begun: (begun) => {
        this.begun = begun;
        this.#soon();
      },
      run: this.#run.id,
      after: this.#last,
      signal: this.#ending.signal,
      fetch: this.#get,
      take: (events) => this.#take(events),
      line: (line) => {
        this.#line = line;
        this.#soon();
      },
    }).catch((problem: Problem) => this.#change({ problem, state: "failed" }));
  }

  /** What is known now; another object whenever it changed. */
  get run(): Run {
    return this.#run;
  }

  subscribe = (listener: Listener): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Stop listening; the run goes on. */
  close(): void {
    this.#ending.abort();
  }

  #take(events: Event[]): void {
    this.#waiting.push(...events);
    this.#last = numberOf(events.at(-1)?.id ?? `/${this.#last}`);
    this.#soon();
  }

  /** Tell what has come with the next frame. */
  #soon(): void {
    if (this.#asked) return;
    this.#asked = true;
    nextFrame(() => this.#paint());
  }

  #paint(): void {
    this.#asked = false;
    const change: Partial<Run> = this.#line === undefined ? {} : { line: this.#line };
    this.#line = undefined;
    const before = this.#results.length;
    for (const event of this.#waiting) {
      if (event.event === "result") this.#results.push(event);
      else if (event.event === "tile") {
        this.#cells += event.count;
        this.#tiled.add(event.instrument);
      } else if (event.event === "warning") this.#warnings.push(event);
      else if (event.event === "progress") {
        change.progress = event;
        // A run that goes on after an ending is told by its progress.
        change.state = "running";
        change.ended = undefined;
      } else if (event.event === "started") change.started = event;
      else {
        change.ended = event;
        change.state = event.event === "completed" ? "done" : event.event;
      }
    }
    this.#waiting = [];
    change.cells = this.#cells;
    if (this.#results.length > before) change.results = [...this.#results];
    if (this.#warnings.length > this.#run.warnings.length) change.warnings = [...this.#warnings];
    this.#change(change);
  }

  #change(change: Partial<Run>): void {
    this.#run = { ...this.#run, ...change };
    for (const listener of this.#listeners) listener();
    const { results, cells, ended, problem } = this.#run;
    if (results.length > 0 || cells > 0 || ended || problem) this.#show();
    else if (this.begun || this.#last > 0) this.#wait ??= setTimeout(() => this.#show(), EMPTY_AFTER_MS);
  }
}
