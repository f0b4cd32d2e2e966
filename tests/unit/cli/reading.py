"""The real command on a small real store, in this process: what it wrote and how it ended."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tapehead.cli.main import main
from tapehead.layout.columns import PARTIAL, SUSPECT, TRADED
from tapehead.library.store import open as open_store
from tapehead.model.history import EmptyRange
from tapehead.model.instrument import Instrument, Series
from tapehead.model.segment import Draft, Quarantined
from tapehead.testing.samples import HOUR, YEAR_2021
from tests.unit.cli.conftest import Called
from tests.unit.library.market import HOUR_US, columns_of, house_of

Call = Callable[..., Called]
AAA, BBB = Series("test", "AAA", HOUR), Series("test", "BBB", HOUR)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """AAA: 96 hours, 3 confirmed empty, 2 missing, one suspect, one untraded, the last unfinished. BBB: whole."""
    columns = columns_of(96)
    columns["flags"][5] |= SUSPECT
    columns["flags"][6] &= ~TRADED & 0xFF
    columns["flags"][-1] |= PARTIAL
    kept = np.ones(96, np.bool_)
    kept[[10, 11, 12, 40, 41]] = False
    drafts = [
        Draft(AAA, 2021, {name: values[kept].copy() for name, values in columns.items()}),
        Draft(BBB, 2021, columns_of(200, seed=4)),
    ]
    with open_store(tmp_path / "home") as store:
        house_of(store).bars.commit(
            drafts,
            note="test",
            instruments=[Instrument("test", "AAA"), Instrument("test", "BBB")],
            empties=[EmptyRange(AAA, YEAR_2021 + 10 * HOUR_US, YEAR_2021 + 13 * HOUR_US)],
            quarantine=[
                Quarantined(AAA, YEAR_2021 + 40 * HOUR_US, "a.csv", 41, "a price is null", "open= high=1"),
                Quarantined(Series("test", "", HOUR), None, "a.csv", 99, "no time", "x,y,z"),
            ],
        )
    return tmp_path / "home"


@pytest.fixture
def ask(home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run words against that store in a window of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")

    def run(*words: object) -> Called:
        code = main(["--home", str(home), *map(str, words)])
        return Called(code, *capfd.readouterr())

    return run
