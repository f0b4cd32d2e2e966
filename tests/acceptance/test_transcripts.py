"""README and docs: every transcript is typed in and must print what the page shows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.program import write_bars
from tests.acceptance.transcript import File, Reader, Step, difference, read_page, steady

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    if "```console" in page.read_text(encoding="utf-8")
)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    folder = tmp_path / "clone"
    write_bars(folder / "bars", ("BTCUSDT", "ETHUSDT"))
    reader = Reader(folder, ROOT)
    yield reader
    reader.close()


def _link_data(reader: Reader, text: str, shared: Path) -> None:
    """Give a page that uses the shared data its folder, or skip by name."""
    if "../shared/data" not in text:
        return
    if not shared.exists():
        pytest.skip(f"shared data is absent: {shared} (set TAPEHEAD_TEST_DATA)")
    (reader.folder.parent / "shared").mkdir()
    (reader.folder.parent / "shared" / "data").symlink_to(shared)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_prints_what_it_shows(page: str, reader: Reader, request: pytest.FixtureRequest) -> None:
    from tests.conftest import SHARED_DATA

    text = (ROOT / page).read_text(encoding="utf-8")
    _link_data(reader, text, SHARED_DATA.resolve())
    if "$ tapehead servers start" in text:
        for fixture in ("postgres18_program", "valkey_program"):
            request.getfixturevalue(fixture)
    wrong = [told for part in read_page(text) if (told := reader.read(part)) is not None]
    assert not wrong


PLANTED = """
# A page

```python
# mine.py
from tapehead import Signals, crossed_above, rsi, strategy


@strategy
class Mine:
    def signals(self, bars):
        return Signals(enter=crossed_above(rsi(bars.close, 14), 30.0))
```

```console
$ make test
$ tapehead import bars/
...
2 instruments: 5,988 bars added, 0 unchanged, 0 superseded in 0.50 s
...
$ tapehead backtest mine.py:Mine --symbols BTCUSDT
...
Kept as run 01JD8Q7K, receipt 9f31c2e0.  Next:
...
$ tapehead verify 01JD8Q7K
identical
...
$ tapehead universe list
universe  instruments
all                 2  built in
crypto              2  built in
```
"""


def test_a_page_is_read_in_its_order() -> None:
    parts = list(read_page(PLANTED))
    assert isinstance(parts[0], File)
    assert [part.command.split()[0] for part in parts if isinstance(part, Step)] == ["make", *["tapehead"] * 4]
    assert parts[1] == Step(16, "make test", ())


def test_a_true_page_passes_and_runs_are_known_by_the_page_s_ids(reader: Reader) -> None:
    assert [told for part in read_page(PLANTED) if (told := reader.read(part)) is not None] == []


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("5,988 bars added", "5,989 bars added"),
        ("crypto              2", "crypto              3"),
        ("identical\n", "differs\n"),
        ("$ tapehead universe list\n", "$ tapehead universe show nothing\n"),
        ("$ make test\n", "$ make test\nall is well\n"),
    ],
)
def test_a_false_page_is_seen(reader: Reader, true: str, false: str) -> None:
    assert true in PLANTED
    parts = read_page(PLANTED.replace(true, false))
    assert len([told for part in parts if (told := reader.read(part)) is not None]) == 1


def test_only_what_cannot_be_the_same_twice_may_differ() -> None:
    assert steady("run 01M80KC2, receipt 01045260.") == steady("run 01JD8Q7K, receipt 9f31c2e0.") == "run ~, ~."
    assert steady("48 done in 0.06 s   first result 4 ms   34 M bars/s") == "48 done in ~ first result ~ ~"
    assert difference(("a", "...", "d"), ["a", "b", "c", "d"]) is None
    assert difference(("a", "..."), ["a", "b"]) is None
    assert difference(("a",), ["a", "b"]) == "the program also printed 'b'"
    assert difference(("a", "b"), ["a"]) == "the page shows 'b', the program ended before it"
    assert difference(("+62.4",), ["+62.5"]) is not None
