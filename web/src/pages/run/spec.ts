/** The spec of a run as the form holds it, as an address says it and as the service is asked for it. */
import type { Schema } from "../../api/ask";
import { PLAIN, type Spec, typed, UNITS } from "../../parts/spec";

export type Asked = Schema["RunRequest"];

export interface Form {
  strategy: string;
  /** As typed; what is not there is the strategy's default. */
  parameters: Record<string, string>;
  /** A universe, or symbols where it is empty. */
  universe: string;
  symbols: string;
  /** Settings of RunRequest by name, as typed; what is empty or not there is the engine's default. */
  settings: Record<string, string>;
}

/** Settings that belong to another one and are told inside its text. */
const TOLD_WITHIN = new Set(["sizing", "slippage_kind"]);
export const SETTINGS: ReadonlySet<string> = new Set([
  ...["interval", "start", "end", "fee", "slippage", "slippage_kind", "fill", "size", "sizing", "cash", "lot", "tick"],
  ...["min_notional", "side", "flip", "stop_loss", "take_profit", "trail", "time_stop", "path", "limit_through"],
  ...["valid_bars", "day", "band", "leverage", "maintenance", "borrow", "cash_rate", "pyramid", "entry_window"],
  ...["square_off", "overnight", "close_at_end", "max_wait", "on_conflict", "delist_haircut", "adjust", "snapshot"],
]);

/** What one begins with: costs are never nothing unless one says so. */
export const FIRST: Form = {
  strategy: "RsiReversion",
  parameters: {},
  universe: "",
  symbols: "",
  settings: { fee: "10" },
};

/** The address of a spec, without the `?`. */
export function toSearch(form: Form): string {
  const found = new URLSearchParams();
  found.set("strategy", form.strategy);
  if (form.universe) found.set("universe", form.universe);
  else if (form.symbols) found.set("symbols", symbolsOf(form).join(","));
  for (const [name, text] of Object.entries(form.settings)) if (text) found.set(name, withUnit(name, text));
  for (const [name, text] of Object.entries(form.parameters)) if (text) found.set(name, text);
  return found.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
}

/** The spec that an address holds; undefined where it holds none. What is no setting is a parameter. */
export function fromSearch(search: string, settings: ReadonlySet<string> = SETTINGS): Form | undefined {
  const found = new URLSearchParams(search);
  if (![...found.keys()].length) return undefined;
  const form: Form = { ...FIRST, parameters: {}, settings: {} };
  for (const [name, text] of found) {
    if (name === "strategy") form.strategy = text;
    else if (name === "universe") form.universe = text;
    else if (name === "symbols") form.symbols = text;
    else if (settings.has(name)) form.settings[name] = withoutUnit(name, text);
    else form.parameters[name] = text;
  }
  return form;
}

/** The form of a spec as the service tells it, in canonical form; `installed` are the names that strategies are asked by. */
export function fromSpec(spec: Spec, installed: readonly string[] = []): Form {
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(spec)) {
    if (SETTINGS.has(name) && !TOLD_WITHIN.has(name) && value !== null) settings[name] = fieldText(name, value, spec);
  }
  const told = String(spec.strategy ?? "");
  const parameters = (spec.parameters ?? {}) as Record<string, unknown>;
  return {
    strategy: installedAs(told, installed),
    parameters: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)])),
    universe: String(spec.universe ?? ""),
    symbols: Array.isArray(spec.symbols) ? spec.symbols.join(", ") : "",
    settings,
  };
}

/** The name by which a strategy is asked for: one that does not come with Tapehead is told with its module. */
export function installedAs(told: string, installed: readonly string[]): string {
  return installed.find((name) => told === name || told.endsWith(`:${name}`)) ?? told;
}

/** What the service is asked. */
export function toRequest(form: Form): Asked {
  const settings = Object.entries(form.settings).filter(([, text]) => text.trim() !== "");
  const parameters = Object.entries(form.parameters).filter(([, text]) => text.trim() !== "");
  return {
    strategy: form.strategy,
    parameters: Object.fromEntries(parameters.map(([name, text]) => [name, numberOr(text)])),
    ...(form.universe ? { universe: form.universe } : { symbols: symbolsOf(form) }),
    ...Object.fromEntries(settings.map(([name, text]) => [name, asked(name, text)])),
    fresh: false,
    on_disconnect: "continue",
  } as Asked;
}

export function symbolsOf(form: Form): string[] {
  return form.symbols.split(/[\s,]+/).filter(Boolean);
}

/** Settings of a form that have no row of their own. */
export function furtherSettings(form: Form, shown: readonly string[]): string[] {
  return Object.keys(form.settings).filter((name) => !shown.includes(name));
}

/** `RsiReversion 14 / 30 / 70`, parameters in the order of the catalogue. */
export function titleOf(form: Form, parameters: readonly Schema["ParameterFacts"][]): string {
  const values = parameters.map((one) => form.parameters[one.name] || String(one.default));
  return [form.strategy, values.map((text) => String(numberOr(text))).join(" / ")].filter(Boolean).join(" ");
}

const STEP_MS: Record<string, number> = { m: 60e3, h: 3600e3, d: 86400e3, w: 7 * 86400e3 };

/** An instant as short as it can be typed: a day, or where that would cut it `2024-01-21T20:00`. */
export function shortest(iso: string): string {
  return iso.slice(0, iso.slice(11, 16) === "00:00" ? 10 : 16);
}

/** The end of a bar that opens at `last`, not included in it; where its length is not known, `last`. */
export function endOfBar(last: string, interval: string): string {
  const [, many, unit] = /^(\d+)([mhdw])$/.exec(interval) ?? [];
  const at = Date.parse(last);
  if (unit === undefined || Number.isNaN(at)) return last;
  return new Date(at + Number(many) * (STEP_MS[unit] ?? 0)).toISOString().replace(".000Z", "Z");
}

/** `2019-01-01 → 2024-01-01 UTC`, of what was asked, else of what there is: from the first bar to the end of the last. */
export function rangeOf(form: Form, first: string, end: string): string {
  const from = short(form.settings.start || first);
  const to = short(form.settings.end || end);
  return from || to ? `${from} → ${to} UTC` : "";
}

function short(time: string): string {
  return time.replace(/T00:00(:00)?(Z|\+00:00)?$/, "").replace(/:00Z$/, "");
}

function withUnit(name: string, text: string): string {
  return PLAIN.test(text.trim()) ? text.trim() + (UNITS[name] ?? "") : text.trim();
}

function withoutUnit(name: string, text: string): string {
  const unit = UNITS[name];
  if (unit === undefined || !text.endsWith(unit)) return text;
  const number = text.slice(0, -unit.length).trim();
  return PLAIN.test(number) ? number : text;
}

function asked(name: string, text: string): string | number | boolean {
  if (UNITS[name] !== undefined) return withUnit(name, text);
  if (text === "true" || text === "false") return text === "true";
  return numberOr(text.trim());
}

export function numberOr(text: string): number | string {
  return PLAIN.test(text.trim()) ? Number(text) : text;
}

function fieldText(name: string, value: unknown, spec: Spec): string {
  return name === "start" || name === "end" ? short(String(value)) : typed(name, value, spec);
}
