/** The metrics of a result: how each is called, written, and what it is. */
import type { Metrics } from "../api/events";
import * as format from "./format";

export interface Metric {
  name: string;
  /** Header of a column. */
  short: string;
  /** Name in a list. */
  label: string;
  /** Unit, where it is not in the short name. */
  unit?: string;
  /** Coloured by sign. */
  signed?: boolean;
  /** What it is and by which convention, for the hover. */
  means: string;
  write: (value: number) => string;
}

const signedRatio = (value: number) => format.ratio(value, true);
const plainRatio = (value: number) => format.ratio(value, false);
const money = (value: number) => format.money(value);
const unsigned = (value: number) => format.percent(value).replace("+", "");
const fine = (value: number) => plainRatio(value * 100);
const signedMoney = (value: number) => format.money(value, true);

function metric(
  name: string,
  short: string,
  label: string,
  write: (value: number) => string,
  means: string,
  more: { signed?: boolean; unit?: string } = {},
): Metric {
  return { name, short, label, write, means, ...more };
}

const SIGNED = { signed: true, unit: "%" };
const PERCENT = { unit: "%" };

export const METRICS: readonly Metric[] = [
  metric(
    "total_return",
    "Return %",
    "Total return",
    format.percent,
    "Last equity over starting cash, less one.",
    SIGNED,
  ),
  metric(
    "cagr",
    "CAGR %",
    "CAGR",
    format.percent,
    "Yearly growth that makes the total return; a year has 365.25 days.",
    SIGNED,
  ),
  metric(
    "sharpe",
    "Sharpe",
    "Sharpe",
    signedRatio,
    "Mean over standard deviation (n − 1) of the returns of bars, times the root of the periods a year; risk-free rate 0.",
    { signed: true },
  ),
  metric(
    "sortino",
    "Sortino",
    "Sortino",
    signedRatio,
    "Mean over downside deviation of all bars, times the root of the periods a year; risk-free rate 0.",
    { signed: true },
  ),
  metric("calmar", "Calmar", "Calmar", signedRatio, "CAGR over the deepest drawdown.", { signed: true }),
  metric(
    "volatility_annual",
    "Vol %",
    "Volatility, a year",
    unsigned,
    "Standard deviation (n − 1) of the returns of bars, times the root of the periods a year.",
    PERCENT,
  ),
  metric(
    "max_drawdown",
    "Max DD %",
    "Max drawdown",
    format.percent,
    "Deepest fall of equity below its highest close before.",
    PERCENT,
  ),
  metric(
    "max_drawdown_days",
    "DD days",
    "Longest drawdown",
    format.days,
    "Longest time below an earlier high, in days.",
  ),
  metric("trades", "Trades", "Trades", format.count, "Closed trades."),
  metric("win_rate", "Win %", "Win rate", format.share, "Closed trades with a profit above 0, of all closed.", PERCENT),
  metric(
    "profit_factor",
    "PF",
    "Profit factor",
    plainRatio,
    "Profits over losses of closed trades; ∞ where none lost.",
  ),
  metric("expectancy", "Exp.", "Expectancy", signedMoney, "Mean profit of a closed trade, in money.", { signed: true }),
  metric("expectancy_return", "Exp. %", "Expectancy, return", format.percent, "Mean return of a closed trade.", SIGNED),
  metric("payoff", "Payoff", "Payoff", plainRatio, "Mean profit of winners over mean loss of losers."),
  metric("average_win_return", "Avg win %", "Average win", format.percent, "Mean return of winners.", SIGNED),
  metric("average_loss_return", "Avg loss %", "Average loss", format.percent, "Mean return of losers.", SIGNED),
  metric("best_trade_return", "Best %", "Best trade", format.percent, "Return of the best closed trade.", SIGNED),
  metric("worst_trade_return", "Worst %", "Worst trade", format.percent, "Return of the worst closed trade.", SIGNED),
  metric(
    "average_bars_held",
    "Bars held",
    "Average bars held",
    (v) => format.ratio(v, false),
    "Bars from entry to exit, mean of closed trades.",
  ),
  metric("longest_win_streak", "Wins", "Longest win streak", format.count, "Most winners one after another."),
  metric("longest_loss_streak", "Losses", "Longest loss streak", format.count, "Most losers one after another."),
  metric(
    "exposure",
    "In mkt %",
    "In market",
    format.share,
    "Bars with a position at any time in them, of all bars.",
    PERCENT,
  ),
  metric("turnover", "Turnover", "Turnover", plainRatio, "Money traded over mean equity, a year."),
  metric("sqn", "SQN", "SQN", signedRatio, "Root of the number of trades times mean over deviation of their profits.", {
    signed: true,
  }),
  metric("kelly", "Kelly %", "Kelly fraction", format.percent, "Win rate less the loss rate over the payoff.", SIGNED),
  metric("fees_paid", "Fees", "Fees paid", money, "Fees of all fills, in quote currency."),
  metric(
    "open_profit",
    "Open",
    "Open profit",
    signedMoney,
    "Profit of the position that is open at the end, at the last close.",
    { signed: true },
  ),
  metric(
    "buy_and_hold_return",
    "B&H %",
    "Buy and hold",
    format.percent,
    "Return of holding from the first price that could have been had to the last close, at the same costs.",
    SIGNED,
  ),
  metric(
    "return_without_fees",
    "No-fee %",
    "Return without fees",
    format.percent,
    "Total return had no fill cost a fee.",
    SIGNED,
  ),
  metric(
    "break_even_fee",
    "BE bps",
    "Break-even fee",
    (v) => format.ratio(v * 1e4, false),
    "Fee a side, in basis points, at which the profit ends.",
    { unit: "bps" },
  ),
  metric(
    "ambiguous_trades",
    "Amb.",
    "Ambiguous trades",
    format.count,
    "Closed trades whose exit another order of prices inside a bar would have made another.",
  ),
  metric(
    "ambiguous_profit",
    "Amb. %",
    "Ambiguous share",
    unsigned,
    "Share of what trades won and lost, by size, that ambiguous ones moved.",
    PERCENT,
  ),
];

