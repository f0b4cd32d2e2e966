"""A real cluster of Valkeys and a real pair behind a sentinel for tests, started on first use.

`CONTRIBUTING.md` says how they are used.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from tapehead.servers.account import Account
from tapehead.servers.place import Place
from tapehead.servers.programs import Program
from tapehead.servers.valkey import USER, Valkey
from tests.servers import Own, Servers, _end

PRIMARIES = 3
SLOTS = 16384
SERVICE = "main"
# A replica is filled at once, not after waiting five seconds for others.
AT_ONCE = {"repl-diskless-sync-delay": "0"}
QUICK = {**AT_ONCE, "cluster-enabled": "yes", "cluster-node-timeout": "1000", "cluster-require-full-coverage": "no"}


class Sentinel(Valkey):
    """A Valkey that watches others and says which of them is the primary."""

    def __init__(self, find: Callable[[], Program], watched: Own) -> None:
        port, word = watched.running.port, password_of(watched)
        watching = {
            f"sentinel monitor {SERVICE}": f"127.0.0.1 {port} 1",
            f"sentinel auth-pass {SERVICE}": word,
            f"sentinel down-after-milliseconds {SERVICE}": "500",
            f"sentinel failover-timeout {SERVICE}": "3000",
        }
        super().__init__(find, 64, watching)

    def command(self, place: Place, port: int, account: Account) -> list[str]:
        """Return the command that reads the configuration as a sentinel."""
        return [*super().command(place, port, account), "--sentinel"]


@dataclass
class Several:
    """Valkeys that belong together: `servers` by what they are, and the URL of all."""

    url: str
    servers: dict[str, Own]

    def kill(self, name: str) -> None:
        """End one as a power cut would."""
        self.servers[name].kill()

    def start(self, name: str) -> None:
        """Start it again; it follows whoever took its place."""
        self.servers[name].start()

    def client(self, name: str) -> Any:
        """Return a client of one of them, to be closed."""
        import redis

        return redis.Redis.from_url(self.servers[name].url, socket_timeout=5.0)

    def say(self, name: str, *words: object) -> Any:
        """Give one of them a command."""
        with self.client(name) as client:
            return client.execute_command(*words)

    def end(self) -> None:
        """End them all."""
        for each in self.servers.values():
            _end(each)


def password_of(own: Own) -> str:
    """Return the password of a Valkey."""
    word: str = own.supervisor.place.passwords(USER)[USER]
    return word


def wait_for(seen: Callable[[], Any]) -> Any:
    """Wait until something is so; the time limit of the test is the bound."""
    import redis

    while True:
        with suppress(redis.RedisError):
            found = seen()
            if found:
                return found
        time.sleep(0.02)


def _beside(servers: Servers, kind: Valkey, first: Own | None) -> Own:
    """Start one more with the password of the first."""
    folder = servers.folder / next(servers.names)
    if first is not None:
        Place(folder).make()
        shutil.copy(first.supervisor.place.folder / "passwords.json", folder)
    return Own(folder, kind)


@pytest.fixture(scope="session")
def valkey_cluster(servers: Servers, valkey_program: Program) -> Iterator[Several]:
    """Three primaries `p0 p1 p2` and a replica `r0` of the first."""
    names = [*(f"p{number}" for number in range(PRIMARIES)), "r0"]
    started: dict[str, Own] = {}
    for name in names:
        first = next(iter(started.values()), None)
        # A node that is behind becomes primary whatever it missed: the first fill of a test is over in no time.
        settings = {**QUICK, "cluster-replica-validity-factor": "0"}
        if first is not None:
            settings |= {"primaryauth": password_of(first)}
        started[name] = _beside(servers, Valkey(lambda: valkey_program, 64, settings), first)
    word = password_of(started["p0"])
    places = ",".join(f"127.0.0.1:{own.running.port}" for own in started.values())
    several = Several(f"redis+cluster://:{word}@{places}", started)
    several.say("p0", "CONFIG", "SET", "primaryauth", word)
    for number in range(PRIMARIES):
        first, last = SLOTS * number // PRIMARIES, SLOTS * (number + 1) // PRIMARIES - 1
        several.say(f"p{number}", "CLUSTER", "ADDSLOTSRANGE", first, last)
    for name in names[1:]:
        several.say(name, "CLUSTER", "MEET", "127.0.0.1", started["p0"].running.port)
    for name in names:
        wait_for(lambda name=name: len(several.say(name, "CLUSTER", "NODES").splitlines()) == len(names))
    several.say("r0", "CLUSTER", "REPLICATE", several.say("p0", "CLUSTER", "MYID"))
    for name in names:
        wait_for(lambda name=name: b"cluster_state:ok" in several.say(name, "CLUSTER", "INFO"))
        wait_for(lambda name=name: several.say(name, "CLUSTER", "NODES").count(b"slave") == 1)
    wait_for(lambda: several.say("r0", "INFO", "replication")["master_link_status"] == "up")
    yield several
    several.end()


@pytest.fixture(scope="session")
def valkey_sentinel(servers: Servers, valkey_program: Program) -> Iterator[Several]:
    """A primary `a`, its replica `b`, and the sentinel that watches them."""
    primary = _beside(servers, Valkey(lambda: valkey_program, 64, AT_ONCE), None)
    word = password_of(primary)
    following = {**AT_ONCE, "replicaof": f"127.0.0.1 {primary.running.port}", "primaryauth": word}
    replica = _beside(servers, Valkey(lambda: valkey_program, 64, following), primary)
    sentinel = _beside(servers, Sentinel(lambda: valkey_program, primary), primary)
    place = f"127.0.0.1:{sentinel.running.port}"
    url = f"redis+sentinel://:{word}@{place}/{SERVICE}/0?sentinel_password={word}"
    several = Several(url, {"a": primary, "b": replica, "sentinel": sentinel})
    # After a fail-over the first follows the second.
    several.say("a", "CONFIG", "SET", "primaryauth", word)
    wait_for(lambda: several.say("b", "INFO", "replication")["master_link_status"] == "up")
    wait_for(lambda: several.say("sentinel", "SENTINEL", "REPLICAS", SERVICE))
    yield several
    several.end()
