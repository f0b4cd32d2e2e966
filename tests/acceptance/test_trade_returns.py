"""The return of a trade is one number: in the terminal and its CSV, over HTTP, in Python, tear sheet and metrics."""

import csv
import io
import math
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tapehead as th
from tapehead.api.wire.results import ResultDetail
from tapehead.model.instrument import Instrument
from tapehead.model.pooling import ACCOUNT
from tapehead.model.trades import Trades, without_rates
from tests.acceptance.http_answers import client, told
from tests.acceptance.program import tapehead
from tests.serving import Served, serving_here
from tests.unit.library.market import columns_of, house_of, put

MINE = """
import numpy as np
from tapehead import Signals, strategy

@strategy
class Mine:
    def signals(self, bars):
        at = np.arange(len(bars)) % 7
        return Signals(enter=at == 1, leave=at == 3)
"""
RATE = [1.0 + 0.1 * (k % 3) for k in range(60)]
RUNS = {"foreign": [ACCOUNT, "test:AAA", "test:BBB"], "domestic": [ACCOUNT, "test:BBB"], "single": ["test:BBB"]}


def hourly(prices: list[float]) -> Any:
    """Columns of bars of an hour each, of one price."""
    return columns_of(len(prices)) | {name: np.array(prices) for name in ("open", "high", "low", "close")}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Served, dict[str, str]]]:
    folder = tmp_path_factory.mktemp("returns")
    (folder / "mine.py").write_text(MINE)
    walk = (10.0 + np.cumsum(np.random.default_rng(5).normal(0.0, 0.1, 60))).tolist()
    with th.open(folder / "home") as store:
        many = [
            (Instrument("test", "AAA", quote="USD"), hourly(walk)),
            (Instrument("test", "BBB", quote="EUR", multiplier=50.3), hourly(walk[::-1])),
            (Instrument("fx", "USDEUR", quote="EUR"), hourly(RATE)),
        ]
        put(house_of(store), many)
        mine, words = f"{folder / 'mine.py'}:Mine", {"size": "10%", "fee": "3bps"}
        runs = {
            "foreign": store.portfolio(mine, symbols=["AAA", "BBB"], currency="EUR", **words).wait().id,
            "domestic": store.portfolio(mine, symbols=["BBB"], currency="EUR", **words).wait().id,
            "single": store.backtest(mine, symbols=["BBB"], **words).wait().id,
        }
    with serving_here(folder / "home") as served:
        yield folder / "home", served, runs


@pytest.mark.parametrize("what", RUNS)
def test_every_surface_tells_one_return_of_a_trade(kept: tuple[Path, Served, dict[str, str]], what: str) -> None:
    home, served, runs = kept
    run = runs[what]
    for name in RUNS[what]:
        with th.open(home) as store, client(served.url) as http:
            trades, body = store.run(run)[name].trades, told(http.get(f"/runs/{run}/results/{name}"), ResultDetail)
            table, metrics = store.run(run).trades(), store.run(run)[name].metrics
            gains = [store.run(run).account(name).gains.tolist()] if what == "single" or name == ACCOUNT else []
        assert trades is not None
        names = trades.columns().get("instrument", np.full(len(trades), name))
        point = np.where(names == "test:BBB", 50.3, 1.0)
        rate = np.ones(len(trades)) if trades.entry_rate is None else trades.entry_rate
        assert set(rate[names == "test:AAA"].round(9)) == ({1.0, 1.1, 1.2} if "test:AAA" in names else set())
        want = (trades.profit / (trades.entry_price * trades.quantity * point * rate)).tolist()
        found = [[row["return"] for row in body["trades"]], *gains]
        for words in ((), ("--server", served.url)):
            ended = tapehead(*words, "show", run, name, "--trades", "--csv", home=None if words else home)
            found.append([float(row["return"]) for row in csv.DictReader(io.StringIO(ended.out))])
        found.append(
            [row["return"] for row in tapehead("show", run, name, "--trades", "--json", home=home).document["trades"]]
        )
        if name != ACCOUNT:
            found.append(table["return"][table.instrument == name].tolist())
        assert len(want) > 5
        assert [each == want for each in found] == [True] * len(found), (name, want, found)
        assert (metrics.best_trade_return, metrics.worst_trade_return) == (max(want), min(want))
        assert metrics.expectancy_return == pytest.approx(math.fsum(want) / len(want), rel=1e-12)


def test_a_rate_that_an_older_one_did_not_keep_is_not_known(
    kept: tuple[Path, Served, dict[str, str]], tmp_path: Path
) -> None:
    home, run = tmp_path / "home", kept[2]["foreign"]
    shutil.copytree(kept[0], home)
    with sqlite3.connect(home / "runs.db") as database:
        for at, data in database.execute("SELECT rowid, trades FROM results WHERE run = ?", (run,)).fetchall():
            older = without_rates(Trades.from_bytes(data)).to_bytes()
            assert older != data or data[:1] == b"\x02"
            database.execute("UPDATE results SET trades = ? WHERE rowid = ?", (older, at))
    with th.open(home) as store:
        made = store.run(run)
        assert made.verify().verdict == "identical"
        table = made.trades()
        assert np.isnan(table["return"][table.instrument == "test:AAA"]).all()
        assert np.isfinite(table["return"][table.instrument == "test:BBB"]).all()
        made.report(tmp_path / "sheet.html", ACCOUNT)
    shown = tapehead("show", run, ACCOUNT, "--trades", "--json", home=home).document["trades"]
    assert {row["instrument"] for row in shown if row["return"] is None} == {"test:AAA"}
    assert {row["instrument"] for row in shown if row["return"] is not None} == {"test:BBB"}
    lines = tapehead("show", run, "AAA", "--trades", home=home).out.splitlines()
    assert [" - " in line for line in lines[3:5]] == [True, True], lines
    rows = re.findall(r"<tr data-trade.*?</tr>", (tmp_path / "sheet.html").read_text(encoding="utf-8"))
    assert len(rows) == len(shown)
    assert all(("<td>\N{EN DASH}</td>" in row) == ("<bdi>AAA</bdi>" in row) for row in rows), rows[:2]
