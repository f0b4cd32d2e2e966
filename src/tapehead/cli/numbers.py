"""Numbers as a reader meets them: one format for each kind, never `-0.0`, `nan` or an exponent.

A value of None is drawn `-`; a profit factor without a loss is drawn as infinity.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

UNDEFINED = "-"
_DAY_US = 86_400_000_000
_SCALES = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"))

Kind = Literal["signed_percent", "percent", "fine_percent", "signed", "ratio", "money", "count", "days", "fee"]
METRICS: dict[str, tuple[Kind, str]] = {
    "total_return": ("signed_percent", "%"),
    "cagr": ("signed_percent", "% a year"),
    "buy_and_hold_return": ("signed_percent", "%"),
    "volatility_annual": ("percent", "% a year"),
    "sharpe": ("signed", ""),
    "sortino": ("signed", ""),
    "calmar": ("signed", ""),
    "max_drawdown": ("signed_percent", "%"),
    "max_drawdown_bars": ("count", "bars"),
    "max_drawdown_days": ("days", "days"),
    "exposure": ("percent", "% of bars"),
    "trades": ("count", "closed"),
    "win_rate": ("percent", "%"),
    "profit_factor": ("ratio", ""),
    "expectancy": ("money", "a trade"),
    "expectancy_return": ("signed_percent", "%"),
    "payoff": ("ratio", ""),
    "payoff_return": ("ratio", ""),
    "average_win": ("money", ""),
    "average_win_return": ("signed_percent", "%"),
    "average_loss": ("money", ""),
    "average_loss_return": ("signed_percent", "%"),
    "best_trade": ("money", ""),
    "best_trade_return": ("signed_percent", "%"),
    "worst_trade": ("money", ""),
    "worst_trade_return": ("signed_percent", "%"),
    "average_bars_held": ("days", "bars"),
    "longest_win_streak": ("count", "trades"),
    "longest_loss_streak": ("count", "trades"),
    "sqn": ("signed", ""),
    "kelly": ("signed_percent", "% of equity"),
    "fees_paid": ("money", ""),
    "turnover": ("ratio", "x equity a year"),
    "open_profit": ("money", ""),
    "return_without_fees": ("signed_percent", "%"),
    "break_even_fee": ("fee", "a side"),
    "ambiguous_trades": ("count", "closed"),
    "ambiguous_profit": ("percent", "% of what trades moved"),
    "total_return_optimistic": ("signed_percent", "%"),
    "max_drawdown_optimistic": ("signed_percent", "%"),
}
"""How each metric of a result is drawn and what stands behind it."""
TAIL: dict[str, tuple[Kind, str]] = {
    "alpha": ("signed_percent", "% a year"),
    "beta": ("signed", ""),
    "sharpe_daily": ("signed", ""),
    "recovery": ("signed", ""),
    "omega": ("ratio", ""),
    "tail_ratio": ("ratio", ""),
    "max_drawdown_intrabar": ("signed_percent", "%"),
    "ulcer": ("percent", "%"),
    "var_95": ("fine_percent", "% a bar"),
    "cvar_95": ("fine_percent", "% a bar"),
    "skew": ("signed", ""),
    "kurtosis": ("signed", ""),
}
"""The same of metrics that are made of the whole curve when they are asked for."""


def signed(value: float | None, decimals: int) -> str:
    """Return a number with its sign; whole with thousands marks from 1,000 on, in millions from 10 M on."""
    text = plain(value, decimals)
    return text if value is None or text[0] == "-" or not text.strip("0.,") else f"+{text}"


def plain(value: float | None, decimals: int) -> str:
    """Return a number; whole with thousands marks from 1,000 on, in millions (G, T, P) from 10 M on."""
    if value is None:
        return UNDEFINED
    size = abs(value)
    if size >= 1e7:
        scale, letter = next(((s, n) for s, n in _SCALES if size >= s), _SCALES[-1])
        text = f"{value / scale:,.1f} {letter}"
    elif size >= 1_000:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.{decimals}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text


def percent(value: float | None, decimals: int = 1) -> str:
    """Return a fraction as a signed percentage without its sign of percent."""
    return UNDEFINED if value is None else signed(value * 100, decimals)


def share(value: float | None) -> str:
    """Return a fraction as a whole percentage."""
    return UNDEFINED if value is None else f"{value * 100:.0f}"


def count(value: float | None) -> str:
    """Return a whole number with thousands marks; `31.2 M` over 10 M."""
    return UNDEFINED if value is None else plain(float(round(value)), 0)


def profit_factor(value: float | None, why: Mapping[str, str], infinity: str) -> str:
    """Return a profit factor; infinity where there is no loss."""
    if value is None:
        return infinity if why.get("profit_factor") == "no_losses" else UNDEFINED
    return plain(value, 2)


def metric(name: str, value: float | None, why: Mapping[str, str], infinity: str) -> str:
    """Return a metric with its unit, or `-` and the reason."""
    kind, unit = METRICS.get(name) or TAIL.get(name, ("ratio", ""))
    if value is None:
        drawn = profit_factor(None, why, infinity) if name == "profit_factor" else UNDEFINED
        return f"{drawn}  ({why[name]})" if name in why else drawn
    if kind == "signed_percent":
        text = percent(value)
    elif kind == "percent":
        text = plain(value * 100, 1)
    elif kind == "fine_percent":
        text = plain(value * 100, 3)
    elif kind == "signed":
        text = signed(value, 2)
    elif kind == "fee":
        text = basis_points(value)
    elif kind == "count":
        text = count(value)
    elif kind == "days":
        text = plain(value, 1)
    else:
        text = plain(value, 2)
    return f"{text} {unit}".rstrip()


def rate(per_s: float) -> str:
    """Return a rate: `34 M`, `8.2 M`, `820 k`, `57`."""
    if per_s >= 1e7:
        return f"{per_s / 1e6:,.0f} M"
    if per_s >= 1e6:
        return f"{per_s / 1e6:.1f} M"
    if per_s >= 1e4:
        return f"{per_s / 1e3:.0f} k"
    return f"{per_s:,.0f}"


def seconds(value: float) -> str:
    """Return a duration: `0.06 s`, `12.4 s`, `210 s`."""
    return f"{value:.2f} s" if value < 10 else f"{value:.1f} s" if value < 100 else f"{value:,.0f} s"


def milliseconds(value: float) -> str:
    """Return a short duration: `4 ms`, and seconds from 1,000 ms on."""
    return seconds(value / 1_000) if value >= 1_000 else f"{value:.0f} ms" if value >= 0.95 else f"{value:.1f} ms"


def basis_points(fraction: float) -> str:
    """Return a rate as basis points: `10 bps`; 0 is `0`."""
    if fraction == 0:
        return "0"
    return f"{f'{fraction * 10_000:.4f}'.rstrip('0').rstrip('.')} bps"


def moment(ts: int) -> str:
    """Return a time (us UTC): the day alone at midnight, else with hours and minutes."""
    time = datetime.fromtimestamp(ts // 1_000_000, UTC)
    return time.strftime(
        "%Y-%m-%d" if ts % _DAY_US == 0 else "%Y-%m-%d %H:%M" if time.second == 0 else "%Y-%m-%d %H:%M:%S"
    )


def price(value: float) -> str:
    """Return a price with the digits it has, at most 8 behind the point."""
    text = f"{value:,.8f}".rstrip("0")
    head, _, tail = text.partition(".")
    return f"{head}.{tail.ljust(2, '0')}"
