"""Monthly weights on thirty stocks of the S&P 500, through the engine, vectorbt's cash sharing and bt, to the cent."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from math import nan
from pathlib import Path
from typing import Any

import pytest

from benchmarks.processes import PEERS_PYTHON, run_json
from tests.oracles.portfolio import Instrument, equal_weights, rebalancing
from tests.oracles.trading import DAY_US, Settings, Table, Wishes
from tests.parity.legs import walk

STOCKS = 30
LOOK_BACK = 126
CENT = 0.005
CASES = [(best, fee) for best in (None, 5) for fee in (0.0, 0.001)]
"""All alike, and the five that rose most in half a year; without charges, and with 10 bps."""

Question = dict[str, Any]


@pytest.fixture(scope="module")
def stocks(shared_data: Callable[[str], Path]) -> tuple[list[str], dict[str, Table]]:
    """Days, and bars by name, of the first stocks that miss no day."""
    rows: dict[str, dict[str, dict[str, str]]] = {}
    with gzip.open(shared_data("equities/sp500_all_stocks_5yr_2013-2018.csv.gz"), "rt") as lines:
        for row in csv.DictReader(lines):
            if all(row[name] for name in ("open", "high", "low", "close")):
                rows.setdefault(row["Name"], {})[row["date"]] = row
    most = max(map(len, rows.values()))
    names = [name for name in sorted(rows) if len(rows[name]) == most][:STOCKS]
    days = sorted(rows[names[0]])
    stamps = [int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1_000_000 for day in days]
    tables = {}
    for name in names:
        prices = {each: [float(rows[name][day][each]) for day in days] for each in ("open", "high", "low", "close")}
        tables[name] = Table(stamps, **prices, traded=[True] * most, step=list(range(most)), interval=DAY_US)
    return days, tables


def portfolio(tables: dict[str, Table], best: int | None, fee: float) -> list[Instrument]:
    """Equal weights at the last close of each month, of all or of the best by what they gained."""
    out = []
    for name, table in tables.items():
        then = [nan] * LOOK_BACK + table.close[:-LOOK_BACK]
        rank = [now / before - 1 for now, before in zip(table.close, then, strict=True)] if best else ()
        settings, held = Settings(fill="close", fee=fee), Wishes(target=[1.0] * len(table.ts))
        out.append(Instrument(name, table, held, settings, rank=rank, decides=rebalancing(table.ts, "month")))
    lines = equal_weights(out, "month", best)
    for one in out:
        target, one.decides = lines[one.symbol]
        one.wishes = Wishes(target=target)
    return out


def question(days: list[str], instruments: list[Instrument], fee: float) -> Question:
    """The same in words that the others understand: a weight on each date, nothing between."""
    weights = {
        one.symbol: [w if says else None for w, says in zip(one.wishes.target, one.decides, strict=True)]
        for one in instruments
    }
    close = {one.symbol: one.table.close for one in instruments}
    return {"close": close, "weights": weights, "days": days, "fee": fee, "cash": 10_000.0}


@pytest.fixture(scope="module")
def found(
    stocks: tuple[list[str], dict[str, Table]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[list[float]]]:
    """Value of the account at each close of each case, by tool."""
    if not PEERS_PYTHON.exists():
        pytest.skip("needs .venv-peers: benchmarks/setup_peers.sh peers")
    days, tables = stocks
    made = [(portfolio(tables, best, fee), fee) for best, fee in CASES]
    file = tmp_path_factory.mktemp("peers") / "questions.json"
    file.write_text(json.dumps([question(days, each, fee) for each, fee in made]), encoding="utf-8")
    out = {"tapehead": [walk(each).equity.tolist() for each, _ in made]}
    for tool in ("vectorbt", "bt"):
        out[tool] = run_json([PEERS_PYTHON, "-m", f"benchmarks.peers.portfolio_{tool}", file])["values"]
    return out


class Plain:
    """An account that trades at closes, to be told how by a rule."""

    def __init__(self, asked: Question) -> None:
        self.asked, self.fee, self.cash = asked, float(asked["fee"]), float(asked["cash"])
        self.units = dict.fromkeys(asked["close"], 0.0)

    def values(self, rule: Callable[[Plain, dict[str, float], dict[str, float]], None]) -> list[float]:
        """The account after each close; `rule` gets prices and weights of a date."""
        out = []
        for t in range(len(self.asked["days"])):
            price = {name: line[t] for name, line in self.asked["close"].items()}
            weights = {name: line[t] for name, line in self.asked["weights"].items() if line[t] is not None}
            if weights:
                rule(self, price, weights)
            out.append(self.value(price))
        return out

    def value(self, price: dict[str, float]) -> float:
        """Cash and shares."""
        return self.cash + sum(units * price[name] for name, units in self.units.items())

    def apart(self, price: dict[str, float], weights: dict[str, float], whole: float) -> dict[str, float]:
        """What each lacks, in money, for its weight of `whole`."""
        return {name: weight * whole - self.units[name] * price[name] for name, weight in weights.items()}

    def trade(self, name: str, units: float, price: float) -> None:
        """Buy, or sell where units are below 0."""
        self.cash -= units * price + self.fee * abs(units) * price
        self.units[name] += units


def by_us(account: Plain, price: dict[str, float], weights: dict[str, float]) -> None:
    """P7: weights of what is left after all charges."""
    before = after = account.value(price)
    for _ in range(60):
        after = before - account.fee * sum(abs(x) for x in account.apart(price, weights, after).values())
    for name, money in account.apart(price, weights, after).items():
        account.trade(name, money / price[name], price[name])


def by_vectorbt(account: Plain, price: dict[str, float], weights: dict[str, float]) -> None:
    """Weights of what there was before; sold first, bought from the smallest on, the last as far as cash goes."""
    apart = account.apart(price, weights, account.value(price))
    for name in sorted(apart, key=lambda name: apart[name]):
        units = apart[name] / price[name]
        account.trade(
            name, min(units, account.cash / (price[name] * (1 + account.fee))) if units > 0 else units, price[name]
        )


def by_bt(account: Plain, price: dict[str, float], weights: dict[str, float]) -> None:
    """Weights of what there was before; each charge is part of the money of its own order."""
    for name, money in account.apart(price, weights, account.value(price)).items():
        units = money / (price[name] * (1 + account.fee if money > 0 else 1 - account.fee))
        account.trade(name, -account.units[name] if weights[name] == 0 else units, price[name])


RULES = {"tapehead": by_us, "vectorbt": by_vectorbt, "bt": by_bt}


def furthest(one: list[float], other: list[float]) -> float:
    """Greatest difference at any close."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def test_without_charges_all_three_agree(found: dict[str, list[list[float]]]) -> None:
    for case, (_, fee) in enumerate(CASES):
        if fee == 0:
            assert furthest(found["vectorbt"][case], found["tapehead"][case]) < 1e-6
            assert furthest(found["bt"][case], found["tapehead"][case]) < 1e-6
            assert found["tapehead"][case][-1] > 20_000


def test_with_charges_each_follows_its_rule_to_the_cent(
    found: dict[str, list[list[float]]], stocks: tuple[list[str], dict[str, Table]]
) -> None:
    """So what is between them is between their rules, and it is more than a cent."""
    for case, (best, fee) in enumerate(CASES):
        asked = question(stocks[0], portfolio(stocks[1], best, fee), fee)
        for tool, rule in RULES.items():
            assert furthest(found[tool][case], Plain(asked).values(rule)) < CENT, tool
        if fee:
            assert furthest(found["vectorbt"][case], found["tapehead"][case]) > 10 * CENT
            assert furthest(found["bt"][case], found["tapehead"][case]) > 10 * CENT
