/** What was asked of a run, as the page writes it in a line. */
import * as format from "./format";

export type Spec = Record<string, unknown>;

function plain(value: unknown): string {
  if (typeof value === "number") return String(value).replace("-", "−");
  if (Array.isArray(value)) return value.join(", ");
  if (value === null || value === undefined) return "default";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Whether a spec asks for many sets. */
export function isSweep(spec: Spec): boolean {
  return spec.grid !== undefined;
}

/** Whether all instruments trade from one account. */
export function isPooled(spec: Spec | undefined): boolean {
  return Boolean(spec?.portfolio);
}

/** Where a run is shown. */
export function pathOf(run: string, spec: Spec): string {
  return `/${isSweep(spec) ? "sweep" : "runs"}/${run}`;
}

/** `5:50:5` of values that rise by one step, which at least three of them show; else all of them. */
export function valuesText(values: readonly unknown[]): string {
  const [first, second] = values;
  const last = values.at(-1);
  if (values.length > 2 && typeof first === "number" && typeof second === "number") {
    const step = Number((second - first).toPrecision(12));
    if (values.every((value, k) => value === stepped(first, step, k))) {
      return step === 1 ? `${first}:${last}` : `${first}:${last}:${step}`;
    }
  }
  return values.join(",");
}

/** Without the dust of the multiplication: 0.1 + 2 · 0.1 is 0.3. */
export function stepped(first: number, step: number, k: number): number {
  return Number((first + k * step).toPrecision(12));
}

/** `SmaCross fast=5:50:5 slow=20:200:20`; of several strategies, those alone. */
function sweepLine(spec: Spec): string {
  const grid = Object.entries(spec.grid as Record<string, readonly unknown[]>);
  const several = grid.find(([name]) => name === "strategy")?.[1];
  if (several) return several.join(" + ");
  const fixed = Object.entries((spec.parameters ?? {}) as Spec).map(([name, value]) => `${name}=${plain(value)}`);
  return [spec.strategy, ...grid.map(([name, values]) => `${name}=${valuesText(values)}`), ...fixed].join(" ");
}

/** `RsiReversion 14 / 30 / 70`; `order` names the parameters as the strategy declares them. */
export function strategyLine(spec: Spec, order: readonly string[] = []): string {
  if (isSweep(spec)) return sweepLine(spec);
  const given = (spec.parameters ?? {}) as Spec;
  const names = [
    ...order.filter((name) => name in given),
    ...Object.keys(given).filter((name) => !order.includes(name)),
  ];
  return [String(spec.strategy ?? ""), names.map((name) => plain(given[name])).join(" / ")].filter(Boolean).join(" ");
}

/** `demo`, or `3 instruments` of a list. */
export function universeOf(spec: Spec): string {
  if (typeof spec.universe === "string") return spec.universe;
  const symbols = (spec.symbols ?? []) as string[];
  return symbols.length === 1 ? (symbols[0] as string) : format.several(symbols.length, "instrument");
}

/** `1h · 2019-01-01 → 2024-01-01 UTC`; what is not bounded is left out. */
export function rangeLine(spec: Spec): string {
  const [start, end] = [spec.start, spec.end].map((each) => (typeof each === "string" ? format.day(each) : ""));
  const range = start || end ? `${start || "first bar"} → ${end || "last bar"} UTC` : "";
  return [String(spec.interval ?? ""), range].filter(Boolean).join(" · ");
}

/** Units that a plain number has in the form; text with another unit is sent as it stands. */
export const UNITS: Record<string, string> = {
  fee: "bps",
  slippage: "bps",
  size: "%",
  stop_loss: "%",
  take_profit: "%",
  trail: "%",
};
export const PLAIN = /^[+-]?(\d+\.?\d*|\.\d+)$/;
const SCALE: Record<string, number> = { bps: 1e4, "%": 1e2 };

/** A fraction times its scale, without the dust of the multiplication: 0.0003 is 3 bps. */
function scaled(value: number, unit: string): string {
  return String(Number((value * (SCALE[unit] ?? 1)).toPrecision(12)));
}

/** A setting as one types it: `10` of a fee of 0.001, `volume:10%` of a slippage of 0.1 by volume. */
export function typed(name: string, value: unknown, spec: Spec): string {
  const unit = UNITS[name];
  if (typeof value !== "number" || unit === undefined) return String(value);
  if (name === "slippage" && (spec.slippage_kind === "spread" || spec.slippage_kind === "volume")) {
    const within = spec.slippage_kind === "spread" ? "bps" : "%";
    return `${spec.slippage_kind}:${scaled(value, within)}${within}`;
  }
  if (name === "size" && spec.sizing === "cash") return `${value}usd`;
  if (name === "size" && spec.sizing === "units") return `${value}units`;
  if (name === "size" && spec.sizing === "risk") return `risk:${scaled(value, "%")}%`;
  return scaled(value, unit);
}

/** The value of one setting of a spec: `10 bps`, `volume:10%`; what is not given as `default`. */
export function settingText(name: string, value: unknown, spec: Spec): string {
  if ((name === "start" || name === "end") && typeof value === "string") return format.time(value);
  if (UNITS[name] === undefined || typeof value !== "number") return plain(value);
  const text = typed(name, value, spec);
  return PLAIN.test(text) ? `${text} ${UNITS[name]}` : text;
}

/** `10 + 2 bps` of a fee and a slippage as they are typed, `no costs` where there are none. */
export function costsText(fee = "", slippage = ""): string {
  const both = [fee.trim() || "0", slippage.trim() || "0"];
  if (both.every((text) => Number(text) === 0)) return "no costs";
  if (both.every((text) => PLAIN.test(text))) return `${both.join(" + ")} bps`;
  return both.map((text) => (PLAIN.test(text) ? `${text} bps` : text)).join(" + ");
}

/** What stands for costs where another program made the trades. */
export const ELSEWHERE = "made elsewhere, costs not known";

/** The costs of a kept run; those that another program's trades met are not in its spec. */
export function costsOfRun({ spec, elsewhere }: { spec: Spec; elsewhere: boolean }): string {
  return elsewhere ? ELSEWHERE : costsOf(spec);
}

/** Fee and slippage of a kept spec, whatever their kinds: `10 + 2 bps`, `10 bps + volume:10%`. */
export function costsOf(spec: Spec): string {
  const { fee = 0, slippage = 0 } = spec;
  return costsText(typed("fee", fee, spec), typed("slippage", slippage, spec));
}
