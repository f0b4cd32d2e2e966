"""One call of the command line, with what it wrote and how it ended."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from tapehead.cli.main import main
from tests.unit.cli.scripted import ScriptedStore


class Called(NamedTuple):
    code: int
    out: str
    err: str


Call = Callable[..., Called]


@pytest.fixture
def store() -> ScriptedStore:
    return ScriptedStore()


@pytest.fixture
def call(store: ScriptedStore, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run words against the scripted store in a window of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    monkeypatch.delenv("TAPEHEAD_HOME", raising=False)

    def run(*words: str) -> Called:
        code = main(words, open_store=store.open)  # type: ignore[arg-type]  # scripted
        return Called(code, *capfd.readouterr())

    return run
