/** What a run tells, event by event; `id` is RUN/NUMBER. */
export type Metrics = Record<string, number | null>;

export interface Started {
  event: "started";
  id: string;
  run: string;
  snapshot: number;
  spec: Record<string, unknown>;
  total: number;
}

export interface Result {
  event: "result";
  id: string;
  instrument: string;
  interval: string;
  parameters: Record<string, number | string | boolean>;
  metrics: Metrics;
  /** Why a metric is null, by its name. */
  why: Record<string, string>;
  flags: string[];
  /** At most 64 points, the first is the starting cash. */
  equity: number[];
  final_equity: number;
  bars: number;
  first: string;
  last: string;
  t_ms: number;
}

/** Of a sweep: some sets on one instrument are scored. */
export interface Tile {
  event: "tile";
  id: string;
  instrument: string;
  interval: string;
  /** Places of the sets in the order in which they are walked, `hi` not among them. */
  lo: number;
  hi: number;
  /** Results in it. */
  count: number;
  t_ms: number;
}

export interface Warned {
  event: "warning";
  id: string;
  instrument: string;
  code: string;
  text: string;
}

export interface Progress {
  event: "progress";
  id: string;
  done: number;
  total: number;
  bars_per_s: number;
  eta_ms: number;
  /** Place in the queue of a run that waits, from 1. */
  queued?: number;
  look_ahead?: { done: number; total: number };
  /** How far a sweep is with weighing its best sets against luck, in percent. */
  judged?: number;
}

export interface LookAhead {
  found: boolean;
  instruments: number;
  bars: number;
  cuts: number;
  signals: number;
  whole: boolean;
  /** Of the first finding: what is wrong and which signal changed at which bar, by bars from `cut` on. */
  fault?: string;
  instrument?: string;
  signal?: string;
  bar?: string;
  cut?: string;
  /** Bars at which that signal changed; runs kept by an older Tapehead do not say it. */
  changed?: number;
  /** What was found, or why nothing could be tested. */
  text?: string;
  stopped?: boolean;
}

export interface Completed {
  event: "completed";
  id: string;
  run: string;
  count: number;
  failed: number;
  bars: number;
  digest: string;
  degraded: string[];
  reused: boolean;
  first_ms: number;
  last_ms: number;
  receipt: string;
  look_ahead: LookAhead | null;
}

export interface Ended {
  event: "failed" | "cancelled";
  id: string;
  run: string;
  code: string;
  text: string;
  count: number;
}

export type Event = Started | Result | Tile | Warned | Progress | Completed | Ended;

export function isEnding(event: Event): event is Completed | Ended {
  return event.event === "completed" || event.event === "failed" || event.event === "cancelled";
}

/** The number of an event in its run. */
export function numberOf(id: string): number {
  return Number(id.slice(id.lastIndexOf("/") + 1));
}
