"""make_client: a client of Redis or Valkey by URL, one server, a cluster or behind sentinels."""

import re
from typing import Any, Final
from urllib.parse import urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.retry import Retry
from redis.sentinel import Sentinel

from tapehead.errors import ParameterError

_SINGLE: Final = ("redis", "rediss", "unix")
_CLUSTER: Final = ("redis+cluster", "rediss+cluster")
_SENTINEL: Final = ("redis+sentinel", "rediss+sentinel")
_PORT: Final = 6379
_SENTINEL_PORT: Final = 26379
_BOUND: Final = "redis://:PASSWORD@HOST:PORT/0, redis+cluster://HOST:PORT,HOST:PORT or redis+sentinel://HOST:PORT,HOST:PORT/SERVICE/0"


def make_client(url: str, *, wait_s: float = 1.0) -> Any:
    """Return a client that has not connected yet; its answers are bytes. Safe from many threads.

    Parameters
    ----------
    url : str
        As in the sentence of the error; `valkey://` is `redis://`, `rediss` means TLS.
    wait_s : float
        How long to wait for a connection or an answer.

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
                watch = sentinel(hosts, sentinel_kwargs=words)
                tls = scheme == "rediss+sentinel"
                return watch.master_for(service, db=int(number or 0), ssl=tls, **account, **words)
    except (ValueError, TypeError):
        # Its text may hold the password.
        raise ParameterError(name="url", value=f"{scheme}://...", bound=_BOUND) from None
    raise ParameterError(name="url", value=f"{scheme}://...", bound=_BOUND)


def check_url(url: str) -> None:
    """Raise ParameterError for a URL that no client can be made of; nothing is connected to."""
    scheme = url.partition("://")[0].replace("valkey", "redis")
    if scheme not in _CLUSTER:
        make_client(url).close()
        return
    try:
        _places(url, _PORT)
    except ValueError:
        raise ParameterError(name="url", value=f"{scheme}://...", bound=_BOUND) from None


def _places(text: str, usual: int) -> tuple[list[tuple[str, int]], str, dict[str, Any]]:
    """Return hosts with ports, the path, and user and password of a URL with several hosts."""
    scheme, _, rest = text.partition("://")
    place, slash, path = rest.partition("/")
    who, at, hosts = place.rpartition("@")
    known = urlsplit(f"redis://{who}{at}host")
    account = {"username": known.username or None, "password": known.password}
    found = []
    for each in filter(None, hosts.split(",")):
        one = urlsplit(f"{scheme}://{each}")
        found.append((one.hostname or "127.0.0.1", one.port or usual))
    return found, slash + path, {name: value for name, value in account.items() if value}
