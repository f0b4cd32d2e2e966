"""places: by which names the service may be called, and from which pages. Against DNS rebinding and forged requests."""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from tapehead.api.options import Options
from tapehead.errors import ServiceError

Headers = Iterable[tuple[bytes, bytes]]

LOOPBACK_NAMES = frozenset(("localhost", "127.0.0.1", "::1"))
_AUTHORITY = re.compile(r"(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9](?:[a-z0-9._-]{0,252})))(?::([0-9]{1,5}))?")
_ORIGIN = re.compile(r"(https?)://(.+)")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_FORWARDED = frozenset((b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via"))


class Authority(NamedTuple):
    """A name or address, and a port where one is given."""

    host: str
    port: int | None


class Places:
    """What a service that was started with these options answers to."""

    def __init__(self, options: Options) -> None:
        named = {_plain(options.host), *map(_plain, options.hosts)}
        self._names = LOOPBACK_NAMES | {name for name in named if not is_wildcard(name)}
        # A page cannot rebind an address, only a name; bound to every address, any of them may be called.
        self._any_address = is_wildcard(options.host)
        self._held = ", ".join(sorted(self._names))

    def check(self, method: str, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Raise ServiceError for a request that comes by a foreign name or from a foreign page."""
        asked = self._check_host([value for name, value in headers if name == b"host"])
        origins = [value for name, value in headers if name == b"origin"]
        if origins:
            _check_origin(origins, asked)
        _check_fetch(method, headers)

    def _check_host(self, given: list[bytes]) -> Authority:
        """Return what the one Host header names."""
        asked = read_authority(given[0].decode("latin-1")) if len(given) == 1 else None
        if asked is None or not (asked.host in self._names or (self._any_address and _is_address(asked.host))):
            shown = " and ".join(ascii(value.decode("latin-1")[:80]) for value in given[:2]) or "''"
            text = f"This service does not answer to the name {shown}. Call it by {self._held}, or give it that name: "
            raise ServiceError(f"{text}tapehead serve --host-name NAME", code="access.host")
        return asked


@lru_cache(1024)
def read_authority(text: str) -> Authority | None:
    """Return host and port out of `name`, `name:80` or `[::1]:80`; None for anything else."""
    found = _AUTHORITY.fullmatch(text.strip().lower())
    if found is None:
        return None
    host, port = _plain(found[1] or found[2]), found[3]
    return Authority(host, None if port is None else int(port))


def is_loopback(host: str) -> bool:
    """Say whether nobody beyond this machine can reach an address or name to bind to."""
    name = _plain(host)
    if name in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def is_wildcard(host: str) -> bool:
    """Say whether every address of the machine is meant."""
    try:
        return ipaddress.ip_address(_plain(host)).is_unspecified
    except ValueError:
        return not host


def is_forwarded(headers: Headers) -> bool:
    """Say whether a proxy passed a request on; it may come from anywhere then."""
    return any(name in _FORWARDED for name, _ in headers)


def _check_origin(origins: list[bytes], asked: Authority) -> None:
    """Raise ServiceError for a page that was not loaded from where it asks."""
    found = _ORIGIN.fullmatch(origins[0].decode("latin-1").strip().lower()) if len(origins) == 1 else None
    page = read_authority(found[2]) if found else None
    if found is None or page is None or _whole(page, found[1]) != _whole(asked, found[1]):
        raise _foreign(ascii(origins[0].decode("latin-1")[:80]))


def _check_fetch(method: str, headers: Headers) -> None:
    """Raise ServiceError where the browser itself says that a foreign page asks, unless a person follows a link."""
    told = {name: value for name, value in headers if name in (b"sec-fetch-site", b"sec-fetch-mode")}
    if told.get(b"sec-fetch-site") in (b"cross-site", b"same-site") and not (
        told.get(b"sec-fetch-mode") == b"navigate" and method in ("GET", "HEAD")
    ):
        raise _foreign("another site")


def _foreign(origin: str) -> ServiceError:
    """Return the error of a page that may not ask."""
    text = f"A page of {origin} may not ask this service. Its own pages may, and programs, which send no Origin."
    return ServiceError(text, code="access.origin")


def _whole(place: Authority, scheme: str) -> Authority:
    """Return a place with its port."""
    return Authority(place.host, _DEFAULT_PORTS[scheme] if place.port is None else place.port)


def _plain(host: str) -> str:
    """Return a name as it is compared: lower case, no brackets, no last dot, addresses in their short form."""
    name = host.strip().lower().strip("[]").removesuffix(".")
    try:
        return ipaddress.ip_address(name).compressed
    except ValueError:
        return name


def _is_address(host: str) -> bool:
    """Say whether a host is an address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
