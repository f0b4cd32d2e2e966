"""The metrics of one result as lines: Tapehead's in groups, or the table of another tool."""

from collections.abc import Mapping

from tapehead.cli import numbers
from tapehead.cli.cells import cut
from tapehead.cli.ink import Ink
from tapehead.metrics.tools import TOOLS

GROUPS: dict[str, tuple[str, ...]] = {
    "growth": ("total_return", "cagr", "buy_and_hold_return", "alpha", "beta", "open_profit"),
    "return for risk": ("sharpe", "sharpe_daily", "sortino", "calmar", "recovery", "omega", "tail_ratio"),
    "risk": (
        "volatility_annual",
        "max_drawdown",
        "max_drawdown_intrabar",
        "max_drawdown_days",
        "max_drawdown_bars",
        "ulcer",
        "var_95",
        "cvar_95",
        "skew",
        "kurtosis",
    ),
    "trades": (
        "trades",
        "exposure",
        "win_rate",
        "profit_factor",
        "expectancy",
        "payoff",
        "average_win",
        "average_loss",
        "best_trade",
        "worst_trade",
        "average_bars_held",
        "longest_win_streak",
        "longest_loss_streak",
        "sqn",
        "kelly",
    ),
    "costs": ("fees_paid", "turnover", "return_without_fees", "break_even_fee"),
    "order inside bars": (
        "ambiguous_trades",
        "ambiguous_profit",
        "total_return_optimistic",
        "max_drawdown_optimistic",
    ),
}
_NAME_WIDTH = 22
_VALUE_WIDTH = 16
_LEAST_NAME = 12
_HEADS = {"trades": f"{'trades':<{_NAME_WIDTH + 2}}{'in money':<{_VALUE_WIDTH}}of what the entry bought"}


def metric_lines(metrics: Mapping[str, float | None], why: Mapping[str, str], infinity: str, ink: Ink) -> list[str]:
    """Return every metric, by group; the form as a return stands beside the one in money."""
    lines: list[str] = []
    told: set[str] = set()
    for title, names in GROUPS.items():
        here = [name for name in names if name in metrics]
        if here:
            lines += [ink.head(_HEADS.get(title, title)), *(_line(name, metrics, why, infinity) for name in here)]
        told.update(here, (f"{name}_return" for name in here))
    rest = [name for name in metrics if name not in told]
    return lines + ([ink.head("other"), *(_line(name, metrics, why, infinity) for name in rest)] if rest else [])


def _line(name: str, metrics: Mapping[str, float | None], why: Mapping[str, str], infinity: str) -> str:
    """Return one metric with its unit, or the reason why it has no value."""
    text = numbers.metric(name, metrics[name], why, infinity)
    beside = f"{name}_return"
    if metrics.get(beside) is not None and metrics[name] is not None:
        text = f"{text:<{_VALUE_WIDTH}}{numbers.metric(beside, metrics[beside], why, infinity)}"
    return f"  {name:<{_NAME_WIDTH}}{text}"


def compat_lines(tool: str, table: Mapping[str, float | int | str | None], instrument: str, width: int) -> list[str]:
    """Return the table of another tool, and whose it is: its names, its units, at most six decimals."""
    named = max(map(len, table)) + 2
    title = f" as {tool} {TOOLS[tool]} prints the same equity and trades"
    title = cut(instrument, max(width - len(title), _LEAST_NAME)) + title
    return [title, *(f"  {name:<{named}}{_cell(value)}" for name, value in table.items())]


def _cell(value: float | str | None) -> str:
    """Return a value as it is read, `-` where the tool prints none."""
    if value is None:
        return numbers.UNDEFINED
    if isinstance(value, str):
        return value
    text = f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return "0" if text == "-0" else text