/** Those that need the whole equity curve: the service makes them again for one result. */
export const CURVE_METRICS: readonly Metric[] = [
  metric("sharpe_daily", "Sharpe d", "Sharpe of days", signedRatio, "Sharpe of the returns of days or sessions.", {
    signed: true,
  }),
  metric(
    "max_drawdown_intrabar",
    "DD in bars",
    "Max drawdown in bars",
    format.percent,
    "Deepest fall of equity marked at the worst price of every bar.",
    PERCENT,
  ),
  metric("ulcer", "Ulcer %", "Ulcer index", unsigned, "Root of the mean squared drawdown.", PERCENT),
  metric("recovery", "Recovery", "Recovery", signedRatio, "Net profit over the largest drawdown in money.", {
    signed: true,
  }),
  metric("omega", "Omega", "Omega", plainRatio, "Gains over losses of the returns of bars; threshold 0."),
  metric("tail_ratio", "Tails", "Tail ratio", plainRatio, "95 % quantile over the 5 % quantile of returns, in size."),
  metric("var_95", "VaR %", "Value at risk, 95 %", fine, "Loss of a bar that 5 % of bars exceed.", PERCENT),
  metric("cvar_95", "CVaR %", "Expected shortfall, 95 %", fine, "Mean loss of those bars.", PERCENT),
  metric("skew", "Skew", "Skew", signedRatio, "Third standardised moment of the returns of bars, biased (g1)."),
  metric("kurtosis", "Kurtosis", "Excess kurtosis", signedRatio, "Fourth standardised moment less 3, biased."),
  metric(
    "alpha",
    "Alpha %",
    "Alpha, a year",
    format.percent,
    "What the line of returns on those of holding leaves, times the periods a year.",
    SIGNED,
  ),
  metric("beta", "Beta", "Beta", signedRatio, "Slope of that line: returns of bars on those of holding."),
];

const BY_NAME = new Map([...METRICS, ...CURVE_METRICS].map((each) => [each.name, each]));

export function metricOf(name: string): Metric {
  return BY_NAME.get(name) ?? metric(name, name, name.replaceAll("_", " "), plainRatio, "");
}

export interface Convention {
  periods_a_year: number;
  days_a_year: number;
}

/** A year in the words of the engine: `365.25 · 24 periods a year`; of day bars `252 periods a year`. */
export function yearInWords({ periods_a_year: periods, days_a_year: days }: Convention): string {
  const plain = (value: number) => String(Number(value.toFixed(4)));
  const each = periods / days;
  return Math.abs(each - 1) < 1e-9 ? `${plain(days)} periods a year` : `${plain(days)} · ${plain(each)} periods a year`;
}

/** Metrics that are reckoned by a year of so many periods. */
const YEARLY: ReadonlySet<string> = new Set(["sharpe", "sortino", "volatility_annual", "alpha"]);

/** Words of the reasons for which a metric has no value. */
const REASONS: Record<string, string> = {
  no_losses: "No trade lost.",
  no_trades: "No trade was closed.",
  no_open_position: "No position is open at the end.",
  loses_without_fees: "It loses without any fee.",
  no_drawdown: "Equity never fell.",
  zero_volatility: "The returns do not vary.",
  too_short: "The range is too short for it.",
  not_finite: "Equity has touched nothing.",
  needs_run: "Another fee would change more than sizes: it needs a run of its own.",
};

/** Why a metric has no value, as a sentence. */
export function whyNot(reason: string): string {
  return REASONS[reason] ?? reason;
}

export interface Written {
  text: string;
  raw: number | null;
  tone: "gain" | "loss" | "";
  hover: string;
}

/**
 * A metric of a result as a cell shows it; ∞ for no losses, – for what is not defined, with its reason. `year` is told with
 * those that it scales.
 */
export function written(one: Metric, metrics: Metrics, why: Record<string, string>, year = ""): Written {
  const raw = metrics[one.name] ?? null;
  const told = [one.means, YEARLY.has(one.name) ? year : ""].filter(Boolean).join(" ");
  if (raw === null) {
    const reason = why[one.name] ?? "";
    const text = reason === "no_losses" ? "∞" : "–";
    return { text, raw, tone: "", hover: `${whyNot(reason)} ${told}`.trim() };
  }
  const text = one.write(raw);
  // What is written as zero has no sign to colour.
  const tone = one.signed && /[1-9]/.test(text) ? (raw > 0 ? "gain" : "loss") : "";
  return { text, raw, tone, hover: `${raw} · ${told}` };
}
