"""compare and verify: every stored fact of a run is made again; what was tampered with is told first."""

import json
import sqlite3
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tapehead.caches.behind import BehindTier
from tapehead.jobs.verify import DIFFERS, IDENTICAL, SAME_DECISIONS, compare
from tapehead.library.run import Run
from tapehead.library.store import Store
from tapehead.library.verify import VerificationError
from tapehead.model.instrument import Instrument
from tapehead.model.result import Metrics, RunResult
from tapehead.testing.samples import YEAR_2021
from tests.unit.library.market import HOUR_US, RSI_BODY, columns_of, house_of, open_market, put, write_strategy

ASKED: dict[str, Any] = {"universe": "crypto", "fee": "10bps"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_market(tmp_path / "home", symbols=3) as store:
        yield store


@pytest.fixture
def run(store: Store) -> Run:
    return store.backtest("RsiReversion", **ASKED).wait()


def results_of(run: Run) -> dict[str, RunResult]:
    return {result.instrument: result for result in run}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunResult]:
    """Results of a run that no test changes."""
    with open_market(tmp_path_factory.mktemp("kept") / "home", symbols=3) as store:
        return results_of(store.backtest("RsiReversion", **ASKED).wait())


def test_equal_results_are_identical(kept: dict[str, RunResult]) -> None:
    assert compare(kept, {name: replace(each, run="other", elapsed_us=9) for name, each in kept.items()}) == (
        IDENTICAL,
        "",
    )


def next_up(value: float, steps: int) -> float:
    """`value` moved by units in the last place, away from zero."""
    return struct.unpack("<d", struct.pack("<q", struct.unpack("<q", struct.pack("<d", value))[0] + steps))[0]


@pytest.mark.parametrize(("steps", "verdict"), [(1, SAME_DECISIONS), (4, SAME_DECISIONS), (5, DIFFERS)])
def test_metrics_may_lie_four_ulp_apart(kept: dict[str, RunResult], steps: int, verdict: str) -> None:
    old = kept["test:S01"]
    sharpe = old.metrics["sharpe"]
    assert sharpe is not None
    near = replace(old, metrics=Metrics({**old.metrics, "sharpe": next_up(sharpe, steps)}))
    found, first = compare(kept, {**kept, "test:S01": near})
    assert found == verdict
    assert first == f"test:S01: sharpe was {sharpe!r}, is {near.metrics['sharpe']!r}"


def test_a_later_difference_outweighs_an_earlier_nearness(kept: dict[str, RunResult]) -> None:
    first, second = kept["test:S00"], kept["test:S02"]
    sharpe, cagr = first.metrics["sharpe"], second.metrics["calmar"]
    made = {
        **kept,
        "test:S00": replace(first, metrics=Metrics({**first.metrics, "sharpe": next_up(sharpe or 0.0, 1)})),
        "test:S02": replace(second, metrics=Metrics({**second.metrics, "calmar": 3.0})),
    }
    assert compare(kept, made) == (DIFFERS, f"test:S02: calmar was {cagr!r}, is 3.0")


def changed(result: RunResult, name: str) -> RunResult:
    """The result with one fact changed."""
    trades = result.trades
    assert trades is not None
    if name.startswith("trades."):
        column = name.partition(".")[2]
        values = getattr(trades, column).copy()
        values[-1] = values[-1] + 1 if values.dtype.kind != "b" else not values[-1]
        return replace(result, trades=replace(trades, **{column: values}))
    values = {
        "metrics": Metrics({**result.metrics, "trades": 1.0 + (result.metrics["trades"] or 0.0)}),
        "nothing": Metrics({**result.metrics, "sharpe": None}),
        "zero": Metrics({**result.metrics, "fees_paid": -0.0}),
        "equity": np.append(result.equity[:-1], result.equity[-1] + 1.0),
        "shorter": result.equity[:-1],
        "final_equity": next_up(result.final_equity, 1),
        "flags": (*result.flags, "odd"),
        "why": {**result.why, "sharpe": "too_short"},
        "bars": result.bars + 1,
        "first": result.first + 1,
        "last": result.last - 1,
        "interval": "4h",
        "parameters": {**result.parameters, "period": 15},
        "segments": result.segments[::-1][1:],
        "decisions": bytes(32),
    }[name]
    return replace(result, **{{"nothing": "metrics", "zero": "metrics", "shorter": "equity"}.get(name, name): values})


