"""Functions whose answers are kept: in a file of this machine and in a real Valkey, by the same words."""

import asyncio
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tapehead as th
from tapehead.errors import CachedFunctionError, ParameterError, UncacheableError
from tapehead.library.cache import Cache
from tapehead.model.time_slot import slot_at
from tapehead.valkey.client import make_client
from tests.servers import Own

CALLS: list[object] = []


@pytest.fixture(params=["local", "redis"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cache]:
    CALLS.clear()
    url = request.getfixturevalue("valkey") if request.param == "redis" else ""
    made = th.open_cache(url, home=tmp_path)
    yield made
    made.close()


@dataclass(frozen=True)
class Quote:
    symbol: str
    last: Decimal
    at: datetime


def quote(symbol: str, depth: int = 1) -> Quote:
    CALLS.append((symbol, depth))
    return Quote(symbol, Decimal("1.50"), datetime(2024, 1, 1, tzinfo=UTC))


async def quote_async(symbol: str) -> dict[str, Any]:
    CALLS.append(symbol)
    await asyncio.sleep(0)
    return {"symbol": symbol, "closes": np.arange(3.0)}


def picky(symbol: str) -> float:
    CALLS.append(symbol)
    if symbol == "gone":
        raise KeyError("gone", 404)
    if symbol == "down":
        raise OSError("the source is down")
    return 1.5


def maybe(symbol: str) -> None:
    CALLS.append(symbol)


def test_a_function_is_called_once_for_the_same_arguments(cache: Cache) -> None:
    asked = th.cached(policy="quotes", cache=cache)(quote)
    first = asked("BTC")
    assert asked("BTC") == asked(symbol="BTC") == asked("BTC", depth=1) == first
    assert asked("BTC") is not first
    assert asked("ETH", 2).symbol == "ETH"
    assert CALLS == [("BTC", 1), ("ETH", 2)]
    stats = cache.stats()["quotes"]
    assert (stats.hits, stats.misses, stats.made, stats.items) == (4, {"absent": 2}, 2, 2)
    assert stats.hit_share == pytest.approx(4 / 6)
    assert [one.hits for one in stats.stores] == [4]
    assert stats.size_bytes > 0


def test_a_coroutine_function_stays_one(cache: Cache) -> None:
    asked = th.cached(ttl="1h", namespace="closes", cache=cache)(quote_async)
    assert asyncio.iscoroutinefunction(asked)

    async def work() -> list[dict[str, Any]]:
        together = await asyncio.gather(*(asked("BTC") for _ in range(20)))
        return [*together, await asked("BTC"), await asked.fresh("BTC")]

    got = asyncio.run(work())
    assert CALLS == ["BTC", "BTC"]
    assert all(one["closes"].tolist() == [0.0, 1.0, 2.0] for one in got)
    # Each asker may do with its answer what it likes.
    assert len({id(one["closes"]) for one in got}) == 22
    stats = cache.stats()["closes"]
    # On a busy machine the last of those who ask together come when the answer is there already.
    assert (stats.hits + stats.joined, stats.made) == (20, 1)


def test_none_is_an_answer(cache: Cache) -> None:
    asked = th.cached(ttl=60, cache=cache)(maybe)
    assert asked("BTC") is None
    assert asked("BTC") is None
    assert CALLS == ["BTC"]


def test_what_is_raised_is_kept_only_where_that_is_asked_for(cache: Cache) -> None:
    asked = th.cached(ttl=60, errors=(KeyError,), cache=cache)(picky)
    for _ in range(2):
        with pytest.raises(KeyError) as caught:
            asked("gone")
        assert caught.value.args == ("gone", 404)
        with pytest.raises(OSError, match="the source is down"):
            asked("down")
    assert CALLS == ["gone", "down", "down"]
    (stats,) = cache.stats().namespaces
    assert (stats.hits, stats.failed) == (1, 3)


def test_a_key_can_be_shown_dropped_and_made_fresh(cache: Cache) -> None:
    asked = th.cached(policy="history", cache=cache)(quote)
    asked("BTC")
    assert asked.key("BTC") == asked.key(symbol="BTC")
    assert asked.key("BTC").startswith("history:")
    assert asked.key(1) != asked.key(1.0)
    assert asked.key({"a": 1, "b": 2}) == asked.key({"b": 2, "a": 1})
    assert asked.forget("BTC")
    assert not asked.forget("BTC")
    asked.fresh("BTC")
    asked("BTC")
    assert len(CALLS) == 2


def _made(body: str, tmp_path: Path) -> Callable[..., Any]:
    """A function of a file, as if somebody edited it."""
    path = tmp_path / "edited.py"
    path.write_text(f"def price(symbol):\n    return {body}\n")
    import linecache

    linecache.clearcache()
    space: dict[str, Any] = {"__name__": "edited"}
    exec(compile(path.read_text(), path, "exec"), space)  # noqa: S102 - as an import does
    made: Callable[..., Any] = space["price"]
    return made


def test_a_function_that_was_changed_is_asked_anew(cache: Cache, tmp_path: Path) -> None:
    wrap = th.cached(ttl="1h", namespace="prices", cache=cache)
    assert wrap(_made("1", tmp_path))("BTC") == 1
    assert wrap(_made("1  # the same", tmp_path))("BTC") == 1
    assert wrap(_made("2", tmp_path))("BTC") == 2
    stats = cache.stats()["prices"]
    assert (stats.hits, stats.misses) == (1, {"absent": 1, "changed": 1})
    pinned = th.cached(ttl="1h", namespace="prices", version="7", cache=cache)
    assert pinned(_made("3", tmp_path))("BTC") == 3
    assert pinned(_made("4", tmp_path))("BTC") == 3


def test_methods_leave_self_out(cache: Cache) -> None:
    class Source:
        @th.cached(ttl=60, ignore=("self",), cache=cache, version="1")
        def last(self, symbol: str) -> str:
            CALLS.append(symbol)
            return symbol.lower()

        @th.cached(ttl=60, cache=cache, version="1")
        def other(self, symbol: str) -> str:
            return symbol

    assert Source().last("BTC") == Source().last("BTC") == "btc"
    assert CALLS == ["BTC"]
    with pytest.raises(UncacheableError, match=r"the argument self of .*ignore=\('self',\)"):
        Source().other("BTC")


def test_a_function_that_asks_for_itself_is_only_called(cache: Cache) -> None:
    assert Again.cache_of(cache)(3) == 6


class Again:
    """Holds a function that calls itself by the name under which it is cached."""

    asked: Any = None

    @classmethod
    def cache_of(cls, cache: Cache) -> Any:
        cls.asked = th.cached(ttl=60, cache=cache)(total)
        return cls.asked


def total(number: int) -> int:
    CALLS.append(number)
    if len(CALLS) == 1:
        return int(Again.asked(number))
    return number if number == 0 else number + int(Again.asked(number - 1))


def test_what_no_cache_can_keep_is_refused_in_a_sentence(cache: Cache) -> None:
    wrap: Any = th.cached(ttl=60, cache=cache)
    with pytest.raises(CachedFunctionError, match="it yields"):
        wrap(_yields)
    outside = 3
    with pytest.raises(CachedFunctionError, match=r"remembers outside.*version='\.\.\.'"):
        wrap(lambda: outside)
    with pytest.raises(CachedFunctionError, match="only functions"):
        wrap(len)
    with pytest.raises(UncacheableError, match=r"what .*:_opened returned is a _io\.StringIO"):
        wrap(_opened)()
    with pytest.raises(UncacheableError, match=r"the argument of of .*:_opened"):
        wrap(_opened)(object())
    with pytest.raises(ParameterError, match="one of ttl='5m', policy='quotes' or slot='1d'"):
        th.cached(ttl=5, policy="quotes")
    with pytest.raises(ParameterError, match=r"policy='quote'.* one of quotes, history"):
        th.cached(policy="quote", cache=cache)(quote)
    with pytest.raises(ParameterError, match="ignore="):
        th.cached(ttl=5, ignore=("session",), cache=cache)(quote)


def _yields() -> Iterator[int]:
    yield 1


def _opened(of: object = None) -> object:
    import io

    return io.StringIO()


def test_many_threads_are_one_call_and_share_what_it_raises(cache: Cache) -> None:
    gate, entered = threading.Event(), threading.Event()

    def slow() -> str:
        CALLS.append(1)
        entered.set()
        gate.wait()
        raise OSError("the source is down")

    got: list[object] = []

    def ask() -> None:
        try:
            got.append(cache.get_or_fetch("news", ("BTC", 1), slow))
        except OSError as error:
            got.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    entered.wait()
    while sum(cache.stats(here=True)["news"].misses.values()) < 8:
        pass
    gate.set()
    for thread in threads:
        thread.join()
    assert (len(CALLS), len(got)) == (1, 8)
    assert all(isinstance(one, OSError) for one in got)
    # Nothing is kept, and nobody holds the key.
    assert cache.get_or_fetch("news", ("BTC", 1), lambda: "good") == "good"


def test_a_task_that_is_cancelled_leaves_the_call_to_another(cache: Cache) -> None:
    async def work() -> tuple[str, int]:
        gate = asyncio.Event()

        async def slow() -> str:
            CALLS.append(1)
            await gate.wait()
            return "good"

        async def ask() -> str:
            return await cache.get_or_fetch_async("news", "BTC", slow)

        first = asyncio.create_task(ask())
        await _until(lambda: len(CALLS) == 1)
        others = [asyncio.create_task(ask()) for _ in range(3)]
        await _until(lambda: sum(cache.stats(here=True)["news"].misses.values()) == 4)
        others[0].cancel()
        first.cancel()
        await _until(lambda: len(CALLS) == 2)
        gate.set()
        done = await asyncio.gather(first, *others, return_exceptions=True)
        assert isinstance(done[0], asyncio.CancelledError)
        assert isinstance(done[1], asyncio.CancelledError)
        return str(done[2]), len(CALLS)

    assert asyncio.run(work()) == ("good", 2)


async def _until(seen: Callable[[], bool]) -> None:
    """Let the loop go on until something can be seen."""
    while not seen():  # noqa: ASYNC110 - what is waited for happens in threads, which set no event of the loop
        await asyncio.sleep(0.001)


ASKING = """
import asyncio, sys
import tapehead as th
from pathlib import Path

folder = Path(sys.argv[1])

def fetch():
    with open(folder / "calls", "a") as calls:
        calls.write("call\\n")
    print("calling", flush=True)
    (folder / "gate").open().read()
    return {"last": 1.5}

async def fetch_async():
    return await asyncio.to_thread(fetch)

cache = th.open_cache(sys.argv[2], home=folder)
print("ready", flush=True)
sys.stdin.readline()
if sys.argv[3] == "async":
    print(asyncio.run(cache.get_or_fetch_async("quotes", "BTC", fetch_async)), flush=True)
else:
    print(cache.get_or_fetch("quotes", "BTC", fetch), flush=True)
"""


def _start(cache: Cache, tmp_path: Path, url: str, kind: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", textwrap.dedent(ASKING), str(tmp_path), url, kind]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("kind", ["local", "redis"])
def test_two_processes_and_a_task_are_one_call(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("valkey") if kind == "redis" else ""
    os.mkfifo(tmp_path / "gate")
    cache = th.open_cache(url, home=tmp_path)
    asking = [_start(cache, tmp_path, url, how) for how in ("sync", "sync", "async")]
    for each in asking:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in asking:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    # Opens when the one that calls has come to it; the others find it made.
    (tmp_path / "gate").write_text("open")
    said = [each.communicate(timeout=60)[0] for each in asking]
    assert sorted(said) == ["calling\n{'last': 1.5}\n", "{'last': 1.5}\n", "{'last': 1.5}\n"]
    assert (tmp_path / "calls").read_text() == "call\n"
    # All of them are gone, and the value is there.
    assert cache.get("quotes", "BTC") == {"last": 1.5}
    stats = cache.stats()["quotes"]
    assert (stats.made, stats.hits + stats.joined) == (1, 3)
    cache.close()


def test_a_process_that_is_killed_in_its_call_leaves_it_to_another(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    cache = th.open_cache("", home=tmp_path)
    dying = _start(cache, tmp_path, "", "sync")
    assert dying.stdout is not None
    assert dying.stdin is not None
    dying.stdin.write("go\n")
    dying.stdin.flush()
    while dying.stdout.readline() != "calling\n":
        pass
    got: list[object] = []
    waiting = threading.Thread(target=lambda: got.append(cache.get_or_fetch("quotes", "BTC", lambda: "mine")))
    waiting.start()
    while "quotes" not in {one.name for one in cache.stats(here=True).namespaces}:
        pass
    assert got == []
    dying.kill()
    dying.communicate()
    waiting.join()
    assert got == ["mine"]
    cache.close()


def test_a_value_that_is_over_is_fetched_once_more_and_clear_leaves_the_keys_of_others(
    valkey: str, tmp_path: Path
) -> None:
    cache = th.open_cache(valkey, home=tmp_path)
    short = th.CachePolicy("short", 0.02)
    with make_client(valkey) as client:
        client.set("quotes:BTC", b"theirs")
        cache.get_or_fetch(short, "BTC", lambda: CALLS.append("first"))
        while list(client.scan_iter("*short*:0000000000000000")):
            pass
        CALLS.clear()
        for _ in range(3):
            cache.get_or_fetch(th.CachePolicy("short", 60), "BTC", lambda: CALLS.append("again"))
        assert CALLS == ["again"]
        assert cache.stats()["short"].misses == {"absent": 1, "expired": 1}
        assert cache.clear("short") == 1
        assert cache.stats()["short"].misses == {}
        assert list(client.scan_iter()) == [b"quotes:BTC"]
    cache.close()


def test_slots_end_when_the_clock_says_so(cache: Cache) -> None:
    now = [datetime(2024, 5, 1, 10, 4, 59, tzinfo=UTC).timestamp()]
    prices = th.TimeSlotCache("5m", cache=cache, clock=lambda: now[0])
    prices.set("BTC", 1.5)
    assert prices.get("BTC") == 1.5
    now[0] += 1
    assert prices.get("BTC", "none") == "none"
    assert prices.get_or_fetch("BTC", lambda: 2.5) == 2.5
    assert prices.get("BTC") == 2.5

    def late() -> float:
        now[0] += 300
        return 3.5

    assert prices.get_or_fetch("ETH", late) == 3.5
    assert cache.stats()["slots"].late == 1
    assert prices.get("ETH") is None


def test_a_function_by_the_day_of_a_zone(cache: Cache) -> None:
    asked = th.cached(slot="1d", zone="America/New_York", namespace="days", cache=cache)(quote)
    before = slot_at(datetime.now(UTC).timestamp(), "1d", "America/New_York")
    asked("BTC")
    asked("BTC")
    if before == slot_at(datetime.now(UTC).timestamp(), "1d", "America/New_York"):
        assert len(CALLS) == 1


def test_a_redis_that_goes_away_costs_calls_and_changes_nothing(own_valkey: Own, tmp_path: Path) -> None:
    CALLS.clear()
    cache = th.open_cache(own_valkey.url, home=tmp_path)
    asked = th.cached(policy="quotes", cache=cache)(quote)
    want = asked("BTC")
    own_valkey.kill()
    for _ in range(3):
        assert asked("BTC") == want
    assert len(CALLS) == 2
    stats = cache.stats()
    assert stats.degraded == "Redis is away: slower, same results."
    assert cache.stats(here=True)["quotes"].misses == {"absent": 1, "away": 1}
    cache.close()


def test_switched_off_every_call_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    CALLS.clear()
    monkeypatch.setenv("TAPEHEAD_CACHE_MB", "0")
    monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path))
    asked = th.cached(policy="quotes")(quote)
    assert asked("BTC") == asked("BTC")
    assert len(CALLS) == 2
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_used_leaves_memory(tmp_path: Path) -> None:
    CALLS.clear()
    (tmp_path / "cache").write_text("a file stands in the way")
    cache = th.open_cache("", home=tmp_path)
    asked = th.cached(policy="quotes", cache=cache)(quote)
    assert asked("BTC") == asked("BTC")
    assert len(CALLS) == 1
    assert [one.store for one in cache.stats()["quotes"].stores] == ["process"]


def test_a_value_that_is_too_large_is_handed_out_and_told(cache: Cache, caplog: pytest.LogCaptureFixture) -> None:
    policy = th.CachePolicy("big", "1h", max_value_bytes=1000)
    for _ in range(2):
        assert len(cache.get_or_fetch(policy, "a", lambda: b"x" * 2000)) == 2000
    stats = cache.stats()["big"]
    assert (stats.made, stats.too_large, stats.items) == (2, 2, 0)
    assert "takes 20" in caplog.text


def test_policies_of_the_environment_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAPEHEAD_CACHE_POLICIES", "quotes=5s, mine=2h")
    cache = th.open_cache("", home=tmp_path)
    assert (cache.policy("quotes").ttl_s, cache.policy("mine").ttl_s, cache.policy("news").ttl_s) == (5, 7200, 1800)
    for wrong in ("quotes", "quotes=", "=5s", "quotes=soon", "a b=5s"):
        monkeypatch.setenv("TAPEHEAD_CACHE_POLICIES", wrong)
        with pytest.raises(ParameterError):
            th.open_cache("", home=tmp_path)


def test_somebody_elses_bytes_are_a_miss(tmp_path: Path, valkey: str) -> None:
    cache = th.open_cache(valkey, home=tmp_path)
    cache.put("quotes", "BTC", 1.5)
    with make_client(valkey) as client:
        (name,) = client.scan_iter("*:0000000000000000")
        client.setrange(name, 30, b"\xff")
    assert cache.get_or_fetch("quotes", "BTC", lambda: 2.5) == 2.5
    assert cache.stats()["quotes"].misses == {"unreadable": 1}
    assert cache.get("quotes", "BTC") == 2.5
    with make_client(valkey) as client:
        client.delete(name)
        client.lpush(name, "of another type")
    assert cache.get_or_fetch("quotes", "BTC", lambda: 3.5) == 3.5
    assert cache.stats()["quotes"].misses == {"unreadable": 2}
    with make_client(valkey) as client:
        client.delete("tapehead:cache:1:quotes:counts")
        client.lpush("tapehead:cache:1:quotes:counts", "of another type")
        client.set(b"tapehead:cache:1:\xff:{ab}:1", "no name")
    assert cache.get("quotes", "BTC") == 3.5
    assert cache.stats()["quotes"].hits == 0
    assert cache.get("quotes", "BTC") == 3.5
    assert cache.stats()["quotes"].hits == 1
    assert cache.values.facts()[0].degraded == ""
    assert cache.get("quotes", "BTC") == 3.5
    cache.close()


def test_a_child_of_fork_counts_for_itself(cache: Cache) -> None:
    cache.get_or_fetch("quotes", "BTC", lambda: 1.5)
    child = os.fork()
    if child == 0:
        good = cache.get_or_fetch("quotes", "BTC", lambda: 2.5) == 1.5
        cache.values.close()
        os._exit(0 if good else 1)
    assert os.waitpid(child, 0)[1] == 0
    stats = cache.stats()["quotes"]
    assert (stats.hits, stats.made, stats.misses) == (1, 1, {"absent": 1})
