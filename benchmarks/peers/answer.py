"""A peer that answers cases of the fuzz as long as it is asked: a line of JSON in, a line of JSON out.

`python -m benchmarks.peers.answer raptorbt`; importing vectorbt takes seconds, so that a process serves many cases.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import warnings
from collections.abc import Callable

from benchmarks.fuzz.case import Case
from benchmarks.fuzz.found import Found


def main() -> None:
    """Answer lines until there are no more; what an engine itself prints goes to stderr."""
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    answer: Callable[[Case], Found] = importlib.import_module(f"benchmarks.peers.answer_{sys.argv[1]}").answer
    for line in sys.stdin:
        found = [_told(answer, Case.read(told)) for told in json.loads(line)]
        lines.write(json.dumps(found) + "\n")
        lines.flush()


def _told(answer: Callable[[Case], Found], case: Case) -> dict[str, object]:
    """The answer to one case; an engine may raise anything, which is an answer too."""
    try:
        return answer(case).told()
    except Exception as error:  # noqa: BLE001 - whatever a strange tool raises is what it said
        return Found(refused=f"{type(error).__name__}: {error}".splitlines()[0][:200]).told()


if __name__ == "__main__":
    main()
