/** What two runs are compared by, and how the reasons of a difference are said. */
import type { Schema } from "../../api/ask";

export type Comparison = Schema["Comparison"];
export type ComparedResult = Schema["ComparedResult"];
export type Reason = Schema["DifferingTrades"]["reasons"][number];

export const COMPARED = ["total_return", "sharpe", "max_drawdown", "trades", "win_rate", "profit_factor"] as const;

export const REASONS: Record<Reason, { word: string; means: string }> = {
  data: { word: "data", means: "The bars that were read are others." },
  costs: { word: "costs", means: "Fees, slippage or interest are others." },
  spec: { word: "settings", means: "Strategy, parameters, range or orders are set otherwise." },
  code: { word: "code", means: "The source of the strategy is another one." },
  engine: { word: "engine", means: "The engine is of another version." },
  unknown: { word: "no known reason", means: "Settings, data, code and engine are the same." },
};

/** `They differ in costs and code.` */
export function reasonWords(reasons: readonly Reason[]): string {
  const words = reasons.map((reason) => REASONS[reason].word);
  if (words.length === 0) return "They differ in nothing: settings, data, code and engine are the same.";
  const last = words.pop();
  return `They differ in ${words.length ? `${words.join(", ")} and ${last}` : last}.`;
}
