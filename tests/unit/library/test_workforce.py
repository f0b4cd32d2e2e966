"""workforce: who works on a run, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from tapehead.errors import ParameterError
from tapehead.executors.serial import SerialExecutor
from tapehead.library.workforce import workforce
from tapehead.settings import Settings, processors

SETTINGS = Settings(Path("nowhere"))


def ask(executor: Any = "auto", workers: Any = None, settings: Settings = SETTINGS) -> Any:
    return workforce(settings, executor, workers, cells=100, compiled=False)


def test_workers_are_those_asked_for_else_those_of_the_settings_else_one_a_processor() -> None:
    set_to_five = Settings(Path("nowhere"), workers=5)
    assert ask("threads", 3, set_to_five).workers == 3
    assert ask("threads", None, set_to_five).workers == ask("threads", "auto", set_to_five).workers == 5
    assert ask("threads").workers == processors()
    assert ask("serial", 1, set_to_five).workers == 1


def test_an_executor_that_is_there_already_is_taken_as_it_is() -> None:
    made = SerialExecutor()
    assert ask(made, 3) is made


@pytest.mark.parametrize("workers", [0, -1, 10**9, 1025, True, 2.0, "two", "0", [2]])
def test_other_numbers_of_workers_are_refused(workers: Any) -> None:
    with pytest.raises(ParameterError, match="workers must be auto, or a whole number from 1 to 1,024"):
        ask("threads", workers)


@pytest.mark.parametrize("executor", ["ray", "", "Threads", None, 3, object()])
def test_other_executors_are_refused_with_those_there_are(executor: Any) -> None:
    with pytest.raises(ParameterError, match="executor must be one of auto, threads, processes, serial"):
        ask(executor)


def test_one_after_another_has_one_worker() -> None:
    with pytest.raises(ParameterError, match="workers=2: workers must be 1, or left out"):
        ask("serial", 2)
