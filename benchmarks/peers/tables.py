"""The tables of statistics that other tools print, with the equity and trades they were made of, as one golden file.

    ENV/bin/python -m benchmarks.peers.tables backtesting.py vectorbt > golden.json

Any of the tools that the environment holds: the two above are in the peers' own, `quantstats` and `empyrical`
(the package empyrical-reloaded) in any other. What is stored for a tool is replaced, the rest of the file stays.
Each tool is used as its documentation says; its source is not read.
"""

from __future__ import annotations

import importlib.metadata
import inspect
import json
import math
import random
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

GOLDEN = Path(__file__).resolve().parents[2] / "tests" / "golden" / "peer_tables.json"
PACKAGES = {"empyrical": "empyrical-reloaded", "backtesting.py": "backtesting"}
CASH, FEE = 10_000.0, 0.001
OF_QUANTSTATS = """
    comp cagr expected_return sharpe risk_return_ratio sortino adjusted_sortino volatility max_drawdown calmar
    recovery_factor ulcer_index ulcer_performance_index skew kurtosis value_at_risk expected_shortfall
    tail_ratio exposure win_rate best worst avg_return avg_win avg_loss consecutive_wins consecutive_losses
    payoff_ratio profit_factor profit_ratio omega gain_to_pain_ratio common_sense_ratio cpc_index
    kelly_criterion outlier_win_ratio outlier_loss_ratio
"""
OF_EMPYRICAL = """
    cum_returns_final annual_return annual_volatility sharpe_ratio sortino_ratio downside_risk calmar_ratio
    max_drawdown omega_ratio tail_ratio value_at_risk conditional_value_at_risk stability_of_timeseries
"""


def plain(value: Any) -> Any:
    """A value as JSON has it: nan and infinity are null, times are words."""
    if isinstance(value, (pd.Timestamp, pd.Timedelta)):
        return str(value)
    if value is pd.NaT or value is None:
        return None
    if isinstance(value, str):
        return value
    number = float(value)
    return number if math.isfinite(number) else None


def market(seed: int, n: int, freq: str, weekdays: bool = False) -> pd.DataFrame:
    """Bars of a walk in hundredths."""
    rng, price, rows = random.Random(seed), 100.0, []
    for _ in range(n):
        first = round(price * (1 + rng.uniform(-0.01, 0.01)), 2)
        last = round(first * (1 + rng.uniform(-0.03, 0.031)), 2)
        rows.append((first, round(max(first, last) * 1.005, 2), round(min(first, last) * 0.995, 2), last))
        price = last
    index = pd.bdate_range("2021-03-01", periods=n) if weekdays else pd.date_range("2021-03-01", periods=n, freq=freq)
    return pd.DataFrame(rows, columns=["Open", "High", "Low", "Close"], index=index)


def wishes(seed: int, n: int, share: float) -> tuple[list[bool], list[bool]]:
    """Random wishes to enter and to leave, never both."""
    rng = random.Random(-1 - seed)
    enter = [rng.random() < share for _ in range(n)]
    return enter, [rng.random() < share and not enter[k] for k in range(n)]


def scenes() -> list[tuple[str, pd.DataFrame, list[bool], list[bool]]]:
    """Names, bars and wishes of each case."""
    found = []
    for name, seed, n, freq, share in (
        ("days", 1, 150, "D", 0.1),
        ("weekdays", 2, 140, "W", 0.12),
        ("hours", 3, 200, "h", 0.08),
        ("rare", 4, 90, "D", 0.02),
        ("none", 5, 40, "D", 0.0),
    ):
        frame = market(seed, n, freq, weekdays=name == "weekdays")
        enter, leave = wishes(seed, n, share)
        if name == "hours":
            enter[0], leave[0], enter[n - 6], leave[n - 5 :] = True, False, True, [False] * 5
        if name == "rare":
            enter[:], leave[:] = [k == 3 for k in range(n)], [k == 30 for k in range(n)]
        found.append((name, frame, enter, leave))
    return found


def case(name: str, frame: pd.DataFrame, equity: Any, rows: dict[str, Any], stats: dict[str, Any]) -> dict[str, Any]:
    """One case as it is stored."""
    times = frame.index.as_unit("us").asi8.tolist()
    bars = {"ts": times} | {column.lower(): frame[column].tolist() for column in frame}
    kept = {key: np.asarray(values, float).tolist() for key, values in rows.items()}
    shown = {key: plain(value) for key, value in stats.items()}
    return {"case": name, "bars": bars, "equity": np.asarray(equity, float).tolist(), "trades": kept, "stats": shown}


