"""make_client: a client of Redis or Valkey by URL, one server, a cluster or behind sentinels."""

import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import RedisClusterException, RedisError
from redis.retry import Retry
from redis.sentinel import Sentinel

from tapehead.errors import ParameterError

_SINGLE: Final = ("redis", "rediss", "unix")
_CLUSTER: Final = ("redis+cluster", "rediss+cluster")
_SENTINEL: Final = ("redis+sentinel", "rediss+sentinel")
_PORT: Final = 6379
_BATCH: Final = 1000
_SENTINEL_PORT: Final = 26379
_BOUND: Final = "redis://:PASSWORD@HOST:PORT/0, redis+cluster://HOST:PORT,HOST:PORT or redis+sentinel://HOST:PORT,HOST:PORT/SERVICE/0"


AWAY_ERRORS: Final = (RedisError, RedisClusterException, OSError)
"""What a server raises that cannot be asked; that of a cluster of which nobody answers is no RedisError."""


def make_client(url: str, *, wait_s: float = 1.0, name_in_errors: str = "url") -> Any:
    """Return a client that has not connected yet; its answers are bytes. Safe from many threads.

    Parameters
    ----------
    url : str
        As in the sentence of the error; `valkey://` is `redis://`, `rediss` means TLS.
    wait_s : float
        How long to wait for a connection or an answer.
    name_in_errors : str
        What the URL was given as.

    Raises
    ------
    ParameterError
        No such URL; the sentence holds no password.
    """
    text = re.sub(r"^valkey(s?)(?=[:+])", r"redis\1", url)
    scheme = text.partition("://")[0]
    words: dict[str, Any] = {
        "socket_timeout": wait_s,
        "socket_connect_timeout": wait_s,
        "retry": Retry(NoBackoff(), 1),
        "health_check_interval": 30,
    }
    try:
        if scheme in _SINGLE:
            client = Redis.from_url(text, **words)
            # Words of its query that no connection knows show only here.
            client.connection_pool.make_connection()
            return client
        if scheme in _CLUSTER:
            hosts, _, account = _places(text, _PORT)
            node: Any = ClusterNode
            nodes = [node(host, port) for host, port in hosts]
            del words["health_check_interval"]
            return RedisCluster(startup_nodes=nodes, ssl=scheme == "rediss+cluster", **account, **words)
        if scheme in _SENTINEL:
            hosts, path, account = _places(text, _SENTINEL_PORT)
            service, _, number = path.strip("/").partition("/")
            if service:
                # redis-py gives its types no signature.
                sentinel: Any = Sentinel
                number, _, query = number.partition("?")
                watch = sentinel(hosts, sentinel_kwargs={**words, **_sentinel_words(query)})
                tls = scheme == "rediss+sentinel"
                return watch.master_for(service, db=int(number or 0), ssl=tls, **account, **words)
    except (KeyError, ValueError, TypeError):
        # Its text may hold the password.
        raise ParameterError(name=name_in_errors, value=f"{scheme}://...", bound=_BOUND) from None
    raise ParameterError(name=name_in_errors, value=f"{scheme}://...", bound=_BOUND)


def check_url(url: str, name_in_errors: str = "url") -> None:
    """Raise ParameterError for a URL that no client can be made of; nothing is connected to."""
    scheme = url.partition("://")[0].replace("valkey", "redis")
    if scheme not in _CLUSTER:
        make_client(url, name_in_errors=name_in_errors).close()
        return
    try:
        _places(url, _PORT)
    except ValueError:
        raise ParameterError(name=name_in_errors, value=f"{scheme}://...", bound=_BOUND) from None


def _sentinel_words(query: str) -> dict[str, str]:
    """Return user and password of the sentinels themselves, where they have any."""
    known = {"sentinel_username": "username", "sentinel_password": "password"}
    return {known[name]: value for name, value in parse_qsl(query, strict_parsing=bool(query)) if known[name]}


def _places(text: str, usual: int) -> tuple[list[tuple[str, int]], str, dict[str, Any]]:
    """Return hosts with ports, the path, and user and password of a URL with several hosts."""
    scheme, _, rest = text.partition("://")
    place, slash, path = rest.partition("/")
    who, at, hosts = place.rpartition("@")
    known = urlsplit(f"redis://{who}{at}host")
    # As in the URL of one server: what is not a letter there is written with a percent sign.
    account = {"username": unquote(known.username or ""), "password": unquote(known.password or "")}
    found = []
    for each in filter(None, hosts.split(",")):
        one = urlsplit(f"{scheme}://{each}")
        found.append((one.hostname or "127.0.0.1", one.port or usual))
    return found, slash + path, {name: value for name, value in account.items() if value}


def clear_keys(
    client: Any, match: str, counts: Callable[[bytes], bool], keeps: Callable[[bytes], bool] | None = None
) -> int:
    """Drop the keys that match a pattern; return how many of them `counts`.

    They are found with SCAN, a thousand at a time, and unlinked: no other key is touched and nobody waits for it.
    `keeps` names those that stay.
    """
    gone, batch = 0, []
    for name in client.scan_iter(match=match, count=_BATCH):
        if keeps is not None and keeps(name):
            continue
        gone += counts(name)
        batch.append(name)
        if len(batch) == _BATCH:
            client.unlink(*batch)
            batch.clear()
    if batch:
        client.unlink(*batch)
    return gone


def server_figures(client: Any) -> dict[str, str | int]:
    """Return memory, bound, policy, evictions and keys of a server, summed over the primaries of a cluster.

    Parameters
    ----------
    client : object
        Of `make_client`; asked now, so that a server that is away raises here.
    """
    if isinstance(client, RedisCluster):
        told = list(client.info("all", target_nodes=RedisCluster.PRIMARIES).values())
        told = told if told and isinstance(told[0], dict) else [client.info("all")]
    else:
        told = [client.info("all")]
    sums = ("used_memory", "maxmemory", "evicted_keys", "expired_keys", "connected_clients")
    figures: dict[str, str | int] = {name: sum(int(one.get(name, 0)) for one in told) for name in sums}
    figures["keys"] = sum(int(db["keys"]) for one in told for name, db in one.items() if re.fullmatch(r"db\d+", name))
    figures["policy"] = str(told[0].get("maxmemory_policy", ""))
    figures["version"] = str(told[0].get("valkey_version") or told[0].get("redis_version", ""))
    figures["servers"] = len(told)
    return figures


def shown_url(url: str) -> str:
    """Return a URL as people may read it: without user, password and query."""
    scheme, _, rest = url.partition("://")
    place, slash, path = rest.partition("?")[0].partition("/")
    return f"{scheme}://{place.rpartition('@')[2]}{slash}{path}"
