/** What was asked of a run, as the page writes it in a line. */
import * as format from "./format";

export type Spec = Record<string, unknown>;

function plain(value: unknown): string {
  if (typeof value === "number") return String(value).replace("-", "−");
  if (Array.isArray(value)) return value.join(", ");
  if (value === null || value === undefined) return "default";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** `RsiReversion 14 / 30 / 70`; `order` names the parameters as the strategy declares them. */
export function strategyLine(spec: Spec, order: readonly string[] = []): string {
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

const FRACTIONS = new Set(["fee", "slippage"]);

/** The value of one setting: fees and slippage in basis points, what is not given as `default`. */
export function settingText(name: string, value: unknown): string {
  if (FRACTIONS.has(name) && typeof value === "number") return `${Number((value * 1e4).toFixed(6))} bps`;
  if ((name === "start" || name === "end") && typeof value === "string") return format.time(value);
  return plain(value);
}

/** `10 + 2 bps`, or as they were said; without costs `no costs`. */
export function costsLine(spec: Spec): string {
  const { fee, slippage } = spec;
  if (typeof fee === "string") return fee;
  const bps = [fee, slippage].map((each) => (typeof each === "number" ? Number((each * 1e4).toFixed(6)) : 0));
  if (!bps[0] && !bps[1]) return "no costs";
  return bps[1] ? `${bps[0]} + ${bps[1]} bps` : `${bps[0]} bps`;
}
