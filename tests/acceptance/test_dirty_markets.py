"""Random dirty markets with known truth are reported exactly, and every bar is held bit for bit.

`make dirty N=2000` makes as many as asked; N here is what the suite has time for.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tapehead.errors import ImportConflictError
from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tests.acceptance.dirty_market import COUNTS, Market, make_market

MARKETS = int(os.environ.get("TAPEHEAD_DIRTY_MARKETS", "60"))
FIRST = int(os.environ.get("TAPEHEAD_DIRTY_FIRST", "0"))
SUSPICIONS = {
    "jumps": "comes back within 5 bars",
    "constant": "stands still",
    "future": "in the future",
    "off_scale": "20 times off",
}


def held_bars(store: Store, snapshot: int | None = None) -> Iterator[tuple[str, dict[int, tuple[bytes, int]]]]:
    """Every series with its bars: the bits of the five values, and the flags."""
    house = store._house
    every = [one.series for one in house.bars.coverage()]
    manifest = house.bars.manifest(every, -(1 << 61), 1 << 61, snapshot=snapshot)
    for series, refs in manifest.refs.items():
        found: dict[int, tuple[bytes, int]] = {}
        for ref, data in house.bars.read(refs):
            part: dict[Any, Any] = {name: np.empty(ref.rows, BAR_DTYPES[name]) for name in BAR_COLUMNS}
            house.codec.decode(data, BAR_COLUMNS, part)
            values = np.column_stack([part[name] for name in ("open", "high", "low", "close", "volume")])
            rows = zip(part["ts"].tolist(), values, part["flags"].tolist(), strict=True)
            found.update({ts: (row.tobytes(), flags) for ts, row, flags in rows})
        yield series.symbol, found


def wanted_bars(bars: dict[str, dict[int, tuple[float, ...]]]) -> dict[str, dict[int, tuple[bytes, int]]]:
    """What the generator says, in the same form."""
    return {
        symbol: {ts: (struct.pack("<5d", *values), int(flags)) for ts, (*values, flags) in every.items()}
        for symbol, every in bars.items()
    }


def check_bars(store: Store, bars: dict[str, dict[int, tuple[float, ...]]], told: str) -> None:
    """Every bar is there with its bits and flags, and no other."""
    found, wanted = dict(held_bars(store)), wanted_bars(bars)
    assert set(found) == set(wanted), told
    for symbol, every in wanted.items():
        theirs = found[symbol]
        assert set(theirs) == set(every), f"{told}: times of {symbol}"
        wrong = [(ts, theirs[ts], one) for ts, one in every.items() if theirs[ts] != one]
        assert not wrong, f"{told}: {symbol}: {wrong[0]}"


def check_report(report: dict[str, Any], market: Market, snapshot: int) -> None:
    """The counts of every file and of all together, and what looks wrong."""
    told = f"seed {market.seed}, {market.told}"
    files = {Path(one["path"]).name: one for one in report["files"]}
    assert set(files) == set(market.files), told
    for name, counts in market.expected.items():
        assert {key: files[name][key] for key in COUNTS} == counts, f"{told}: {name}"
        assert files[name]["snapshot"] == snapshot, told
    assert {key: report["total"][key] for key in COUNTS} == market.total, told
    said = " / ".join(report["total"]["looks_wrong"])
    assert {kind for kind, words in SUSPICIONS.items() if words in said} == market.wrong, f"{told}: {said}"
    unknown = [one for one in report["total"]["looks_wrong"] if not any(w in one for w in SUSPICIONS.values())]
    assert not unknown, f"{told}: {unknown}"


def play(market: Market, folder: Path) -> None:
    """Import a market on what is held before it, and look at everything."""
    told = f"seed {market.seed}, {market.told}"
    kind = {name: value for name, value in market.options.items() if name in ("venue", "kind")}
    with open_store(folder / "home") as store:
        if market.held:
            store.import_files(market.write(folder / "held", held=True), **kind)
            check_bars(store, market.held_bars, f"{told}, held")
        files = market.write(folder / "files")
        options = dict(market.options)
        if market.refused:
            with pytest.raises(ImportConflictError):
                store.import_files(files, **options)
            check_bars(store, market.held_bars, f"{told}, refused")
            options["supersede"] = True
        before = store._house.bars.head()
        tried = store.import_files(files, **options, dry_run=True)
        assert store._house.bars.head() == before, told
        report = store.import_files(files, **options)
        check_report(report.to_json(), market, before + 1)
        for one, other in zip(tried.files, report.files, strict=True):
            assert {key: getattr(one, key) for key in COUNTS} == {key: getattr(other, key) for key in COUNTS}, told
        check_bars(store, market.bars, told)
        again = store.import_files(files, **options)
        assert (again.total.added, again.total.superseded, again.snapshot) == (0, 0, before + 1), told
        check_bars(store, market.bars, f"{told}, again")
        aside = [row for row in store._house.bars.quarantined(limit=100_000) if Path(row.path).parent.name == "files"]
        assert len(aside) == market.total["quarantined"], told


def test_every_market_is_reported_exactly(tmp_path_factory: pytest.TempPathFactory) -> None:
    for seed in range(FIRST, FIRST + MARKETS):
        play(make_market(seed), tmp_path_factory.mktemp(f"market-{seed}"))


def test_a_market_is_the_same_for_the_same_seed() -> None:
    one, again, other = (make_market(seed) for seed in (5, 5, 6))
    assert (one.files, one.expected, one.bars) == (again.files, again.expected, again.bars)
    assert one.bars != other.bars


@settings(
    max_examples=60, derandomize=True, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(st.integers(0, 1 << 40))
def test_what_was_planted_is_what_the_rows_come_to(seed: int) -> None:
    market = make_market(seed)
    assert market.total["rows"] >= market.total["kept"]
    assert market.total["kept"] == market.total["added"] + market.total["unchanged"] + market.total["superseded"]
