"""Sweeps that were killed, cancelled or left go on: no tile is scored twice, the digest is that of a whole one."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tapehead.errors import ChangedSinceError
from tapehead.jobs.replay import replay
from tapehead.library.store import Store
from tapehead.model.events import Cancelled, Completed, Started, Tiled
from tests.unit.library.market import RSI_BODY, house_of, open_market, write_strategy
from tests.unit.stores.processes import rest_of

ASKED: dict[str, Any] = {"grid": {"period": "5:10"}, "universe": "crypto", "fee": "10bps"}
SETS, SYMBOLS = range(5, 11), [f"S{k:02}" for k in range(4)]

KILLED = """
import sys
import tapehead as th

store = th.open(sys.argv[1])
asked = {"grid": {"period": "5:10"}, "universe": "crypto", "fee": "10bps"}
for number, event in store.sweep(sys.argv[2], workers=1, **asked).events():
    print(event.name, flush=True)
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_market(tmp_path / "home", symbols=4, rows=600) as store:
        yield store


def write_counted(folder: Path, gate: int | None = None) -> str:
    """Write a strategy that notes what it is asked, and that waits for the file `go` after so many answers."""
    calls, go = str(folder / "calls"), str(folder / "go")
    body = f"""\
        import os
        with open({calls!r}, "a") as calls:
            calls.write(f"{{bars.series.symbol}} {{self.period}}\\n")
        kind = type(self)
        kind.calls = getattr(kind, "calls", 0) + 1
        while {gate is not None} and kind.calls > {gate} and not os.path.exists({go!r}):
            time.sleep(0.005)
    """
    return write_strategy(folder / "mine.py", textwrap.dedent(body) + RSI_BODY)


def asked_of(folder: Path) -> list[str]:
    """What the strategy was asked so far."""
    path = folder / "calls"
    return path.read_text().splitlines() if path.exists() else []


def check_whole(store: Store, named: str, run: str, **asked: Any) -> Completed:
    """Every result is told once, numbered without a gap; digest and counts are those of a sweep nobody stopped."""
    events = [json.loads(data) for _, data in replay(house_of(store).log, run)]
    names = Counter(event["event"] for event in events)
    assert (names["started"], names["completed"]) == (1, 1)
    assert [event["id"] for event in events] == [f"{run}/{number}" for number in range(1, len(events) + 1)]
    cells = Counter((e["instrument"], e["parameters"]["period"]) for e in events if e["event"] == "result")
    assert set(cells.values()) == {1}
    done = [event for _, event in store.resume(run).events()][-1]
    whole = [event for _, event in store.sweep(named, fresh=True, **(ASKED | asked)).events()][-1]
    assert isinstance(done, Completed)
    assert isinstance(whole, Completed)
    assert (done.digest, done.count, done.failed, done.bars) == (whole.digest, whole.count, whole.failed, whole.bars)
    luck = {"trials", "trials_effective", "sharpe_deflated", "why"}
    for name in ("best", "best_robust"):
        told = [{k: v for k, v in each.found[name].items() if k not in luck} for each in (done, whole)]
        assert told[0] == told[1]
    assert store.run(run).record.count == sum(cells.values())
    return done


def test_a_killed_sweep_goes_on_and_scores_no_tile_twice(store: Store, tmp_path: Path) -> None:
    named = write_counted(tmp_path, gate=9)
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(store.home), named], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    while process.stdout.readline().strip() != "tile":
        assert process.poll() is None
    while len(asked_of(tmp_path)) < 10:
        threading.Event().wait(0.005)
    os.kill(process.pid, signal.SIGKILL)
    rest_of(process)
    before = asked_of(tmp_path)
    assert Counter(before[:6]) == Counter(f"{before[0][:3]} {period}" for period in SETS)
    (tmp_path / "go").touch()
    (tmp_path / "calls").unlink()
    run = store.runs()[0].run
    assert store.runs()[0].count == 6
    taken = store.resume(run)
    asked: list[str] = []
    for _, event in taken.events():
        if isinstance(event, Tiled):
            asked = asked_of(tmp_path)
    assert Counter(before[:6] + asked) == Counter(f"{symbol} {period}" for symbol in SYMBOLS for period in SETS)
    check_whole(store, named, run)
    assert store.verify(run, apart=False).verdict == "identical"


@pytest.mark.parametrize("search", ["grid", "halving"])
def test_a_sweep_taken_up_twice_is_whole(store: Store, tmp_path: Path, search: str) -> None:
    named = write_counted(tmp_path)
    how = {"search": search} | ({} if search == "grid" else {"budget": 6})
    run = store.sweep(named, executor="serial", **ASKED, **how)
    for stop in (1, 2):
        tiles = 0
        for _, event in run.events():
            tiles += isinstance(event, Tiled)
            if tiles == stop:
                break
        run.close()
        assert run.record.state == "cancelled"
        resumed = store.resume(run.id, executor="serial")
        assert isinstance(resumed, type(run))
        run = resumed
    told = [event for _, event in run.events()]
    assert isinstance(told[0], Started)
    check_whole(store, named, run.id, **how)


def test_a_sweep_cancelled_while_it_is_weighed_is_not_complete(store: Store, tmp_path: Path) -> None:
    named = write_counted(tmp_path)
    run = store.sweep(named, executor="serial", **ASKED)
    ended = None
    for _, event in run.events():
        ended = event
        if isinstance(event, Tiled) and event.tile.instrument == f"test:{SYMBOLS[-1]}":
            run.cancel()
    assert isinstance(ended, Cancelled)
    assert (run.record.state, ended.count) == ("cancelled", len(SETS) * len(SYMBOLS))
    (tmp_path / "calls").unlink()
    done = [event for _, event in store.resume(run.id, executor="serial").events()][-1]
    assert isinstance(done, Completed)
    assert done.found["overfitting"]["splits"] > 0
    assert done.stages_ms["signals"] > 0.0
    check_whole(store, named, run.id)


def test_another_optuna_goes_on_with_no_search_and_is_told_of(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = write_counted(tmp_path)
    how: dict[str, Any] = {"search": "bayes", "budget": 4}
    whole = store.sweep(named, executor="serial", **ASKED, **how)
    receipt = whole.receipt
    assert receipt is not None
    assert receipt.versions["optuna"] == version("optuna")
    left = store.sweep(named, executor="serial", fresh=True, **ASKED, **how)
    assert any(isinstance(event, Tiled) for _, event in left.events())
    left.close()
    other = tmp_path / "other" / "optuna-0.1.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: optuna\nVersion: 0.1\n")
    monkeypatch.syspath_prepend(other.parent)
    with pytest.raises(ChangedSinceError, match="the engine, or Optuna, changed since it began"):
        store.resume(left.id)
    told = store.verify(whole.id, apart=False)
    assert told.verdict == "identical"
    assert [word.partition(":")[0] for word in told.changed] == [
        f"Optuna, which was {receipt.versions['optuna']} and is 0.1"
    ]


def test_a_cancelled_sweep_keeps_its_tiles(store: Store, tmp_path: Path) -> None:
    named = write_counted(tmp_path)
    run = store.sweep(named, executor="serial", **ASKED)
    for result in run:
        if result.instrument == "test:S01":
            run.cancel()
    record = run.record
    assert (record.state, record.count) == ("cancelled", 12)
    assert len(list(store.run(run.id))) == 12
    assert len(store.run(run.id).results("sharpe", 5)) == 5
