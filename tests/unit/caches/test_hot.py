"""Hot files: damage is a miss, the longest unused go, a full disk degrades."""

import os
import threading
from pathlib import Path

import pytest

from tapehead.caches.hot import HotTier
from tapehead.layout.columns import BAR_COLUMNS, Column
from tapehead.testing.chunk_cache import empty, sample_ref
from tapehead.testing.samples import sample_columns
from tests.unit.stores.processes import run_mounted

COLUMNS = sample_columns(400)
REF = sample_ref(COLUMNS)
LIMIT = 1 << 24


def kept(folder: Path) -> tuple[HotTier, Path]:
    tier = HotTier(folder, LIMIT)
    tier.write(REF, COLUMNS)
    return tier, folder / "v1" / REF.data.hex()[:2] / REF.data.hex()


def test_a_file_is_the_columns_and_a_trailer(tmp_path: Path) -> None:
    _, path = kept(tmp_path)
    content = path.read_bytes()
    raw = b"".join(COLUMNS[name].tobytes() for name in BAR_COLUMNS)
    assert content.startswith(raw)
    assert len(content) - len(raw) == 8 + 8 + 7 * 4
    assert list(tmp_path.rglob("*.partial")) == []


@pytest.mark.parametrize("cut", [1, 44, 45, 10_000, None])
@pytest.mark.parametrize("known", [True, False], ids=["read before", "new to the process"])
def test_a_truncated_file_is_a_miss_and_goes(tmp_path: Path, cut: int | None, *, known: bool) -> None:
    tier, path = kept(tmp_path)
    if known:
        assert tier.read(REF, BAR_COLUMNS, empty(400))
    else:
        tier = HotTier(tmp_path, LIMIT)
    os.truncate(path, 0 if cut is None else path.stat().st_size - cut)
    assert not tier.read(REF, BAR_COLUMNS, empty(400))
    assert not path.exists()
    assert not tier.has(REF, BAR_COLUMNS)
    assert tier.stats().size_bytes == 0
    tier.write(REF, COLUMNS)
    assert tier.read(REF, BAR_COLUMNS, empty(400))


@pytest.mark.parametrize("name", BAR_COLUMNS)
def test_a_flipped_bit_is_found_in_the_column_that_is_read(tmp_path: Path, name: Column) -> None:
    tier, path = kept(tmp_path)
    before = sum(COLUMNS[other].nbytes for other in BAR_COLUMNS[: BAR_COLUMNS.index(name)])
    content = bytearray(path.read_bytes())
    content[before + 33] ^= 1
    path.write_bytes(content)
    others = [other for other in BAR_COLUMNS if other != name]
    assert tier.read(REF, others, empty(400))
    assert not tier.read(REF, [name], empty(400))
    assert not path.exists()


def test_a_file_of_another_length_of_series_is_a_miss(tmp_path: Path) -> None:
    tier, path = kept(tmp_path)
    assert not tier.read(REF._replace(rows=401), BAR_COLUMNS, empty(401))
    assert not path.exists()


def test_a_file_put_in_place_of_a_proven_one_is_proven_anew(tmp_path: Path) -> None:
    tier, path = kept(tmp_path)
    assert tier.read(REF, BAR_COLUMNS, empty(400))
    content = bytearray(path.read_bytes())
    content[7] ^= 1
    other = path.with_suffix(".other")
    other.write_bytes(content)
    other.rename(path)
    assert not tier.read(REF, ["ts"], empty(400))


def test_what_is_read_longest_ago_goes_first(tmp_path: Path) -> None:
    blocks = {seed: sample_columns(1000, seed=seed) for seed in range(10)}
    size = 1000 * 49 + 44
    tier = HotTier(tmp_path, 10 * size)
    for seed, columns in blocks.items():
        tier.write(sample_ref(columns, seed), columns)
    later = HotTier(tmp_path, 10 * size)
    assert later.read(sample_ref(blocks[0], 0), BAR_COLUMNS, empty(1000))
    extra = sample_columns(1000, seed=99)
    later.write(sample_ref(extra, 99), extra)
    left = [seed for seed in blocks if HotTier(tmp_path, LIMIT).has(sample_ref(blocks[seed], seed), BAR_COLUMNS)]
    assert 0 in left
    assert 1 not in left
    assert later.stats().size_bytes <= 10 * size


def test_another_process_of_the_same_folder_finds_it(tmp_path: Path) -> None:
    kept(tmp_path)
    other = HotTier(tmp_path, LIMIT)
    assert other.has(REF, BAR_COLUMNS)
    into = empty(400)
    assert other.read(REF, BAR_COLUMNS, into)
    assert into["volume"].tobytes() == COLUMNS["volume"].tobytes()


def test_a_folder_that_cannot_be_written_degrades(tmp_path: Path) -> None:
    (tmp_path / "hot").write_text("a file in the way")
    tier = HotTier(tmp_path / "hot", LIMIT)
    tier.write(REF, COLUMNS)
    assert "cannot write" in tier.stats().degraded
    assert not tier.has(REF, BAR_COLUMNS)
    assert not tier.read(REF, BAR_COLUMNS, empty(400))


def test_what_a_killed_writer_left_is_swept(tmp_path: Path) -> None:
    _, path = kept(tmp_path)
    old, young = (path.with_name(f"{path.name}.{name}.partial") for name in ("1-2", "3-4"))
    old.write_bytes(b"half")
    os.utime(old, (0, 0))
    young.write_bytes(b"half, and still being written")
    assert HotTier(tmp_path, LIMIT).stats().size_bytes == path.stat().st_size
    assert (old.exists(), young.exists()) == (False, True)


def test_some_columns_alone_are_not_kept(tmp_path: Path) -> None:
    tier = HotTier(tmp_path, LIMIT)
    tier.write(REF, {"close": COLUMNS["close"]})
    assert not tier.has(REF, ["close"])


def test_a_reader_keeps_a_file_that_is_evicted_under_it(tmp_path: Path) -> None:
    tier, path = kept(tmp_path)
    faults: list[bool] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            into = empty(400)
            if tier.read(REF, BAR_COLUMNS, into):
                faults.append(into["close"].tobytes() != COLUMNS["close"].tobytes())

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(200):
        path.unlink(missing_ok=True)
        tier.write(REF, COLUMNS)
    over.set()
    reader.join()
    assert faults
    assert not any(faults)


def test_a_full_disk_degrades(tmp_path: Path) -> None:
    code = """
    import sys
    from pathlib import Path
    from tapehead.caches.hot import HotTier
    from tapehead.testing.chunk_cache import sample_ref
    from tapehead.testing.samples import sample_columns
    tier = HotTier(Path(sys.argv[1]) / "hot", 1 << 30)
    for seed in range(9):
        columns = sample_columns(2000, seed=seed)
        tier.write(sample_ref(columns, seed), columns)
    print(tier.stats().degraded.rpartition(": ")[2], len(list(Path(sys.argv[1]).rglob("*.partial"))))
    """
    assert run_mounted(f"mount -t tmpfs -o size=400k tmpfs {tmp_path}", code, tmp_path) == "No space left on device 0\n"
