"""Tapehead's cache of answers: the file of the machine, or a Redis, for all processes; prints JSON."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import tapehead as th
from benchmarks.sources import answers


@th.cached(ttl="5m", namespace="facts")
def facts(symbol: str) -> dict[str, float | str]:
    """Thirty facts."""
    return answers.facts(symbol)


@th.cached(ttl="5m", namespace="rows")
def rows(path: str, symbol: str) -> list[tuple[str, int, float, float, float, float, float]]:
    """A query."""
    return answers.rows(path, symbol)


def main() -> None:
    """Ask again and again."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rows")
    asked = parser.parse_args()
    calls: dict[str, Callable[[], Any]] = {"facts": lambda: facts("S07"), "rows": lambda: rows(asked.rows, "S07")}
    said: dict[str, float] = {}
    for name, call in calls.items():
        began = time.perf_counter_ns()
        call()
        said[f"{name}_first"] = (time.perf_counter_ns() - began) / 1e6
        said[name] = answers.timed(call)
    print(json.dumps({**said, "answers": [facts("S07"), rows(asked.rows, "S07")]}))


if __name__ == "__main__":
    main()
