/** Why a trade was sold where it was, as sentences from the facts that the service tells. */
import * as format from "../../parts/format";
import type { Explanation } from "./asked";

interface BarFacts {
  time: string;
  open: number;
  high: number;
  low: number;
  close: number;
}

interface Wish {
  signal: string;
  held: boolean;
  crosses?: "above" | "below";
  a_before?: number | null;
  a?: number | null;
  b_before?: number | null;
  b?: number | null;
}

interface Value {
  name: string;
  before: number | null;
  value: number | null;
}

interface Decision extends BarFacts {
  signals: Wish[];
  indicators: Value[];
}

interface Fill extends BarFacts {
  wanted: number;
  price: number;
  rule: string;
}

type Level = "stop" | "target" | "trail" | "other_price";

interface PathTrade {
  exit_price: number;
  reason: string;
  quantity: number;
  profit: number;
}

export interface Facts {
  number: number;
  interval: string;
  trade: {
    side: number;
    entry_price: number;
    entry_bar: number;
    exit_bar: number;
    quantity: number;
    profit: number;
    reason: string;
    ambiguous: boolean;
    across_gap: boolean;
    fills: number;
  };
  decision: Decision;
  entry: Fill;
  exit: Fill & { levels: Record<Level, number | null>; decision: Decision | null };
  /** Empty of a portfolio. */
  paths: Partial<Record<"pessimistic" | "optimistic", { final_equity: number; trade: PathTrade | null }>>;
}

export interface Said {
  title: string;
  /** Why it was sold. */
  body: string;
  /** The other order's money; empty where there is no other order. */
  other: string;
  /** Why it was bought. */
  before: string;
}

export function factsOf(told: Explanation): Facts {
  return told as unknown as Facts;
}

/** Write it; `path` is the run's rule for what happens first inside a bar. */
export function said(facts: Facts, path: string, tick: number): Said {
  const price = (value: number) => format.price(value, tick);
  const when = (bar: BarFacts) => format.barTime(bar.time, facts.interval, "UTC", false);
  const long = facts.trade.side > 0;
  const words = { facts, path, price, when, long };
  return {
    title: `Why it ${long ? "sold" : "bought back"} at ${price(facts.exit.price)}`,
    body: [...exitSentences(words), ...slipped(words, facts.exit)].join(" "),
    other: otherMoney(facts),
    before: [...entrySentences(words), ...slipped(words, facts.entry)].join(" "),
  };
}

interface Words {
  facts: Facts;
  path: string;
  price: (value: number) => string;
  when: (bar: BarFacts) => string;
  long: boolean;
}

const LEVELS: Record<string, [Level, string]> = {
  stop: ["stop", "Stop"],
  trail: ["trail", "Trailing stop"],
  target: ["target", "Target"],
  liquidation: ["stop", "The liquidation level"],
};

const ENDS: Record<string, string> = {
  square_off: "The session rule closed it: out at its time of day, or before the night.",
  delist: "The series ended: it was settled at its last close, without fee or slippage.",
  end: "The data ended: it was closed at the last close.",
};

function exitSentences(words: Words): string[] {
  const { facts, when, price } = words;
  const { reason } = facts.trade;
  if (reason in LEVELS) return levelSentences(words);
  const filled = `A market order filled at the bar of ${when(facts.exit)}, ${price(facts.exit.wanted)}.`;
  if (reason === "time") {
    const held = facts.trade.exit_bar - facts.trade.entry_bar;
    const decided = facts.exit.decision ? ` at the close of ${when(facts.exit.decision)}` : "";
    return [`The time stop was reached: ${format.several(held, "bar")} after the entry, decided${decided}.`, filled];
  }
  if (reason === "flip") return [`The strategy asked for the other side${wishes(words, facts.exit.decision)}.`, filled];
  if (reason === "signal") return [`The strategy asked to leave${wishes(words, facts.exit.decision)}.`, filled];
  return [ENDS[reason] ?? `${facts.exit.rule}.`];
}

