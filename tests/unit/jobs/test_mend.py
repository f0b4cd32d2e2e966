"""Importing the bars of a damaged segment again: it is mended, and never replaced by fewer bars than it held."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tapehead.errors import DamagedSegmentError
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tests.acceptance.program import write_bars


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    return write_bars(tmp_path / "bars", ("BTCUSDT", "ETHUSDT"))


@pytest.fixture
def store(tmp_path: Path, bars: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home") as store:
        store.import_files(bars, kind="crypto")
        yield store


def damage(store: Store, how: str) -> None:
    for segment in (store.home / "segments").rglob("*.parquet"):
        segment.chmod(0o644)
        if how == "gone":
            segment.unlink()
        else:
            segment.write_bytes(segment.read_bytes()[:-1] + b"?")
    shutil.rmtree(store.home / "hot", ignore_errors=True)


def returns(store: Store) -> dict[str, float | None]:
    run = store.backtest("RsiReversion", universe="crypto", fresh=True)
    return {result.instrument: result.metrics.total_return for result in run}


@pytest.mark.parametrize("how", ["gone", "changed"])
def test_the_file_imported_again_mends_the_store(store: Store, bars: Path, how: str) -> None:
    before = returns(store)
    damage(store, how)
    with open_store(store.home) as again:
        report = again.import_files(bars, kind="crypto")
        assert report.total.added == 5_988
        assert returns(again) == before


def test_fewer_bars_than_were_held_do_not_take_their_place(store: Store, bars: Path) -> None:
    damage(store, "gone")
    path = bars / "BTCUSDT.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:-5]) + "\n")
    with open_store(store.home) as again, pytest.raises(DamagedSegmentError, match="its file is gone"):
        again.import_files(path, kind="crypto")


def test_another_symbol_is_not_refused_for_it(store: Store, bars: Path) -> None:
    damage(store, "gone")
    twin = bars / "SOLUSDT.csv"
    shutil.copy(bars / "BTCUSDT.csv", twin)
    with open_store(store.home) as again:
        assert again.import_files(twin, kind="crypto").total.added == 3_000
