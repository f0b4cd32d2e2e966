"""What the names of metrics, flags and settings mean, in the words of a reader."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from tapehead.library.tear.figures import Kind


class Word(NamedTuple):
    """How a metric is called and drawn: its title, kind of number, unit, and definition."""

    title: str
    kind: Kind
    unit: str = ""
    meaning: str = ""


MONEY: Final = "quote currency"
"""Stands as the unit of money where the currency's name is not known."""

METRICS: Final[Mapping[str, Word]] = {
    "total_return": Word("Total return", "signed_percent", "%", "last equity over starting cash, less 1"),
    "cagr": Word("Growth a year", "signed_percent", "%", "compound, over calendar time of 365.25 days a year"),
    "buy_and_hold_return": Word("Buy and hold", "signed_percent", "%", "first price to be had, same costs"),
    "alpha": Word("Alpha", "signed_percent", "% a year", "against buy and hold, least squares"),
    "beta": Word("Beta", "signed", "", "against buy and hold, least squares"),
    "volatility_annual": Word("Volatility", "percent", "% a year", "deviation of bar returns times √periods a year"),
    "sharpe": Word("Sharpe", "signed", "", "mean over deviation of bar returns, annualised"),
    "sharpe_daily": Word("Sharpe of days", "signed", "", "the same of daily returns"),
    "sortino": Word("Sortino", "signed", "", "mean over downside deviation, annualised"),
    "calmar": Word("Calmar", "signed", "", "growth a year over deepest drawdown"),
    "omega": Word("Omega", "ratio", "", "gains over losses of bar returns"),
    "recovery": Word("Recovery", "signed", "", "net profit over largest money drawdown"),
    "max_drawdown": Word("Deepest drawdown", "signed_percent", "%", "of bar closes, from the peak before"),
    "max_drawdown_intrabar": Word("Deepest inside bars", "signed_percent", "%", "marked at lows (highs for shorts)"),
    "max_drawdown_days": Word("Longest drawdown", "days", "days", "peak to recovery, or to the end"),
    "max_drawdown_bars": Word("Longest drawdown", "bars", "bars", "peak to recovery, or to the end"),
    "ulcer": Word("Ulcer index", "percent", "%", "root mean square of drawdowns"),
    "var_95": Word("Value at risk, 95 %", "fine_percent", "% a bar", "loss that 5 % of bars exceed"),
    "cvar_95": Word("Expected shortfall, 95 %", "fine_percent", "% a bar", "mean loss of the worst 5 % of bars"),
    "tail_ratio": Word("Tail ratio", "ratio", "", "95 % quantile over 5 % quantile of bar returns"),
    "skew": Word("Skew", "signed", "", "of bar returns"),
    "kurtosis": Word("Kurtosis", "signed", "", "of bar returns, above that of a normal distribution"),
    "exposure": Word("In the market", "percent", "% of bars", "bars with a position at any time in them"),
    "trades": Word("Trades", "count", "closed", "an open position is not among them"),
    "win_rate": Word("Won", "percent", "% of trades", "closed with a profit above 0"),
    "profit_factor": Word("Profit factor", "ratio", "", "won money over lost money"),
    "expectancy": Word("A trade makes", "signed_money", MONEY, "mean net profit"),
    "payoff": Word("Payoff", "ratio", "", "mean win over mean loss"),
    "average_win": Word("Mean win", "signed_money", MONEY, "of trades closed with a profit"),
    "average_loss": Word("Mean loss", "signed_money", MONEY, "of trades closed without"),
    "best_trade": Word("Best trade", "signed_money", MONEY, "net profit"),
    "worst_trade": Word("Worst trade", "signed_money", MONEY, "net profit"),
    "average_bars_held": Word("Held", "days", "bars", "mean of closed trades"),
    "longest_win_streak": Word("Wins in a row", "count", "trades", "at most"),
    "longest_loss_streak": Word("Losses in a row", "count", "trades", "at most"),
    "sqn": Word("System quality", "signed", "", "√trades times mean over deviation of profits"),
    "kelly": Word("Kelly", "signed_percent", "% of equity", "win rate less lose rate over payoff"),
    "fees_paid": Word("Fees", "money", MONEY, "both sides, an open entry included"),
    "return_without_fees": Word("Return without fees", "signed_percent", "%", "the same trades at a fee of 0"),
    "break_even_fee": Word("Breaks even at", "basis_points", "bps a side", "the fee at which nothing is left"),
    "ambiguous_trades": Word("Hung on the path", "count", "trades", "the order inside a bar decided them"),
    "ambiguous_profit": Word("Money that hung on it", "percent", "% of what trades moved", "profit of those trades"),
    "turnover": Word("Turnover", "ratio", "× equity a year", "notional of entries and exits over equity then"),
    "open_profit": Word("Open profit", "signed_money", MONEY, "of what is held at the last close, exit cost not taken"),
    "profit": Word("Profit", "signed_money", MONEY, "its share of what the account made, open profit included"),
    "exposure_mean": Word("Invested", "percent", "% of equity", "sizes of all positions over equity, mean of instants"),
    "positions_most": Word("Most positions", "count", "positions", "held at one time"),
    "positions_mean": Word("Positions", "ratio", "positions", "held at one time, mean of instants"),
    "cash_least": Word("Least cash", "signed_money", MONEY, "below 0 is borrowed"),
    "interest": Word("Interest", "signed_money", MONEY, "on idle cash"),
    "dividends": Word("Dividends", "signed_money", MONEY, "of all instruments, part of the profit of their trades"),
    "stale_bars_most": Word(
        "Oldest mark", "bars", "bars", "how long ago the last bar of a held instrument was, at most"
    ),
    "stale_bars_mean": Word("Age of marks", "bars", "bars", "mean of what was held"),
}

