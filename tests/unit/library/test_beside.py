"""Runs of strategies that read other series: alike wherever they run, made again to the bit, and held to the past."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tapehead
from tapehead.errors import NoReferenceError, ParameterError
from tapehead.library.store import Store
from tests.serving import serving_here
from tests.unit.library.market import open_market, write_strategy

START = "2021-02-01"
PAIRS: dict[str, Any] = {"reference": "S00", "period": 30, "entry": 1.0}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_market(tmp_path_factory.mktemp("beside") / "home", symbols=4, rows=3_000) as store:
        yield store


def write(folder: Path, body: str, needs: str) -> str:
    """A strategy file that reads what `needs` says."""
    extra = f"\ndef needs(self):\n    from tapehead import Need\n    return [{needs}]\n"
    return write_strategy(folder / "reads.py", body, extra=extra)


@pytest.mark.parametrize(
    ("strategy", "parameters"),
    [("PairsSpread", PAIRS), ("FaberTiming", {"period": 5}), ("RelativeStrength", {"reference": "test:S01"})],
)
def test_it_is_the_same_wherever_it_runs(store: Store, strategy: str, parameters: dict[str, Any]) -> None:
    asked: dict[str, Any] = {"start": START, "fresh": True, **parameters}
    run = store.backtest(strategy, executor="threads", **asked).wait()
    assert sum(result.metrics.trades or 0 for result in run) > 0
    other = store.backtest(strategy, executor="processes", workers=2, **asked).wait()
    assert run.receipt is not None
    assert other.receipt is not None
    assert run.receipt.digest == other.receipt.digest
    assert run.look_ahead is not None
    assert (run.look_ahead["found"], run.look_ahead["cuts"] > 0) == (False, True)
    assert store.verify(run.id, apart=False).verdict == "identical"
    assert len(run.equity("S02")["equity"]) > 1_000
    named = [f"test:{parameters['reference'][-3:]} 1h"] if "reference" in parameters else []
    assert list(run.receipt.references) == named
    name = next(iter(parameters))
    swept = store.sweep(strategy, grid={name: [parameters[name]], "period": [5, 30]}, start=START, parameters={})
    swept.wait()
    assert store.verify(swept.id, apart=False).verdict == "identical"


def test_a_service_runs_it_alike(store: Store) -> None:
    here = store.backtest("PairsSpread", start=START, **PAIRS).wait()
    with serving_here(store.home) as service, tapehead.connect(service.url) as remote:
        there = remote.backtest("PairsSpread", start=START, fresh=True, **PAIRS).wait()
        assert there.receipt.digest == here.receipt.digest
        with pytest.raises(NoReferenceError, match=r"reads NOPE 1h beside each instrument.*-p reference=SYMBOL"):
            remote.backtest("PairsSpread", reference="NOPE")


def test_a_reference_that_is_not_there_ends_it_before_it_begins(store: Store) -> None:
    runs = len(store.runs())
    with pytest.raises(NoReferenceError, match="reads S0 1h beside each instrument"):
        store.backtest("PairsSpread", reference="S0")
    with pytest.raises(NoReferenceError):
        store.sweep("PairsSpread", grid={"reference": ["S00", "S99"]})
    with pytest.raises(ParameterError, match="the interval of the run, 1h, or one that whole bars of it make up"):
        store.backtest("FaberTiming", longer="90m")
    assert len(store.runs()) == runs


PEEKS = {
    "a day that is not over": (
        (
            'day = bars.other("day")\n'
            "import numpy as np\n"
            "place = np.searchsorted(day.bars.ts, bars.ts, side='right') - 1\n"
            "later = day.bars.close[np.clip(place, 0, len(day.bars) - 1)]\n"
            "return Signals(enter=later > bars.close, leave=later < bars.close)\n"
        ),
        'Need("day", interval="1d")',
    ),
    "the end of a reference": (
        (
            'other = bars.other("other")\n'
            "return Signals(enter=other.close > other.bars.close.mean(), leave=other.close < other.bars.close.mean())\n"
        ),
        'Need("other", instrument="S00")',
    ),
    "the next bar of a reference": (
        (
            'other = bars.other("other")\n'
            "import numpy as np\n"
            "after = other.bars.close[np.minimum(other.at + 1, len(other.bars) - 1)]\n"
            "return Signals(enter=after > other.close, leave=after < other.close)\n"
        ),
        'Need("other", instrument="S00", interval="4h")',
    ),
}


@pytest.mark.parametrize("what", PEEKS)
def test_a_look_at_a_later_bar_of_another_series_is_found(store: Store, tmp_path: Path, what: str) -> None:
    run = store.backtest(write(tmp_path, *PEEKS[what]), fresh=True).wait()
    assert run.look_ahead is not None
    assert run.look_ahead["found"]


def test_what_a_bar_knows_of_a_day_is_the_last_one_that_closed(store: Store, tmp_path: Path) -> None:
    """S00 has no holes: from 23:00 on each bar knows its own day, before that the day before."""
    body = """\
        day = bars.other("day")
        hours = (bars.ts // 3_600_000_000) % 24
        own = bars.ts // 86_400_000_000
        known = day.align(day.bars.ts / 86_400_000_000)
        wanted = np.where(hours == 23, own, own - 1)
        right = np.isnan(known) | (known == wanted)
        if not right.all():
            raise ValueError(f"bar {np.argmin(right)} knows day {known[np.argmin(right)]}")
        return Signals(enter=hours == 3, leave=hours == 9)
    """
    run = store.backtest(write(tmp_path, body, 'Need("day", interval="1d")'), symbols="S00", start=START).wait()
    assert [result.metrics.trades for result in run] == [(3_000 - 31 * 24) // 24]
