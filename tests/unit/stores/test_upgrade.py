"""A store of an earlier format opens and keeps every bar and fact; its schema is then that of a new store."""

import sqlite3
from pathlib import Path

import pytest

from tapehead.errors import SurroundingsError
from tapehead.layout.formats import BARS_FORMAT
from tapehead.model.history import CommitRecord
from tapehead.model.instrument import Instrument
from tapehead.model.layers import lay_over
from tapehead.model.segment import Coverage, Draft, Quarantined, Universe
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded import steps
from tapehead.stores.embedded.home import Home, open_home
from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.stores.embedded.steps import statements_up
from tapehead.testing.bar_store import ALWAYS, check_equal, read_columns
from tapehead.testing.samples import YEAR_2021, sample_columns, sample_series

GOLDEN = Path(__file__).parents[2] / "golden" / "bars_format_1.sql"
AAA = sample_columns(100)
LAYER = sample_columns(20, start=int(AAA["ts"][-5]), seed=5)
BBB = sample_columns(30, seed=2)


@pytest.fixture
def old_home(tmp_path: Path) -> Home:
    """A store as the first version left it: two layers of AAA, and BBB, in two commits and a third."""
    home = open_home(tmp_path / "home")
    database = sqlite3.connect(home.bars)
    database.execute("PRAGMA journal_mode = WAL")
    database.executescript(GOLDEN.read_text(encoding="utf-8"))
    for series, layer, columns, added, since in ((1, 0, AAA, 100, 1), (1, 1, LAYER, 15, 2), (2, 0, BBB, 30, 3)):
        content, data, file = ParquetCodec().encode(columns)
        place = home.segments / data.hex()[:2]
        place.mkdir(exist_ok=True)
        (place / f"{data.hex()}.parquet").write_bytes(content)
        outer = (int(columns["ts"][0]), int(columns["ts"][-1]), len(columns["ts"]))
        row = (series, 2021, layer, data, file, *outer, added, since)
        database.execute("INSERT INTO segments VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)", row)
    database.commit()
    database.close()
    return home


def schema_of(path: Path) -> list[tuple[str, str, str]]:
    """What SQLite holds of a schema, made one way or the other."""
    database = sqlite3.connect(path)
    rows = database.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()
    database.close()
    return rows


def test_every_bar_and_fact_is_kept(old_home: Home) -> None:
    store = EmbeddedBars(old_home, ParquetCodec())
    series = sample_series("AAA")
    whole = lay_over([AAA, LAYER])
    for snapshot, expected in ((1, AAA), (2, whole), (3, whole), (None, whole)):
        refs = store.manifest([series], *ALWAYS, snapshot=snapshot).refs[series]
        check_equal(read_columns(store, ParquetCodec(), refs), expected)
    assert list(store.coverage()) == [
        Coverage(series, YEAR_2021, int(whole["ts"][-1]), 115, 2),
        Coverage(sample_series("BBB"), YEAR_2021, int(BBB["ts"][-1]), 30, 1),
    ]
    first = Instrument("test", "AAA", "crypto", "USDT", tick=0.01, listed_at=5)
    second = Instrument("test", "BBB", "equity", calendar="XNYS", has_volume=False, delisted_at=9)
    assert list(store.instruments()) == [first, second]
    assert list(store.instruments(2)) == [first]
    assert list(store.universes()) == [Universe("mine", ("test:AAA",))]
    assert list(store.quarantined()) == [Quarantined(series, None, "a.csv", 3, "null open", "2021,,1,1")]
    kinds = [(one.number, one.kind) for one in store.log(limit=10)]
    assert kinds == [(3, "market"), (2, "append"), (1, "import")]
    assert store.log(limit=1, before=2) == [CommitRecord(1, 1_700_000_000_000_000, "import", "import a.csv", 1, 0)]
    assert store.leased() == []
    store.close()


def test_a_lifted_store_is_written_like_a_new_one(old_home: Home, tmp_path: Path) -> None:
    EmbeddedBars(old_home, ParquetCodec()).close()
    new = EmbeddedBars(open_home(tmp_path / "new"), ParquetCodec())
    assert schema_of(old_home.bars) == schema_of(new.home.bars)
    new.close()
    store = EmbeddedBars(old_home, ParquetCodec())
    assert store.commit([Draft(sample_series(), 2021, lay_over([AAA, LAYER]))], note="the layers in one").unchanged == 1
    other = {**AAA, "close": AAA["close"] + 0.25}
    assert store.commit([Draft(sample_series(), 2021, other)], note="other").number == 4
    assert [one.rows for one in store.coverage()] == [100, 30]
    database = sqlite3.connect(old_home.bars)
    assert database.execute("PRAGMA user_version").fetchone() == (BARS_FORMAT,)
    database.close()
    store.close()


def test_an_upgrade_that_is_cut_short_leaves_the_old_store(old_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    before = schema_of(old_home.bars)
    broken = [*statements_up("bars", 1), "INSERT INTO nowhere VALUES (1)"]
    with monkeypatch.context() as patch:
        patch.setattr(steps, "statements_up", lambda *_: broken)
        with pytest.raises(SurroundingsError):
            EmbeddedBars(old_home, ParquetCodec())
    assert schema_of(old_home.bars) == before
    store = EmbeddedBars(old_home, ParquetCodec())
    assert [one.rows for one in store.coverage()] == [115, 30]
    store.close()


def test_an_old_store_that_is_read_only_says_what_to_do(old_home: Home) -> None:
    with pytest.raises(SurroundingsError, match=r"older Tapehead.*Open it once where it can be written") as caught:
        EmbeddedBars(Home(old_home.path, writable=False), ParquetCodec())
    assert caught.value.exit_code == 3