FACTS = "metrics nothing equity shorter final_equity flags why bars first last interval parameters segments decisions"
COLUMNS = "side entry_bar exit_bar entry_price exit_price quantity fees profit worst best reason ambiguous across_gap"


@pytest.mark.parametrize("name", [*FACTS.split(), *(f"trades.{column}" for column in COLUMNS.split())])
def test_no_fact_can_change_unseen(kept: dict[str, RunResult], name: str) -> None:
    other = {**kept, "test:S01": changed(kept["test:S01"], name)}
    for old, new in ((kept, other), (other, kept)):
        verdict, first = compare(old, new)
        assert verdict == DIFFERS
        assert first.startswith("test:S01: ")
        if name.startswith("trades."):
            assert f": {name.partition('.')[2]} was " in first


def test_minus_zero_is_not_zero(store: Store) -> None:
    kept = results_of(store.backtest("RsiReversion", universe="crypto").wait())
    assert kept["test:S00"].metrics["fees_paid"] == 0.0
    assert compare(kept, {**kept, "test:S00": changed(kept["test:S00"], "zero")})[0] != IDENTICAL


def test_results_that_are_missing_or_too_many(kept: dict[str, RunResult]) -> None:
    less = {name: each for name, each in kept.items() if name != "test:S01"}
    assert compare(kept, less) == (DIFFERS, "test:S01: kept but not made again.")
    assert compare(kept, less, {"test:S01": "Its segment is gone."}) == (
        DIFFERS,
        "test:S01: kept but not made again. Its segment is gone.",
    )
    assert compare(less, kept) == (DIFFERS, "test:S01: made again but not kept")


def test_a_fresh_process_finds_it_identical(store: Store, run: Run) -> None:
    found = run.verify()
    assert (found.verdict, found.compared, found.first_difference, found.changed) == (IDENTICAL, 3, "", ())
    assert run.receipt is not None
    assert found.digest == run.receipt.digest
    assert found.to_json()["schema"] == "tapehead.verify/1"


def tampered(store: Store, statement: str, *values: Any) -> None:
    connection = sqlite3.connect(store.home / "runs.db")
    with connection:
        assert connection.execute(statement, values).rowcount == 1
    connection.close()


def edit(store: Store, run: Run, column: str, change: Callable[[Any], Any]) -> None:
    connection = sqlite3.connect(store.home / "runs.db")
    where = "WHERE run = ? AND instrument = 'test:S01'"
    (value,) = connection.execute(f"SELECT {column} FROM results {where}", (run.id,)).fetchone()  # noqa: S608 - words of this test
    connection.close()
    tampered(store, f"UPDATE results SET {column} = ? {where}", change(value), run.id)  # noqa: S608 - words of this test


def test_stored_bytes_that_were_changed_are_told(store: Store, run: Run) -> None:
    edits: dict[str, Callable[[Any], Any]] = {
        "metrics": lambda text: json.dumps({**json.loads(text), "sharpe": 9.5}),
        "flags": lambda text: json.dumps([*json.loads(text), "odd"]),
        "equity": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
        "final_equity": lambda value: value + 0.01,
        "trades": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
        "decisions": lambda data: bytes([data[0] ^ 1]) + data[1:],
        "bars": lambda value: value + 1,
    }
    for column, change in edits.items():
        kept: list[Any] = []
        edit(store, run, column, lambda value, kept=kept, change=change: (kept.append(value), change(value))[1])
        found = store.verify(run.id, apart=False)
        assert (found.verdict, found.first_difference[:10]) == (DIFFERS, "test:S01: "), column
        edit(store, run, column, lambda _, kept=kept: kept[0])
    assert store.verify(run.id, apart=False).verdict == IDENTICAL