FLAGS: Final[Mapping[str, str]] = {
    "short_history": "its bars begin later than asked",
    "short_warm_up": "fewer bars than the warm-up wants stood before the start",
    "holes": "bars are missing inside the range; nothing was filled",
    "across_gap": "an order waited over missing bars before it filled",
    "imported": "its trades were made by another program",
    "open_at_end": "a position is open at the last close; it counts in equity, not among the trades",
    "unfilled_at_end": "an order decided at the last close found no bar to fill it",
    "expired_in_gap": "an order waited longer than allowed and expired",
    "delisted": "the series ended; what was held was sold at its last close",
    "vendor_adjusted": "its stored prices were adjusted by their vendor",
    "split_while_held": "a position was held over a split",
    "rounds_to_zero": "an entry was too small for the lot, so nothing was bought",
    "below_minimum": "an entry was below the least notional, so nothing was bought",
    "level_behind_fill": "an entry would have filled beyond its own stop or target, and was rejected",
    "no_cash": "an entry found no cash that the others of the account had left, so nothing was bought",
    "no_place": "as many positions as allowed were held, so an entry was rejected",
    "no_stop": "an entry sized by its risk had no stop, and was rejected",
    "ruined": "no money was left to go on with",
    "liquidated": "a position was closed since its margin was gone",
    "shortfall": "a close cost more than there was; the account stopped at 0",
    "slipped_beyond_bar": "a slipped price lies outside its bar",
    "untraded_at_end": "the last bar did not trade, and the position was closed at its price all the same",
    "side_ignored": "signals came for a side that was not to be traded",
}


def metric_word(name: str) -> Word:
    """Return how a metric is shown; one that is not known by its own name."""
    known = METRICS.get(name)
    if known is not None:
        return known
    if name.endswith("_optimistic"):
        word = metric_word(name.removesuffix("_optimistic"))
        return word._replace(title=f"{word.title}, optimistic", meaning=f"{word.meaning}; best order inside bars")
    of_money = METRICS.get(name.removesuffix("_return")) if name.endswith("_return") else None
    if of_money is None:
        return Word(name.replace("_", " ").capitalize(), "ratio")
    # The same of returns on the money an entry bought for, in place of profits in money.
    kind: Kind = "signed_percent" if of_money.unit == MONEY else of_money.kind
    unit = "%" if of_money.unit == MONEY else of_money.unit
    return Word(f"{of_money.title}, of its entry", kind, unit, f"{of_money.meaning}, over the entry's notional")


def flag_words(flag: str) -> str:
    """Return what a flag says."""
    return FLAGS.get(flag, flag.replace("_", " "))
