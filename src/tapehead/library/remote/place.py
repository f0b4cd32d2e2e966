"""Place: where a service is and with what key, without ever saying the key."""

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from tapehead.errors import MissingPackageError, ParameterError
from tapehead.settings import read_secret, read_secret_file

PREFIX = "/api/v1"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Place:
    """The address of a service.

    Parameters
    ----------
    url : str
        `http://HOST:PORT` or `https://...`, with the path of a proxy where it has one.
    key : str, optional
        Key of access; None looks at TAPEHEAD_KEY, then at the file that TAPEHEAD_KEY_FILE names.

    Raises
    ------
    ParameterError
        The address is none, or holds a secret; or the key cannot be one.
    """

    __slots__ = ("_key", "url")

    def __init__(self, url: str, key: str | None = None, environment: Mapping[str, str] | None = None) -> None:
        self.url = _checked(url)
        self._key = _checked_key(key if key is not None else read_key(environment))

    def __repr__(self) -> str:
        """Return the address, not the key."""
        return f"Place({self.url!r})"

    def client(self) -> dict[str, Any]:
        """Return what an httpx client of this place is made with."""
        headers = {"User-Agent": f"tapehead/{version('tapehead')}"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        parts = urlsplit(self.url)
        # What runs on this machine is not reached through somebody's proxy. Certificates take 30 ms to load, for which
        # an address without TLS has no use.
        away = parts.hostname not in _LOOPBACK
        return {"base_url": self.url + PREFIX, "headers": headers, "trust_env": away, "verify": parts.scheme == "https"}


def read_key(environment: Mapping[str, str] | None = None) -> str:
    """Return the key that the environment gives, by itself or by a file's name; empty where there is none."""
    return read_secret("TAPEHEAD_KEY", environment) or ""


def read_key_file(path: str) -> str:
    """Return the key in a file; raise where it cannot be read or holds none."""
    return read_secret_file("key file", path)


def httpx_module(call: str) -> Any:
    """Return httpx; raise MissingPackageError where the extra `server` is not installed."""
    try:
        return import_module("httpx")
    except ModuleNotFoundError:
        text = f"{call} needs httpx, which comes with the extra 'server'. Install it: pip install 'tapehead[server]'"
        raise MissingPackageError(text, call=call, package="httpx") from None


def _checked(url: str) -> str:
    """Return an address without a slash at its end."""
    bound = "the address of a service, such as http://127.0.0.1:8750"
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise ParameterError(name="url", value=url, bound=bound) from None
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        # Not shown: what stands there may be a secret.
        bound = f"{bound}; a key belongs in TAPEHEAD_KEY or in the file that TAPEHEAD_KEY_FILE names"
        raise ParameterError(name="url", value="(with more than an address in it)", bound=bound)
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ParameterError(name="url", value=url, bound=bound)
    return url.strip().rstrip("/").removesuffix(PREFIX)


def _checked_key(key: str) -> str:
    """Return a key that can stand in a header."""
    if not all("!" <= letter <= "~" for letter in key):
        raise ParameterError(name="key", value="(not shown)", bound="one word of printable ASCII letters")
    return key
