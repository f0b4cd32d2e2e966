"""W7 at a small size: its JSON line, lines that agree with their definitions, and no time for one that does not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import exact, indicators, lines, market, page
from benchmarks.asked import Asked
from benchmarks.indicator_report import Engine, IndicatorReport, Measured, Row, restored
from benchmarks.processes import PEERS_PYTHON
from tests.acceptance.test_bench_small import LINE_KEYS, moved, run
from tests.oracles import indicators as oracle


def handed(folder: Path, bars: int = 300) -> market.Columns:
    """Columns on a tick, written for the engines."""
    made = market.columns(3, 0, bars)
    for name in lines.PRICES:
        np.save(folder / f"{name}.npy", getattr(made, name))
    return made


def test_w7_tells_one_line_and_agrees_with_every_definition() -> None:
    peers = "talib" if PEERS_PYTHON.exists() else "none"
    line, said = run("W7", "--seed", "11", "--bars", "900", "--peers", peers)
    assert set(line) == LINE_KEYS | {"errors"}
    assert (line["id"], line["seed"], line["parity"]) == ("W7", 11, "equal"), said
    assert set(line["stages_ms"]) == set(line["errors"]) == set(lines.LINES)
    assert all(ms > 0 for ms in line["stages_ms"].values())
    assert max(line["errors"].values()) < 1e-11
    assert set(line["peers"]) == ({"talib"} if PEERS_PYTHON.exists() else set())
    assert all(peer["ms"] > 0 for peer in line["peers"].values())


def test_the_definitions_are_those_of_the_oracles(tmp_path: Path) -> None:
    """Two plain forms of each, one in decimals and one in fractions or floats, written apart."""
    made = handed(tmp_path)
    high, low, close, volume = (values.tolist() for values in (made.high, made.low, made.close, made.volume))
    trend, rising = oracle.supertrend(high, low, close, 10, 3.0)
    wanted = {
        "sma": [oracle.sma(close, 20)],
        "ema": [oracle.ema(close, 20)],
        "wma": [oracle.wma(close, 20)],
        "rsi": [oracle.rsi_wilder(close, 14)],
        "rsi_simple": [oracle.rsi_simple(close, 14)],
        "macd": oracle.macd(close, 12, 26, 9),
        "bollinger": oracle.bollinger(close, 20, 2.0),
        "std": [oracle.std(close, 20)],
        "volatility": [oracle.volatility(close, 20)],
        "roc": [oracle.roc(close, 10)],
        "true_range": [oracle.true_range(high, low, close)],
        "atr": [oracle.atr(high, low, close, 14)],
        "adx-floats": oracle.adx(high, low, close, 14),
        "donchian": oracle.donchian(high, low, 20),
        "keltner": oracle.keltner(high, low, close, 20, 10, 2.0),
        "stochastic": oracle.stochastic(high, low, close, 14, 3, 3),
        "supertrend": [trend, [float(up) for up in rising]],
        "obv": [oracle.obv(close, volume)],
        "vwap": [oracle.vwap(high, low, close, volume)],
        "vwap_rolling": [oracle.vwap_rolling(high, low, close, volume, 20)],
    }
    named = {name.removesuffix("-floats") for name in wanted}
    assert named == set(lines.LINES) - set(exact.TWINS), "of the others the oracle itself is in decimals"
    exact.write(tmp_path, named)
    for name, found in wanted.items():
        held = np.load(tmp_path / f"exact-{name}.npy")
        np.testing.assert_allclose(np.array(found), held, rtol=1e-9, atol=1e-9, err_msg=name)


def test_a_wrong_line_gets_no_time(tmp_path: Path) -> None:
    handed(tmp_path)
    exact.write(tmp_path, ["macd", "adx"])
    right = np.load(tmp_path / "exact-macd.npy")
    assert indicators.judged("talib", "macd", right, tmp_path) == Measured("equal", error=0.0, at="line of bar 0")
    wrong = indicators.judged("talib", "macd", moved(right, (1, 100), right[1, 100] + 1.0), tmp_path)
    assert wrong.parity.startswith("macd, signal of bar 100: ")
    late = right.copy()
    late[0, :33] = np.nan
    assert indicators.judged("talib", "macd", late, tmp_path).known == {"begins-later": "line by 8 bars"}
    assert indicators.judged("tapehead", "macd", late, tmp_path).parity == "macd, line: nothing on bar 25"
    hole = moved(right, (2, 150), np.nan)
    assert indicators.judged("talib", "macd", hole, tmp_path).parity == "macd, histogram: nothing on bar 150"
    early = right.copy()
    early[0, 24] = 1.0
    assert indicators.judged("talib", "macd", early, tmp_path).parity == "macd, line: begins on bar 24, too early"
    ties = np.load(tmp_path / "exact-adx-floats.npy")
    assert indicators.judged("talib", "adx", ties, tmp_path).error == 0.0
    names = (Path(page.__file__).parent.parent / "docs" / "divergences.md").read_text(encoding="utf-8")
    assert all(f"### {name}\n" in names for name in {*indicators.CAUSES.values(), "tied-moves", "begins-later"})


def test_a_miss_stands_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"tapehead": Measured("equal", 8.0, 9, 1e-15), "talib": Measured("equal", 4.0, 9, 0.0)}
    row = Row("ticked", {"tapehead": Engine(900.0, 120.0), "talib": Engine(300.0, 60.0)}, {"sma": told})
    report = IndicatorReport(Asked("W7", bars=1_000_000), "Some CPU, 2 cores", "abc", [row])
    kept = json.loads(json.dumps(report.kept()))
    assert restored(kept) == report
    (tmp_path / "one.json").write_text(json.dumps(kept), encoding="utf-8")
    monkeypatch.setattr(page, "PAGE", tmp_path / "page.md")
    text = page.write([tmp_path / "one.json"]).read_text(encoding="utf-8")
    assert "| sma | 8 | 125 | 1e-15 | 4 | 0.5 | 0 | ≤ 1.1 × TA-Lib, missed: 2.00; ≥ 150 M, missed |" in text
    row.indicators["sma"]["tapehead"] = Measured("sma differs")
    line = report.line()
    assert (line["last_ms"], line["bars_per_s"], line["parity"]) == (None, None, "sma differs")
