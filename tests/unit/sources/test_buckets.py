"""Buckets: what was put comes back by key and time, whatever was spilled on the way."""

import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tapehead.errors import DiskFullError, SurroundingsError
from tapehead.sources.buckets import SpillingBuckets
from tapehead.sources.piles import SpillingPile
from tapehead.sources.spill import SpillFile
from tapehead.sources.spool import SortedSpool

_PUTS = st.lists(
    st.lists(st.tuples(st.integers(0, 3), st.integers(-5, 5)), min_size=1, max_size=12), min_size=1, max_size=6
)
_SETTINGS: Any = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@_SETTINGS
@given(puts=_PUTS, budget=st.sampled_from([1, 130, 400, 1 << 20]))
def test_rows_come_back_by_key_and_time_in_the_order_they_were_put(
    tmp_path: Path, puts: list[list[tuple[int, int]]], budget: int
) -> None:
    expected: dict[int, list[tuple[int, int, int, float]]] = {}
    with SpillingBuckets(tmp_path, budget) as buckets:
        place = 0
        for file, rows in enumerate(puts):
            keys, ts = (np.array([row[side] for row in rows], np.int64) for side in (0, 1))
            places = np.arange(place, place + len(rows))
            place += len(rows)
            columns = {"ts": ts, "file": np.full(len(rows), file, np.int32), "place": places}
            if file % 2:
                columns["factor"] = places / 4
            buckets.put(keys.astype(np.int32), columns)
            for row, at in zip(rows, places.tolist(), strict=True):
                expected.setdefault(row[0], []).append((row[1], file, at, at / 4 if file % 2 else -1.0))
            seen = {key: sorted(t for k, t in rows if k == key) for key in {k for k, _ in rows}}
            told: dict[int, list[int]] = {}
            for key, times in buckets.times(file):
                told.setdefault(key, []).extend(times.tolist())
            assert told == seen
        for key in range(4):
            rows_of = sorted(expected.get(key, []), key=lambda row: row[0])
            for start, end in ((-9, 9), (-5, 0), (0, 9), (2, 3)):
                found = buckets.get(key, start, end)
                wanted = [row for row in rows_of if start <= row[0] < end]
                assert found["ts"].tolist() == [row[0] for row in wanted]
                first = buckets.first(key, start)
                assert first == min((row[0] for row in rows_of if row[0] >= start), default=None)
                if wanted:
                    assert found["place"].tolist() == [row[2] for row in wanted]
                    assert found["file"].tolist() == [row[1] for row in wanted]
                if wanted and "factor" in found:
                    assert np.nan_to_num(found["factor"], nan=-1.0).tolist() == [row[3] for row in wanted]


@_SETTINGS
@given(
    parts=st.lists(st.lists(st.floats(allow_nan=False), max_size=9), min_size=1, max_size=6).filter(any),
    limit=st.sampled_from([1, 3, 100]),
)
def test_the_median_of_a_pile_is_that_of_numpy(tmp_path: Path, parts: list[list[float]], limit: int) -> None:
    spill = SpillFile(tmp_path)
    pile = SpillingPile(spill, limit)
    for part in parts:
        pile.add(np.array(part, np.float64))
    values = np.array([value for part in parts for value in part])
    assert len(pile) == len(values)
    with np.errstate(over="ignore", invalid="ignore"):
        assert pile.median() == np.median(values) or np.isnan(np.median(values))
    spill.close()


@_SETTINGS
@given(
    rows=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9), st.integers(0, 5), st.text(max_size=8)), max_size=30),
    limit=st.sampled_from([0, 700, 10_000]),
)
def test_what_is_set_aside_comes_back_by_file_and_place(tmp_path: Path, rows: Any, limit: int) -> None:
    spill = SpillFile(tmp_path)
    spool = SortedSpool(spill, limit)
    every = [(file, place, reason, -1, 0, text) for file, place, reason, text in rows]
    for row in every:
        spool.add(row)
    assert list(spool) == sorted(every)
    assert list(spool) == sorted(every)
    spill.close()


def test_nothing_is_left_in_the_folder(tmp_path: Path) -> None:
    with SpillingBuckets(tmp_path, 100) as buckets:
        for _ in range(50):
            buckets.put(np.zeros(10, np.int32), {"ts": np.arange(10), "file": np.zeros(10, np.int32)})
        assert list(tmp_path.iterdir()) == []
        assert len(buckets.get(0, 3, 5)["ts"]) == 100


def test_few_rows_need_no_folder(tmp_path: Path) -> None:
    with SpillingBuckets(tmp_path / "none") as buckets:
        buckets.put(np.zeros(3, np.int32), {"ts": np.arange(3), "file": np.zeros(3, np.int32)})
        assert buckets.first(0, 1) == 1


def test_a_folder_that_takes_no_file_is_a_sentence(tmp_path: Path) -> None:
    spill = SpillFile(tmp_path / "none")
    with pytest.raises(SurroundingsError, match=r"nothing was written. .*tapehead --home DIR import PATH"):
        spill.write(b"x")


FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from tapehead.errors import DiskFullError
from tapehead.sources.buckets import SpillingBuckets

resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
with SpillingBuckets(Path(sys.argv[1]), 4_000) as buckets:
    try:
        for file in range(1_000):
            buckets.put(np.zeros(100, np.int32), {"ts": np.arange(100), "file": np.full(100, file, np.int32)})
    except DiskFullError as error:
        print(error)
"""


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] != 0
    ended = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True)
    assert (
        str(DiskFullError(path=tmp_path, what="the rows of an import that waits to be sorted")) == ended.stdout.strip()
    )
    assert list(tmp_path.iterdir()) == []
