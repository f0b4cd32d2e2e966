"""Any sequence of imports, appends, undos, folds, gcs and leased reads, held against plain dictionaries.

Each reader sees one whole snapshot, and each bar has its latest value; importing twice is importing once, and the order
of files does not matter.
"""

import itertools
import os
import random
import shutil
import struct
import tempfile
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tapehead.errors import ParameterError, UndoError
from tapehead.jobs.read import read_bars
from tapehead.layout.columns import AFTER_HOLE, TRADED
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.model.bars import Bars
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval

MINUTE = 60_000_000
# Hourly bars about two turns of the year, minute bars about a turn of the month: the periods of their segments.
STARTS = {"1h": 1_640_990_000 // 3600 * 3600 * 1_000_000, "1m": 1_643_670_000 // 60 * 60 * 1_000_000}
SPREAD = {"1h": 9_000, "1m": 90}
SYMBOLS = ("AAAUSDT", "BBBUSDT")
Bar = tuple[float, float, float, float, float]
Content = dict[tuple[str, str], dict[int, Bar]]
RUNS = int(os.environ.get("TAPEHEAD_PROPERTY_RUNS", "25"))


def some_bars(interval: str, seed: int, steps: int) -> dict[int, Bar]:
    """A few bars somewhere in the range, with holes; other seeds give other values to the same times."""
    rng = random.Random(seed)
    width = Interval.parse(interval).us
    first = STARTS[interval] + rng.randrange(-SPREAD[interval], SPREAD[interval]) * width
    found = {}
    for step in range(steps):
        if rng.random() < 0.85 or not found:
            price = rng.randrange(1000, 9000) / 100
            volume = rng.randrange(1, 9999) / 1000
            found[first + step * width] = (price, price + 1, price - 1, price + rng.choice([-0.5, 0.5]), volume)
    return found


def write_csv(folder: Path, symbol: str, bars: dict[int, Bar]) -> Path:
    """One file of one symbol, times in us."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["timestamp,open,high,low,close,volume"]
    lines += [",".join([str(ts), *map(repr, values)]) for ts, values in sorted(bars.items())]
    path = folder / f"{symbol}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def flagged(bars: dict[int, Bar], interval: str) -> dict[int, tuple[bytes, int]]:
    """The bits of each bar and its flags."""
    width, before, found = Interval.parse(interval).us, None, {}
    for ts in sorted(bars):
        hole = before is not None and ts - before > width
        found[ts] = (struct.pack("<5d", *bars[ts]), TRADED | (AFTER_HOLE if hole else 0))
        before = ts
    return found


def read_everything(store: Store, snapshot: int | None) -> dict[tuple[str, str], dict[int, tuple[bytes, int]]]:
    """Every bar of a snapshot, through the tiers as a backtest reads them."""
    house = store._house
    every = [Series("v", symbol, Interval.parse(interval)) for symbol in SYMBOLS for interval in STARTS]
    manifest = house.bars.manifest(every, -(1 << 61), 1 << 61, snapshot=snapshot)
    found = {}
    for series, refs in manifest.refs.items():
        bars = read_bars(house.shelf, series, refs, None, None, 0)
        columns = zip(bars.open, bars.high, bars.low, bars.close, bars.volume, strict=True)
        packed = (struct.pack("<5d", *values) for values in columns)
        found[series.symbol, series.interval.text] = {
            int(ts): (values, int(flags)) for ts, values, flags in zip(bars.ts, packed, bars.flags, strict=True)
        }
    return found


class StoreAndModel(RuleBasedStateMachine):
    """One store, and what every snapshot of it must hold."""

    @initialize()
    def begin(self) -> None:
        """Open an empty store."""
        self.folder = Path(tempfile.mkdtemp(prefix="tapehead-property-"))
        self.store = open_store(self.folder / "home")
        self.snapshots: list[Content] = [{}]
        self.touched: list[set[tuple[Any, int]]] = [set()]
        self.gone: set[int] = set()
        self.leases: dict[int, ExitStack] = {}
        self.last: tuple[list[Path], str, int] | None = None
        self.numbers = itertools.count()

    @property
    def head(self) -> int:
        """The newest snapshot of the model."""
        return len(self.snapshots) - 1

    def move(self, before: Content, after: Content, commit: int | None) -> None:
        """Take over the snapshots a call made: those below `commit` hold what was, the others what is now."""
        for number in range(self.head + 1, self.store._house.bars.head() + 1):
            self.snapshots.append(after if commit is not None and number >= commit else before)
            self.touched.append(self.blocks(number) ^ self.blocks(number - 1) if number - 1 not in self.gone else set())

    def blocks(self, snapshot: int) -> set[Any]:
        """Which blocks a snapshot holds, by series and period."""
        every = [Series("v", symbol, Interval.parse(interval)) for symbol in SYMBOLS for interval in STARTS]
        manifest = self.store._house.bars.manifest(every, -(1 << 61), 1 << 61, snapshot=snapshot)
        return {(one, ref.period, ref.data, ref.layer) for one, refs in manifest.refs.items() for ref in refs}

    @rule(symbols=st.sampled_from([SYMBOLS[:1], SYMBOLS[1:], SYMBOLS]), interval=st.sampled_from(list(STARTS)),
          seed=st.integers(0, 40), steps=st.integers(1, 120))  # fmt: skip
    def import_files(self, symbols: tuple[str, ...], interval: str, seed: int, steps: int) -> None:
        """Import a file a symbol as one commit."""
        folder = self.folder / f"files{next(self.numbers)}"
        before, after = self.snapshots[-1], dict(self.snapshots[-1])
        paths = []
        for place, symbol in enumerate(symbols):
            bars = some_bars(interval, seed + 1000 * place, steps)
            after[symbol, interval] = {**after.get((symbol, interval), {}), **bars}
            paths.append(write_csv(folder, symbol, bars))
        report = self.store.import_files(*paths, venue="v", interval=interval, supersede=True)
        same = all(before.get(key) == value for key, value in after.items())
        assert (report.total.added + report.total.superseded == 0) == same
        assert (report.snapshot > self.head) is not same
        self.move(before, after, report.snapshot)
        self.last = (paths, interval, self.head)

    @precondition(lambda self: self.last is not None and self.last[2] == self.head)
    @rule()
    def import_again(self) -> None:
        """Importing twice is importing once."""
        assert self.last is not None
        paths, interval, _ = self.last
        report = self.store.import_files(*reversed(paths), venue="v", interval=interval)
        assert (report.total.added, report.total.superseded, report.snapshot) == (0, 0, self.head)

    @rule(symbol=st.sampled_from(SYMBOLS), interval=st.sampled_from(list(STARTS)), seed=st.integers(0, 40),
          steps=st.integers(1, 30), late=st.booleans())  # fmt: skip
    def append(self, symbol: str, interval: str, seed: int, steps: int, late: bool) -> None:
        """Append bars at the end, or anywhere before it."""
        before, after = self.snapshots[-1], dict(self.snapshots[-1])
        held = before.get((symbol, interval), {})
        bars = some_bars(interval, seed, steps)
        if held and not late:
            away = max(held) + Interval.parse(interval).us * (1 + seed % 3) - min(bars)
            bars = {ts + away: values for ts, values in bars.items()}
        columns = list(zip(*(bars[ts] for ts in sorted(bars)), strict=True))
        made = Bars.from_arrays(sorted(bars), *columns, interval=interval, symbol=symbol, venue="v")
        after[symbol, interval] = {**held, **bars}
        commit = self.store.append(made)
        assert (commit.number > self.head) or after == before
        self.move(before, after, commit.number)

    @rule(whole=st.booleans())
    def fold(self, whole: bool) -> None:
        """Fold the tail; no bar changes."""
        self.store._house.bars.fold(whole=whole)
        self.move(self.snapshots[-1], self.snapshots[-1], None)

    @precondition(lambda self: self.head > 0)
    @rule(data=st.data())
    def undo(self, data: Any) -> None:
        """Take back a commit, or be refused for a reason that can be named."""
        number = data.draw(st.integers(max(1, self.head - 6), self.head), label="commit")
        record = self.store.commit(number)
        later = set().union(*self.touched[number + 1 :]) if number < self.head else set()
        places = {(one, period) for one, period, *_ in self.touched[number]}
        swept = number in self.gone or number - 1 in self.gone
        may_refuse = record.undone_by is not None or swept or bool(places & {(one, p) for one, p, *_ in later})
        try:
            undone = self.store.undo(number)
        except UndoError:
            assert may_refuse, f"undo {number} was refused without a reason"
            assert self.store._house.bars.head() == self.head
            return
        assert record.undone_by is None
        assert not swept
        before, now = self.snapshots[number - 1], self.snapshots[number]
        after = {key: dict(bars) for key, bars in self.snapshots[-1].items()}
        for key in {*before, *now}:
            old, new = before.get(key, {}), now.get(key, {})
            for ts in {ts for ts in {*old, *new} if old.get(ts) != new.get(ts)}:
                assert after.get(key, {}).get(ts) == new.get(ts), "a later commit had changed this bar"
                after.setdefault(key, {}).pop(ts, None)
                if ts in old:
                    after[key][ts] = old[ts]
        after = {key: bars for key, bars in after.items() if bars}
        self.move(self.snapshots[-1], after, undone.commit)

    @rule()
    def gc(self) -> None:
        """Give back every snapshot that nobody reads."""
        self.store.gc(keep="0d")
        self.gone |= set(range(1, self.head)) - set(self.leases)  # 0 is the empty store, and always was

    @rule(data=st.data())
    def lease(self, data: Any) -> None:
        """Begin to read a snapshot."""
        kept = [number for number in range(self.head + 1) if number not in self.gone and number not in self.leases]
        if kept:
            number = data.draw(st.sampled_from(kept), label="snapshot")
            held: AbstractContextManager[None] = self.store._house.bars.lease(number, 3600.0)
            self.leases[number] = ExitStack()
            self.leases[number].enter_context(held)

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def release(self, data: Any) -> None:
        """End reading a snapshot."""
        number = data.draw(st.sampled_from(sorted(self.leases)), label="lease")
        self.check(number)
        self.leases.pop(number).close()

    @rule(data=st.data())
    def read_as_of(self, data: Any) -> None:
        """Read any snapshot; one that was given back is refused."""
        number = data.draw(st.integers(0, self.head), label="snapshot")
        if number in self.gone:
            with pytest.raises(ParameterError):
                read_everything(self.store, number)
        else:
            self.check(number)

    @invariant()
    def head_is_as_it_should_be(self) -> None:
        """The newest snapshot, and those that are being read."""
        if not hasattr(self, "store"):
            return
        assert self.store._house.bars.head() == self.head
        self.check(None)
        for number in self.leases:
            self.check(number)

    def check(self, number: int | None) -> None:
        """Compare a snapshot with the model."""
        wanted = self.snapshots[self.head if number is None else number]
        found = read_everything(self.store, number)
        assert set(found) == set(wanted), f"snapshot {number}"
        for key, bars in wanted.items():
            every = flagged(bars, key[1])
            wrong = [(ts, found[key].get(ts), every.get(ts)) for ts in sorted({*found[key], *every})]
            wrong = [one for one in wrong if one[1] != one[2]]
            assert not wrong, f"snapshot {number}, {key}: {len(wrong)} bars, first {wrong[0]}"

    def teardown(self) -> None:
        """A store is whole after any of it."""
        if not hasattr(self, "store"):
            return
        for lease in self.leases.values():
            lease.close()
        try:
            assert list(self.store.check(rows=True)) == []
            assert self.store.recount() == 0
        finally:
            self.store.close()
            shutil.rmtree(self.folder, ignore_errors=True)


TestStoreAndModel = StoreAndModel.TestCase
TestStoreAndModel.settings = settings(
    max_examples=RUNS, stateful_step_count=20, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_files_and_of_imports_does_not_matter(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    paths = []
    for symbol, interval in itertools.product(SYMBOLS, STARTS):
        whole = some_bars(interval, seed, 150)
        cuts = sorted(whole)
        for place, part in enumerate((cuts[:60], cuts[40:110], cuts[100:])):
            bars = {ts: whole[ts] for ts in part}
            paths.append((write_csv(tmp_path / f"{interval}-{place}", symbol, bars), interval))
    seen = []
    for turn in range(3):
        rng.shuffle(paths)
        with open_store(tmp_path / f"home{turn}") as store:
            if turn == 0:
                for path, interval in paths:
                    store.import_files(path, venue="v", interval=interval)
            else:
                for interval in STARTS:
                    store.import_files(*(path for path, of in paths if of == interval), venue="v", interval=interval)
            house = store._house
            every = [one.series for one in house.bars.coverage()]
            manifest = house.bars.manifest(every, -(1 << 61), 1 << 61)
            blocks = {(one, ref.period, ref.data) for one, refs in manifest.refs.items() for ref in refs}
            seen.append((read_everything(store, None), blocks))
    assert seen[0] == seen[1] == seen[2]
    assert len(seen[0][0]) == 4
