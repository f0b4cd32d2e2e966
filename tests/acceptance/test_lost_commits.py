"""A COMMIT that got no answer: what was done is told as done and never done twice, what was not is done again."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from tapehead.errors import LostRunError, UnknownCommitError
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.model.events import Progress
from tapehead.testing.run_store import SPEC, sample_key, sample_result
from tests.acceptance.program import write_bars
from tests.acceptance.wire import Wire, wired
from tests.servers import Own


@pytest.fixture
def wire(any_postgres: str) -> Iterator[Wire]:
    with wired(any_postgres) as found:
        yield found


@pytest.fixture
def store(wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / "hot"))
    with open_store(wire.url) as found:
        yield found


def test_events_are_numbered_without_a_gap_and_never_twice(store: Store, wire: Wire) -> None:
    runs, log = store.house.runs, store.house.log
    run = runs.create(sample_key(), SPEC, 0)
    told = []
    for place, loss in enumerate(("answer", "question", "answer", "answer", "question")):
        wire.lose(loss)

        def keep(place: int = place) -> int:
            with runs.together("a result"):
                runs.save([sample_result(run, f"S{place}")])
                return log.append(run, [Progress(run, place, 5, 1.0, 0.0)])

        told.append(runs.outlast(keep))
    assert wire.losses == 5
    assert told == [1, 2, 3, 4, 5]
    assert [number for number, _ in log.read(run, 0, 100)] == told
    assert runs.record(run).count == 5


def test_an_import_that_was_done_is_told_as_done(store: Store, wire: Wire, tmp_path: Path) -> None:
    files = [write_bars(tmp_path / f"bars{n}", (f"A{n}USDT", f"B{n}USDT"), 30) for n in range(2)]
    for number, (file, loss) in enumerate(zip(files, ("answer", "question"), strict=True), 1):
        wire.lose(loss)
        report = store.import_files(file, kind="crypto")
        assert (report.committed, report.snapshot, report.total.added) == (True, number, 60)
    assert wire.losses == 2
    assert len(store.house.bars.log(limit=10)) == 2
    assert store.import_files(*files, kind="crypto").total.unchanged == 120


def test_bytes_that_are_being_read_are_asked_for_again(store: Store, wire: Wire) -> None:
    store.demo(instruments=2, years=2, seed=5)
    bars = store.house.bars
    refs = bars.manifest([one.series for one in bars.coverage()], 0, 2**62).refs
    many = [ref for each in refs.values() for ref in each]
    whole = list(bars.read(many))
    assert len(whole) == len(many) > 2
    again = bars.read(many)
    wire.cut()
    assert list(again) == whole


def test_what_cannot_be_known_yet_is_told_so(
    own_postgres: Own, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / "hot"))
    monkeypatch.setenv("TAPEHEAD_POOL", "outage=0")
    with wired(own_postgres.url) as wire, open_store(wire.url) as store:
        run = store.house.runs.create(sample_key(), SPEC, 0)
        wire.lose("answer")

        def keep() -> None:
            with store.house.runs.together("an event"):
                store.house.log.append(run, [Progress(run, 1, 1, 1.0, 0.0)])
                wire.stop()

        with pytest.raises(UnknownCommitError, match="Whether it was kept is not known yet"):
            store.house.runs.outlast(keep)


@pytest.fixture
def pair(any_postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Store, Store]]:
    """Two stores of one database, with sessions of their own as two processes have."""
    with ExitStack() as opened:
        found = []
        for name in ("one", "other"):
            monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / name))
            found.append(opened.enter_context(open_store(any_postgres)))
        yield found[0], found[1]


def break_claims(url: str) -> None:
    """End the sessions that hold claims, as a server that is told so by its administrator does."""
    with psycopg.connect(url, autocommit=True) as link:
        link.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
            "WHERE application_name LIKE '% claims' AND datname = current_database()"
        )


def test_a_holder_whose_session_broke_writes_nothing_after_another_claimed(
    pair: tuple[Store, Store], any_postgres: str
) -> None:
    (runs, log), (theirs, their_log) = ((one.house.runs, one.house.log) for one in pair)
    run = runs.create(sample_key(), SPEC, 0)
    with runs.claim(run) as held, theirs.claim(run) as refused:
        assert (held, refused) == (True, False)
        assert log.append(run, [Progress(run, 1, 9, 1.0, 0.0)]) == 1
        break_claims(any_postgres)
        with theirs.claim(run) as taken:
            assert taken
            for late in (
                lambda: log.append(run, [Progress(run, 2, 9, 1.0, 0.0)]),
                lambda: runs.save([sample_result(run, "S")]),
                lambda: runs.finish(run, "completed", None),
                lambda: runs.delete(run),
            ):
                with pytest.raises(LostRunError, match="was taken over by another process"):
                    late()
            assert their_log.append(run, [Progress(run, 3, 9, 1.0, 0.0)]) == 2
    assert (runs.record(run).count, runs.record(run).state) == (0, "running")


def test_a_holder_who_notices_first_holds_on(pair: tuple[Store, Store], any_postgres: str) -> None:
    (runs, log), theirs = (pair[0].house.runs, pair[0].house.log), pair[1].house.runs
    run, other = (runs.create(sample_key(seed), SPEC, 0) for seed in range(2))
    with runs.claim(run) as held:
        assert held
        break_claims(any_postgres)
        # Any look at claims notices.
        assert runs.unfinished() == [other]
        with theirs.claim(run) as taken:
            assert not taken
        assert log.append(run, [Progress(run, 1, 9, 1.0, 0.0)]) == 1
    with theirs.claim(run) as taken:
        assert taken
