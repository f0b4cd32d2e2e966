"""Ids of runs: they sort by time, and no two are equal."""

import re
import threading
import time

from tapehead.stores.tables.ulid import new_ulid


def test_ids_are_26_characters_of_crockford() -> None:
    assert all(re.fullmatch(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", new_ulid()) for _ in range(1000))


def test_an_id_tells_its_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    text = new_ulid()
    at = 0
    for character in text[:10]:
        at = at * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(character)
    assert before <= at <= time.time_ns() // 1_000_000 + 1


def test_ids_rise_within_a_thread_and_differ_among_threads() -> None:
    made: list[list[str]] = [[] for _ in range(4)]

    def make(mine: list[str]) -> None:
        for _ in range(2000):
            mine.append(new_ulid())  # noqa: PERF401 - each as it is made

    threads = [threading.Thread(target=make, args=(mine,)) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(mine == sorted(mine) for mine in made)
    assert len({text for mine in made for text in mine}) == 8000