def test_a_changed_receipt_or_request_is_told(store: Store, run: Run) -> None:
    assert run.receipt is not None
    text = json.dumps(run.receipt.to_json())
    tampered(store, "UPDATE runs SET receipt = ? WHERE run = ?", text.replace('"digest": "', '"digest": "0'), run.id)
    found = store.verify(run.id, apart=False)
    assert found.verdict == DIFFERS
    assert found.first_difference.startswith("the digest was 0")
    tampered(store, "UPDATE runs SET spec = replace(spec, '\"period\":14', '\"period\":15') WHERE run = ?", run.id)
    found = store.verify(run.id, apart=False)
    assert found.verdict == DIFFERS
    assert found.changed == ("the canonical spec",)


def test_a_strategy_that_changed_is_named(store: Store, tmp_path: Path) -> None:
    named = write_strategy(tmp_path / "mine.py", RSI_BODY)
    run = store.backtest(named, **ASKED).wait()
    write_strategy(tmp_path / "mine.py", "# the same, said again\n" + RSI_BODY)
    found = store.verify(run.id, apart=False)
    assert (found.verdict, found.changed) == (IDENTICAL, ("the source of mine.py:Mine",))
    write_strategy(tmp_path / "mine.py", RSI_BODY.replace("30.0", "31.0"))
    found = store.verify(run.id, apart=False)
    assert (found.verdict, found.changed) == (DIFFERS, ("the source of mine.py:Mine",))
    write_strategy(tmp_path / "mine.py", RSI_BODY)
    assert store.verify(run.id).changed == ()


def test_later_commits_and_lists_change_no_verdict(store: Store) -> None:
    store.create_universe("mine", ["S00", "S01"])
    run = store.backtest("RsiReversion", universe="mine").wait()
    put(house_of(store), [(Instrument("test", "NEW"), columns_of(500, seed=40))])
    put(house_of(store), [(Instrument("test", "S00"), columns_of(2_000, seed=41))])
    store.create_universe("mine", ["S02", "NEW"])
    found = store.verify(run.id, apart=False)
    assert (found.verdict, found.compared, found.changed) == (IDENTICAL, 2, ())
    store.delete_universe("mine")
    assert store.verify(run.id, apart=False).verdict == IDENTICAL


def test_who_failed_then_still_says_when_the_range_ends(store: Store, tmp_path: Path) -> None:
    put(house_of(store), [(Instrument("test", "LATE"), columns_of(100, first=4_000))])
    body = (
        "if bars.series.symbol == 'LATE':\n    raise ValueError('not this one')\nreturn Signals(enter=bars.close > 0)\n"
    )
    run = store.backtest(write_strategy(tmp_path / "mine.py", body), **ASKED).wait()
    assert all("delisted" in result.flags for result in run)
    found = store.verify(run.id, apart=False)
    assert (found.verdict, found.compared) == (IDENTICAL, 3)


def test_a_range_with_warm_up_is_made_again(store: Store) -> None:
    start = YEAR_2021 + 900 * HOUR_US
    run = store.backtest("SmaCross", start=start, end=start + 500 * HOUR_US, symbols=["S00", "S02"]).wait()
    assert store.verify(run.id, apart=False).verdict == IDENTICAL


def test_caches_are_not_asked(store: Store, run: Run) -> None:
    for tier in store.house.kept:
        assert isinstance(tier, BehindTier)
        tier.flush()
    spoiled = [path for path in (store.home / "hot").rglob("*") if path.is_file() and len(path.name) == 64]
    assert spoiled
    for path in spoiled:
        path.write_bytes(bytes(path.stat().st_size))
    assert store.verify(run.id).verdict == IDENTICAL


def test_a_damaged_segment_is_told(store: Store, run: Run) -> None:
    segment = next(iter((store.home / "segments").rglob("*.parquet")))
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.chmod(0o644)
    segment.write_bytes(bytes(data))
    found = store.verify(run.id, apart=False)
    assert found.verdict == DIFFERS
    assert "kept but not made again" in found.first_difference
    assert "damaged" in found.first_difference


def test_only_a_completed_run_can_be_made_again(store: Store) -> None:
    run = store.backtest("RsiReversion", **ASKED)
    next(iter(run))
    run.close()
    for apart in (True, False):
        with pytest.raises(VerificationError, match="it is cancelled"):
            store.verify(run.id, apart=apart)
