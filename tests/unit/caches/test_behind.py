"""What waits for its hot file: read meanwhile, written in peace, and at the end whatever the end is."""

import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tapehead.caches.behind import BehindTier
from tapehead.caches.chain import Chain, Decode
from tapehead.caches.hot import HotTier
from tapehead.layout.columns import BAR_COLUMNS, Column
from tapehead.model.segment import SegmentRef
from tapehead.testing.chunk_cache import empty, sample_ref
from tapehead.testing.samples import sample_columns

COLUMNS = [sample_columns(400, seed=seed) for seed in range(3)]
REFS = [sample_ref(columns, seed) for seed, columns in enumerate(COLUMNS)]
SIZE = sum(values.nbytes for values in COLUMNS[0].values())
LIMIT = 1 << 24


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


class Counting(HotTier):
    """A tier that counts what is written into it."""

    written = 0

    def write(self, ref: SegmentRef, columns: Mapping[Column, Any]) -> None:
        self.written += 1
        super().write(ref, columns)


def behind(folder: Path, limit: int = LIMIT, **ways: float) -> BehindTier:
    return BehindTier(HotTier(folder, LIMIT), limit, **{"quiet_s": 60.0, "oldest_s": 60.0, **ways})


def test_what_waits_is_read_and_has_no_file_until_it_is_flushed(tmp_path: Path) -> None:
    tier = behind(tmp_path)
    for ref, columns in zip(REFS, COLUMNS, strict=True):
        tier.write(ref, columns)
        tier.write(ref, columns)
    assert files(tmp_path) == []
    assert tier.stats().size_bytes == 3 * SIZE
    into = empty(400, ("close", "ts"))
    assert tier.has(REFS[1], BAR_COLUMNS)
    assert tier.read(REFS[1], ("close", "ts"), into)
    assert into["close"].tobytes() == COLUMNS[1]["close"].tobytes()
    assert (tier.stats().hits, tier.stats().misses) == (1, 0)
    tier.flush()
    assert files(tmp_path) == sorted(ref.data.hex() for ref in REFS)
    fresh = HotTier(tmp_path, LIMIT)
    assert all(fresh.read(ref, BAR_COLUMNS, empty(400)) for ref in REFS)


@pytest.mark.parametrize("ways", [{"quiet_s": 0.0}, {"oldest_s": 0.0}], ids=["nobody asks", "it waited long"])
def test_it_writes_by_itself(tmp_path: Path, ways: dict[str, float]) -> None:
    tier = behind(tmp_path, **ways)
    tier.write(REFS[0], COLUMNS[0])
    until = time.monotonic() + 30
    while tier.stats().size_bytes != HotTier(tmp_path, LIMIT).stats().size_bytes and time.monotonic() < until:
        time.sleep(0.002)
    assert files(tmp_path) == [REFS[0].data.hex()]


def test_what_does_not_fit_is_written_by_who_brings_it(tmp_path: Path) -> None:
    tier = behind(tmp_path, 2 * SIZE)
    for ref, columns in zip(REFS, COLUMNS, strict=True):
        tier.write(ref, columns)
    assert files(tmp_path) == [REFS[2].data.hex()]
    tier.close()
    assert len(files(tmp_path)) == 3


def test_once_closed_it_writes_at_once(tmp_path: Path) -> None:
    tier = behind(tmp_path)
    tier.write(REFS[0], COLUMNS[0])
    tier.close()
    tier.close()
    assert files(tmp_path) == [REFS[0].data.hex()]
    tier.write(REFS[1], COLUMNS[1])
    assert len(files(tmp_path)) == 2


def test_what_waits_is_cleared_too(tmp_path: Path) -> None:
    tier = behind(tmp_path)
    tier.write(REFS[0], COLUMNS[0])
    assert tier.clear() == 1
    tier.close()
    assert files(tmp_path) == []


def test_a_tier_that_breaks_holds_nobody_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(HotTier):
        def write(self, ref: SegmentRef, columns: Mapping[Column, Any]) -> None:
            raise RuntimeError("broken")

    tier = BehindTier(Broken(tmp_path, LIMIT), LIMIT, quiet_s=60.0)
    tier.write(REFS[0], COLUMNS[0])
    tier.close()
    assert "could not be written" in caplog.text
    assert not tier.has(REFS[0], BAR_COLUMNS)
    assert not [one for one in threading.enumerate() if one.name == "tapehead-behind"]


def test_the_end_of_the_interpreter_writes_what_waits(tmp_path: Path) -> None:
    script = """
        import sys
        from pathlib import Path
        from tests.unit.caches.test_behind import COLUMNS, REFS, behind, files
        tier = behind(Path(sys.argv[1]))
        for ref, columns in zip(REFS, COLUMNS):
            tier.write(ref, columns)
        assert files(Path(sys.argv[1])) == []
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script), tmp_path], check=True)
    assert files(tmp_path) == sorted(ref.data.hex() for ref in REFS)
    assert all(HotTier(tmp_path, LIMIT).read(ref, BAR_COLUMNS, empty(400)) for ref in REFS)


def test_a_folder_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "v1").touch()
    tier = behind(tmp_path)
    tier.write(REFS[0], COLUMNS[0])
    assert "cannot write" in tier.stats().degraded
    assert not tier.has(REFS[0], BAR_COLUMNS)
    assert tier.stats().size_bytes == 0


def test_another_tier_is_written_with_it_and_not_twice(tmp_path: Path) -> None:
    other = Counting(tmp_path / "other", LIMIT)
    other.write(REFS[1], COLUMNS[1])
    tier = BehindTier(HotTier(tmp_path / "hot", LIMIT), LIMIT, quiet_s=60.0, also=[other])
    chain = Chain([tier, other], never, loaded_into=[tier])
    for ref, columns in zip(REFS, COLUMNS, strict=True):
        chain.write(ref, columns)
    assert other.written == 1
    tier.flush()
    assert other.written == 3
    assert all(other.has(ref, BAR_COLUMNS) for ref in REFS)
    assert len(files(tmp_path / "hot")) == 3


def test_another_tier_is_written_where_the_folder_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "hot").mkdir()
    (tmp_path / "hot" / "v1").touch()
    other = Counting(tmp_path / "other", LIMIT)
    tier = BehindTier(HotTier(tmp_path / "hot", LIMIT), LIMIT, quiet_s=60.0, also=[other])
    tier.write(REFS[0], COLUMNS[0])
    assert other.has(REFS[0], BAR_COLUMNS)


def never(refs: Sequence[SegmentRef]) -> Generator[Decode, None, None]:
    raise AssertionError(refs)
    yield