function levelSentences({ facts, path, price, when }: Words): string[] {
  const { exit, trade } = facts;
  const [, name] = LEVELS[trade.reason] as [Level, string];
  const level = price(exit.wanted);
  const bar = `the bar of ${when(exit)}`;
  const jumped = exit.wanted === exit.open && exit.levels[LEVELS[trade.reason]?.[0] ?? "stop"] !== exit.open;
  if (jumped) {
    const [key] = LEVELS[trade.reason] as [Level, string];
    const asked = exit.levels[key];
    const beyond = asked === null || trade.reason === "trail" ? "it" : price(asked);
    const better = trade.reason === "target" ? "which is better" : "never at a price that was not traded";
    return [`${name}: ${bar} opened at ${price(exit.open)}, beyond ${beyond}. Filled at the open, ${better}.`];
  }
  const inside = `${name} ${level} lay inside ${bar} (low ${price(exit.low)}, high ${price(exit.high)}).`;
  const { other_price: other } = exit.levels;
  if (!trade.ambiguous || other === null) return [inside];
  const second = trade.reason === "target" ? "Stop" : "Target";
  return [inside, `${second} ${price(other)} lay inside too; ${DECIDES[path] ?? DECIDES.pessimistic}.`];
}

const DECIDES: Record<string, string> = {
  pessimistic: "the order is unknown, so the worse one counts",
  both: "the order is unknown, so the worse one counts",
  optimistic: "the order is unknown, so the better one counts",
  ohlc: "the walk from open over the nearer extreme to close met this one first",
};

/** Which conditions held at the close of a decision, with the values that they compared. */
function wishes(words: Words, decision: Decision | null): string {
  if (!decision) return "";
  const held = decision.signals.filter((each) => each.held).map((each) => wish(each, decision));
  const values = decision.indicators
    .filter(({ value }) => value !== null)
    .map(({ name, value }) => `${name} ${plain(value as number)}`);
  const why = held.length > 0 ? held.join(" and ") : values.join(", ");
  return ` at the close of ${words.when(decision)}${why ? `: ${why}` : ""}`;
}

function wish(one: Wish, decision: Decision): string {
  if (!one.crosses) {
    const values = decision.indicators.filter(({ value }) => value !== null);
    const told = values.map(({ name, before, value }) => `${name} ${moved(before, value as number)}`).join(", ");
    return told ? `${one.signal} held (${told})` : `${one.signal} held`;
  }
  const first = named(decision, one.a) ?? one.signal;
  const second = named(decision, one.b) ?? (one.b === null || one.b === undefined ? "the other line" : plain(one.b));
  const before = one.a_before ?? null;
  const beside =
    one.b_before !== one.b && one.b !== null && one.b !== undefined
      ? ` against ${moved(one.b_before ?? null, one.b)}`
      : "";
  return `${first} crossed ${one.crosses} ${second} (${moved(before, one.a ?? Number.NaN)}${beside})`;
}

function moved(before: number | null, value: number): string {
  return before === null ? plain(value) : `${plain(before)}, then ${plain(value)}`;
}

/** The indicator that has a value at a decision. */
function named(decision: Decision, value: number | null | undefined): string | undefined {
  return decision.indicators.find((each) => each.value !== null && each.value === value)?.name;
}

/** A value of an indicator in at most six digits. */
function plain(value: number): string {
  const text = Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
  return text.replace("-", "−");
}

function entrySentences(words: Words): string[] {
  const { facts, when, price, long } = words;
  const { entry, decision } = facts;
  const did = `It ${long ? "bought" : "sold short"} at ${price(entry.price)}`;
  const waited = facts.trade.across_gap ? " It waited over a hole in the data." : "";
  const rule = entry.rule.replace("market order: decided at the close of the decision bar, ", "");
  return [`${did} in the bar of ${when(entry)}: decided${wishes(words, decision)}; ${rule}.${waited}`];
}

function slipped({ price }: Words, fill: Fill): string[] {
  if (fill.price === fill.wanted) return [];
  return [`Slippage made ${price(fill.wanted)} to ${price(fill.price)}.`];
}

/** Return of the trade as it became on a path; a fraction of what was bought. */
function returnOf(one: { profit: number; quantity: number }, entry: number): number {
  return one.profit / (entry * one.quantity);
}

const FIRST: Record<string, string> = { stop: "Stop", target: "Target", trail: "Trailing stop" };

function otherMoney({ trade, paths }: Facts): string {
  if (!trade.ambiguous) return "";
  const own = returnOf(trade, trade.entry_price);
  const other = [paths.optimistic?.trade, paths.pessimistic?.trade].find(
    (each) => each && each.reason !== trade.reason,
  );
  if (!other) return "";
  const would = format.percent(returnOf(other, trade.entry_price));
  return `${FIRST[other.reason] ?? "The other"} first would have made ${would} % instead of ${format.percent(own)} %.`;
}
