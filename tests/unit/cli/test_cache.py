"""`tapehead cache` on real caches: what it tells, and what it drops."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest

import tapehead as th
from tapehead.cli.cache import cache
from tapehead.cli.main import main
from tapehead.valkey.client import make_client
from tests.servers import Own


def run(capfd: pytest.CaptureFixture[str], home: Path, *words: str) -> tuple[int, str, str]:
    code = main(["--home", str(home), *words])
    return code, *capfd.readouterr()


def document(capfd: pytest.CaptureFixture[str], home: Path, *words: str) -> dict[str, Any]:
    code, out, _ = run(capfd, home, "--json", *words)
    found: dict[str, Any] = json.loads(out)
    assert found["schema"] == "tapehead.cache/1"
    return {**found, "code": code}


def fill(home: Path) -> None:
    """Ask a cache for a few values, and end."""
    values = th.open_cache(home=home)
    for number in (1, 1, 2):
        values.get_or_fetch("quotes", number, lambda: b"x" * 1000)
    values.get_or_fetch("news", "BTC", lambda: "good")
    values.close()


def test_an_empty_home_has_nothing_to_tell(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capfd, tmp_path, "cache", "status")
    assert code == 0
    assert "Nothing is kept: no function under @tapehead.cached was called yet." in out
    assert "the store holds no bars yet" in out


def test_what_is_kept_is_told_by_namespace_and_tier(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path)
    with th.open(tmp_path) as store:
        store.demo(instruments=2, years=1, seed=3)
    code, out, _ = run(capfd, tmp_path, "cache", "status")
    assert code == 0
    assert all(len(line) <= 80 for line in out.splitlines() if str(tmp_path) not in line)
    lines = out.splitlines()
    (quotes,) = [line.split() for line in lines if line.startswith("quotes")]
    assert quotes[:7] == ["quotes", "2", "2.0", "KiB", "1", "33", "2"]
    assert "  misses: 2 absent" in lines
    told = document(capfd, tmp_path, "cache", "status")
    assert [(each["name"], each["hits"], each["misses"]) for each in told["namespaces"]] == [
        ("news", 0, {"absent": 1}),
        ("quotes", 1, {"absent": 2}),
    ]
    assert [each["name"] for each in told["stores"]] == ["local", "process"]
    assert [each["name"] for each in told["tiers"]] == ["memory", "hot", "store"]
    assert all(each["read_ms"] > 0 for each in told["tiers"])
    assert told["segment_bars"] > 8000


def test_a_namespace_is_cleared_and_the_rest_stays(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], valkey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPEHEAD_REDIS", valkey)
    fill(tmp_path)
    with th.open(tmp_path) as store:
        store.demo(instruments=2, years=1, seed=3)
        store.backtest("RsiReversion", universe="demo").wait()
    with make_client(valkey) as client:
        client.set("quotes", b"theirs")
        bars = len(list(client.scan_iter("tapehead:bars:*:ts")))
        assert bars >= 2
        told = document(capfd, tmp_path, "cache", "status")
        assert [each["name"] for each in told["tiers"]] == ["memory", "hot", "redis", "store"]
        assert told["stores"][0]["server"]["policy"] == "allkeys-lru"
        assert document(capfd, tmp_path, "cache", "clear", "--namespace", "quotes")["namespaces"] == {"quotes": 2}
        code, out, _ = run(capfd, tmp_path, "cache", "clear")
        assert (code, out) == (0, "1 value dropped\n")
        # The columns of the run, and that of the segment that `status` timed, here and in Redis.
        assert document(capfd, tmp_path, "cache", "clear", "--namespace", "bars")["cleared"] >= 2 * bars
        assert list(client.scan_iter()) == [b"quotes"]


def test_a_redis_that_is_away_ends_with_1(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], own_valkey: Own, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPEHEAD_REDIS", own_valkey.url)
    own_valkey.kill()
    code, out, _ = run(capfd, tmp_path, "cache", "status")
    assert code == 1
    assert "Redis is away: slower, same results." in out
    told = document(capfd, tmp_path, "cache", "status")
    assert (told["code"], told["stores"][0]["degraded"]) == (1, "Redis is away: slower, same results.")
    code, _, err = run(capfd, tmp_path, "cache", "clear", "--namespace", "quotes")
    assert code == 1
    assert "What is kept there was not dropped." in err


@pytest.mark.parametrize("command", [cache, *cache.commands.values()], ids=lambda command: command.name)
def test_the_example_of_a_command_runs(
    command: click.Command, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    example = re.search(r"Example: tapehead (.*)", command.epilog or "")
    assert example is not None
    assert run(capfd, tmp_path, *shlex.split(example[1]))[0] == 0


def test_a_namespace_that_there_cannot_be_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capfd, tmp_path, "cache", "clear", "--namespace", "*")
    assert code == 2
    assert "namespace='*'" in err
