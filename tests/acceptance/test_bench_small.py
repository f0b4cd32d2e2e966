"""The benchmarks at a small size: the JSON line, its parity, and no time without parity."""

from __future__ import annotations

import dataclasses
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import handover, market, page, pairs, sweeps, twin, universe, warm_store
from benchmarks.asked import Asked, Report, Row
from benchmarks.outcome import Outcome
from benchmarks.parity import KNOWN, UNDEFINED, compare
from benchmarks.processes import PEERS_PYTHON, EngineFailed

ROOT = Path(__file__).resolve().parent.parent.parent
LINE_KEYS = {
    "id", "seed", "first_ms", "last_ms", "bars_per_s", "peak_rss_mb", "parity", "peers", "stages_ms", "machine",
    "commit",
}  # fmt: skip
# StockCharts' own sheet for a 14-day index: closes, then the index from the 15th day on.
CLOSES = [
    44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931, 46.0328, 45.6140,
    46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439,
]  # fmt: skip
INDEX = [70.532789, 66.318562, 66.549830, 69.406305, 66.355169, 57.974856]


def run(*arguments: str) -> tuple[dict[str, Any], str]:
    """Run the benchmarks as a user does; the last line of stdout, and what was said."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments, "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    line: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return line, done.stderr


def made(seed: int = 5, instruments: int = 3, bars: int = 1500) -> tuple[handover.Handover, dict[str, Outcome]]:
    """A small market and what the twin says must come out of it."""
    return handover.make(seed, instruments, bars)


@pytest.mark.parametrize(("seed", "bars", "instruments"), [("11", "1500", "3"), ("4", "700", "1")])
def test_w5_tells_one_line_and_agrees_with_the_twin(seed: str, bars: str, instruments: str) -> None:
    peers = "raptorbt,backtesting" if PEERS_PYTHON.exists() else "none"
    line, said = run("W5", "--seed", seed, "--bars", bars, "--instruments", instruments, "--fresh", "--peers", peers)
    assert set(line) == LINE_KEYS
    assert (line["id"], line["seed"], line["parity"]) == ("W5", int(seed), "equal")
    assert line["bars_per_s"] > 0
    assert line["peak_rss_mb"] > 0
    assert set(line["peers"]) == ({"raptorbt", "backtesting"} if PEERS_PYTHON.exists() else set())
    assert all(set(peer) == {"ms", "ratio"} and peer["ms"] > 0 for peer in line["peers"].values())
    assert f"benchmarks/.stores/seed{seed}-{instruments}x{bars}" in said
    assert socket.gethostname() not in line["machine"]


def test_w1_tells_the_stages_of_a_start() -> None:
    line, _ = run("W1", "--seed", "3", "--bars", "600", "--peers", "none")
    assert set(line) == LINE_KEYS
    assert line["parity"] == "equal"
    assert set(line["stages_ms"]) == {"python", "import_tapehead", "help", "csv_import_and_first_result"}
    assert line["first_ms"] <= line["last_ms"]


@pytest.mark.parametrize(
    ("name", "instruments", "bars", "peer"), [("W2", "12", "60", "raptorbt"), ("W3", "1", "4000", "backtesting")]
)
def test_engines_alone_tell_one_line_at_any_size_and_seed(name: str, instruments: str, bars: str, peer: str) -> None:
    peers = peer if PEERS_PYTHON.exists() else "none"
    line, said = run(name, "--seed", "23", "--bars", bars, "--instruments", instruments, "--peers", peers)
    assert set(line) == LINE_KEYS
    assert (line["id"], line["seed"], line["parity"]) == (name, 23, "equal"), said
    assert line["first_ms"] > 0
    assert line["last_ms"] > 0
    assert set(line["peers"]) == ({peer} if PEERS_PYTHON.exists() else set())
    assert set(line["stages_ms"]) == {"simulate", "gather", *(["indicators"] if name == "W3" else [])}


def test_a_sweep_tells_one_line_and_agrees_with_two_twins() -> None:
    """Pairs of (a) and, with levels, of (b); the peer gets the same crossings."""
    peers = "raptorbt" if PEERS_PYTHON.exists() else "none"
    line, said = run("W4", "--seed", "5", "--bars", "900", "--instruments", "5", "--peers", peers)
    assert set(line) == LINE_KEYS
    assert (line["id"], line["parity"]) == ("W4", "equal")
    assert set(line["stages_ms"]) == {"signals", "walk", "metrics"}
    assert set(line["peers"]) == ({"raptorbt"} if PEERS_PYTHON.exists() else set())
    assert all(peer["ms"] > 0 for peer in line["peers"].values())
    assert [text.count(" equal") for text in said.splitlines() if text.startswith(("(a), ", "(b), "))] == [1, 1]


def test_a_sweep_of_another_size_counts_the_pairs_that_are_run(tmp_path: Path) -> None:
    rivals = sweeps.SweepRivals(tmp_path, (), {}, 5_000)
    assert [rivals.part(name, 100) for name in ("tapehead", "raptorbt", "backtesting")] == [5_000, 100, 20]
    assert len(set(pairs.grid(10_000))) == 10_000
    with pytest.raises(EngineFailed, match="--instruments 10000"):
        pairs.grid(10_001)


def test_a_sweep_with_one_wrong_cell_gets_no_time(tmp_path: Path) -> None:
    handed, wanted = pairs.make(5, 3, 700, ("next_open",), "b")
    handed.save(tmp_path)
    every = wanted["next_open"].every
    for name in ("sharpe", "win_rate"):
        metrics = {**every.metrics, name: moved(every.metrics[name], 2, 1e-4)}
        rivals = sweeps.SweepRivals(tmp_path, (), wanted, 3)
        row = rivals.ours("next_open", "one", dataclasses.replace(every, metrics=metrics))
        assert row.parity.startswith(f"{name} of instrument 2")
        assert (row.ms, row.cold_ms, row.stages_ms) == (None, None, {})


def test_every_fill_agrees_and_a_wrong_result_gets_no_time(tmp_path: Path) -> None:
    handed, expected = made()
    store = warm_store.warm_store(5, 3, 1500)
    handed.save(tmp_path)
    right = universe.measure_ours(store, tmp_path, "close", "one", expected["close"])
    assert right.parity == "equal"
    assert right.last_ms is not None
    wrong = universe.measure_ours(store, tmp_path, "close", "one", expected["next_open"])
    assert wrong.parity != "equal"
    assert (wrong.first_ms, wrong.last_ms, wrong.cold_ms, wrong.stages_ms) == (None, None, None, {})
    line = Report(Asked("W5"), "machine", "commit", "store", [wrong]).line()
    assert (line["first_ms"], line["last_ms"], line["bars_per_s"]) == (None, None, None)


def moved(values: Any, at: int, by: float) -> Any:
    """A copy with one value moved."""
    out = np.array(values)
    out[at] += by
    return out


def test_parity_sees_one_wrong_value_of_each_kind() -> None:
    _, expected = made()
    wanted = expected["next_open"]
    assert compare("tapehead", wanted, wanted).agrees
    changes = {name: 1.0 if name.endswith("bar") else 1e-3 for name in wanted.trades}
    for name, by in changes.items():
        trades = {**wanted.trades, name: moved(wanted.trades[name], 2, wanted.trades["quantity"].max() * by)}
        verdict = compare("tapehead", dataclasses.replace(wanted, trades=trades), wanted)
        assert not verdict.agrees
        assert verdict.text.startswith(f"{name} of trade 2")
    for name in ("total_return", "max_drawdown", "sharpe", "win_rate", "trades"):
        metrics = {**wanted.metrics, name: moved(wanted.metrics[name], 1, 1e-5)}
        verdict = compare("tapehead", dataclasses.replace(wanted, metrics=metrics), wanted)
        assert verdict.text.startswith(f"{name} of instrument 1")
    assert not compare("tapehead", dataclasses.replace(wanted, final=wanted.final * (1 + 1e-7)), wanted).agrees
    assert not compare("tapehead", dataclasses.replace(wanted, is_open=~wanted.is_open), wanted).agrees
    assert not compare("tapehead", dataclasses.replace(wanted, count=wanted.count[:2]), wanted).agrees


def test_a_known_divergence_excuses_only_its_own_size() -> None:
    _, expected = made()
    wanted = expected["next_open"]
    theirs = {**wanted.metrics, "sharpe": wanted.metrics["geometric-sharpe"]}
    verdict = compare("backtesting", dataclasses.replace(wanted, metrics=theirs), wanted)
    assert verdict.agrees
    assert list(verdict.known) == ["geometric-sharpe"]
    assert not compare("vectorbt", dataclasses.replace(wanted, metrics=theirs), wanted).agrees
    off = {**theirs, "sharpe": theirs["sharpe"] + 0.01}
    assert not compare("backtesting", dataclasses.replace(wanted, metrics=off), wanted).agrees
    names = (ROOT / "docs" / "divergences.md").read_text(encoding="utf-8")
    assert all(f"### {name}\n" in names for name in (*KNOWN.values(), UNDEFINED))


def test_the_twin_agrees_with_a_published_index() -> None:
    found = twin.wilder(CLOSES)
    assert np.isnan(found[:14]).all()
    assert np.allclose(found[14:], INDEX, atol=1e-6, rtol=0)


def test_the_twin_crosses_means_without_rounding() -> None:
    enter, leave = twin.mean_crossings([3, 3, 3, 4, 5, 3, 1, 1, 1], fast=1, slow=3)
    assert enter == [False, False, False, True, False, False, False, False, False]
    assert leave == [False, False, False, False, False, True, False, False, False]
    account = twin.walk(
        [4.0] * 4, [4.0, 4.0, 8.0, 2.0], [True, *[False] * 3], [False] * 4, fee=0, cash=4.0, at_close=True
    )
    told = twin.summary(account, 4.0)
    assert (told["total_return"], told["max_drawdown"]) == (-0.5, -0.75)
    assert told["sortino"] == pytest.approx((0.25 / 4) * twin.PERIODS_A_YEAR**0.5 / (0.75 / 2))


def test_the_twin_trades_as_a_trader_would_by_hand() -> None:
    enter, leave = twin.crossings([40.0, 30.0, 31.0, 71.0, 70.0, 69.0, 20.0])
    assert enter == [False, False, True, False, False, False, False]
    assert leave == [False, False, False, False, False, True, False]
    account = twin.walk(
        [9.0, 9.0, 9.0, 10.0, 11.0, 11.0, 20.0], [9.0, 9.0, 9.0, 10.0, 11.0, 12.0, 21.0],
        enter, leave, fee=0.25, cash=1000.0, at_close=False,
    )  # fmt: skip
    # 1000 buys 80 at 10 with a quarter on top; 80 sold at 20 less a quarter leave 1200.
    assert account.trades == [twin.Trade(3, 6, 10.0, 20.0, 80.0, 200.0)]
    assert account.equity == [1000.0, 1000.0, 1000.0, 800.0, 880.0, 960.0, 1200.0]
    assert account.opened == -1


def outcome(metrics: dict[str, np.ndarray]) -> Outcome:
    """One instrument with three trades and these metrics."""
    return Outcome(np.array([3]), {}, np.array([False]), np.array([1000.0]), metrics)


def test_a_trade_that_breaks_even_may_count_either_way_and_no_other() -> None:
    # 9.99 and 0.1 % on top is 9.99999, and so is 10.01 less 0.1 %: what is left is the last digit.
    even = twin.Trade(3, 6, 9.99, 10.01, 120.0, 2.3e-13)
    account = twin.Account([even, even._replace(profit=1.0), even._replace(profit=-1.0)], [1000.0], -1)
    assert twin.even_share(account) == pytest.approx(1 / 3)
    both = []
    for share in (twin.even_share(account), 0.0):
        wanted = outcome({"win_rate": np.array([2 / 3]), "even": np.array([share])})
        both.append(compare("tapehead", outcome({"win_rate": np.array([1 / 3])}), wanted).agrees)
    assert both == [True, False]
    none = outcome({"win_rate": np.array([2 / 3]), "even": np.array([1 / 3])})
    assert not compare("tapehead", outcome({"win_rate": np.array([0.0])}), none).agrees


def test_the_market_is_equal_for_equal_seeds_and_has_holes_and_ties() -> None:
    one, again, other = (market.columns(seed, 0, 3000) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert not np.array_equal(one.close, other.close)
    assert set(np.diff(one.ts)) > {market.HOUR_US}
    assert (np.diff(one.close) == 0).sum() > 3
    assert (one.low <= np.minimum(one.open, one.close)).all()
    assert (one.high >= np.maximum(one.open, one.close)).all()
    assert (one.low > 0).all()


def test_the_page_is_made_of_kept_results_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = Row("next_open", "all", "equal", 1.5, 20.25, 300.0, 120.0, 7, {"read": 3.25})
    kept = Report(Asked("W5", instruments=2, bars=1000), "Some CPU, 2 cores", "abc", "store", [row]).kept()
    (tmp_path / "one.json").write_text(json.dumps(kept), encoding="utf-8")
    monkeypatch.setattr(page, "PAGE", tmp_path / "page.md")
    text = page.write([tmp_path / "one.json"]).read_text(encoding="utf-8")
    assert "Some CPU, 2 cores. Commit abc, seed 7. Parity: equal." in text
    assert "| next_open | all | **tapehead** | 20.2 |" in text
    assert "0.0988 M bars/s" in text