def with_vectorbt() -> list[dict[str, Any]]:
    """Fill at the close, as it does by default."""
    import vectorbt

    out = []
    for name, frame, enter, leave in scenes():
        freq = "1h" if name == "hours" else "1d"
        held = vectorbt.Portfolio.from_signals(
            frame["Close"], np.array(enter), np.array(leave), fees=FEE, init_cash=CASH, freq=freq
        )
        rows = held.exit_trades.values
        closed = rows["status"] == 1
        names = {"entry_bar": "entry_idx", "exit_bar": "exit_idx", "quantity": "size", "profit": "pnl"}
        names |= {"entry_price": "entry_price", "exit_price": "exit_price"}
        trades = {mine: rows[theirs][closed] for mine, theirs in names.items()}
        trades["fees"] = rows["entry_fees"][closed] + rows["exit_fees"][closed]
        made = case(name, frame, held.value(), trades, dict(held.stats(silence_warnings=True)))
        still = rows[~closed]
        if len(still):
            one = still[-1]
            made["open"] = {
                "entry_bar": int(one["entry_idx"]),
                "quantity": float(one["size"]),
                "entry_price": float(one["entry_price"]),
                "fees": float(one["entry_fees"]),
                "profit": float(one["pnl"]),
            }
        out.append(made)
    return out


def with_backtesting() -> list[dict[str, Any]]:
    """Fill at the next open, as it does by default."""
    from backtesting import Backtest, Strategy

    class Given(Strategy):  # type: ignore[misc]  # the peer has no types
        """Trade ready-made wishes."""

        enter: list[bool]
        leave: list[bool]

        def init(self) -> None:
            """Nothing to prepare."""

        def next(self) -> None:
            """Decide on one bar."""
            bar = len(self.data) - 1
            if self.position:
                if self.leave[bar]:
                    self.position.close()
            elif self.enter[bar]:
                self.buy(size=0.9)

    out = []
    for name, frame, enter, leave in scenes():
        given = type("Wishes", (Given,), {"enter": enter, "leave": leave})
        volume = frame.assign(Volume=1.0)
        found = Backtest(volume, given, cash=CASH, commission=FEE, finalize_trades=False).run()
        rows = found["_trades"]
        trades = {
            "entry_bar": rows["EntryBar"],
            "exit_bar": rows["ExitBar"],
            "quantity": rows["Size"],
            "profit": rows["PnL"],
            "entry_price": rows["EntryPrice"],
            "exit_price": rows["ExitPrice"],
            "fees": rows["Commission"],
        }
        stats = {key: value for key, value in found.items() if not str(key).startswith("_")}
        out.append(case(name, frame, found["_equity_curve"]["Equity"], trades, stats))
    return out


def of_returns(tool: str) -> list[dict[str, Any]]:
    """Figures of series of returns, 252 of them a year."""
    if tool == "quantstats":
        import quantstats

        where, names = quantstats.stats, OF_QUANTSTATS.split()
    else:
        import empyrical

        where, names = empyrical, OF_EMPYRICAL.split()
    rng = random.Random(7)
    series = {
        "walk": [round(rng.gauss(0.0005, 0.02), 6) for _ in range(260)],
        "sparse": [round(rng.gauss(0.001, 0.03), 6) if rng.random() < 0.3 else 0.0 for _ in range(120)],
        "first lost": [-0.05, 0.02, 0.01, -0.03, 0.04, 0.0, 0.0, 0.01, -0.02, 0.03],
        "only won": [0.01, 0.02, 0.03, 0.01],
        "only lost": [-0.01, -0.02, -0.03, -0.01],
        "flat": [0.0] * 8,
    }
    out = []
    for name, values in series.items():
        given = pd.Series(values, index=pd.date_range("2021-03-01", periods=len(values)))
        figures = {each: _figure(getattr(where, each), given) for each in names}
        out.append({"case": name, "returns": values, "periods": 252, "stats": figures})
    return out


def _figure(function: Any, given: pd.Series) -> Any:
    """What one function gives; null where it fails."""
    known = inspect.signature(function).parameters
    # empyrical's omega takes `annualization` for the threshold's sake alone, which is 0.
    asked = {name: 252 for name in ("periods", "annualization") if name in known and known[name].default != 252}
    try:
        return plain(function(given, **asked))
    except ZeroDivisionError:
        return None


MAKERS = {
    "vectorbt": with_vectorbt,
    "backtesting.py": with_backtesting,
    "quantstats": lambda: of_returns("quantstats"),
    "empyrical": lambda: of_returns("empyrical"),
}


def main() -> None:
    """Make the tables of the tools named and print the whole file."""
    warnings.filterwarnings("ignore")
    kept = json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else {}
    for tool in sys.argv[1:]:
        version = importlib.metadata.version(PACKAGES.get(tool, tool))
        kept[tool] = {"version": version, "pandas": pd.__version__, "cases": MAKERS[tool]()}
    about = "printed by the tools themselves: python -m benchmarks.peers.tables " + " ".join(sorted(MAKERS))
    kept = {"provenance": about} | {tool: kept[tool] for tool in MAKERS if tool in kept}
    json.dump(kept, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
