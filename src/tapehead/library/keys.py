"""Keys of the service: made, listed, taken back. The text of a key is shown once and kept nowhere."""

import hashlib
import re
import secrets
import time
from collections.abc import Sequence
from typing import NamedTuple

from tapehead.errors import ParameterError
from tapehead.ports.access import SCOPES, AccessStore, Key

KEY_PATTERN = re.compile(r"th_([0-9a-f]{8})_[0-9a-f]{64}")
_SECOND_US = 1_000_000
_UNITS_S = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST_S = 3650 * 86_400
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


class Made(NamedTuple):
    """A new key: its text, to be shown this once, and what is kept of it."""

    text: str
    key: Key


def make_key(store: AccessStore, name: str, scopes: Sequence[str], expires: str | None = None) -> Made:
    """Make a key of 256 random bits and keep its SHA-256.

    Parameters
    ----------
    store : AccessStore
    name : str
        1 to 64 letters, digits and `. _ @ -`, as no other usable key is called.
    scopes : sequence of str
        Of `read`, `run`, `write`, `admin`.
    expires : str, optional
        Time to its end: `90d`, `12h`, `30m`, `2w`; None means never.

    Raises
    ------
    ParameterError
        A name, scope or time that does not fit; nothing was written.
    """
    if not _NAME.fullmatch(name):
        raise ParameterError(name="name", value=repr(name[:80]), bound="1 to 64 letters, digits and . _ @ -")
    wanted = tuple(scope for scope in SCOPES if scope in scopes)
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not wanted:
        found = repr(unknown[0][:80]) if unknown else "none"
        raise ParameterError(name="scope", value=found, bound=f"one or more of {', '.join(SCOPES)}")
    now = now_us()
    ends = None if expires is None else now + _read_time(expires)
    prefix = secrets.token_hex(4)
    text = f"th_{prefix}_{secrets.token_hex(32)}"
    key = Key(prefix, name, wanted, digest_of(text), now, ends)
    store.add_key(key)
    return Made(text, key)


def revoke_key(store: AccessStore, wanted: str) -> Key:
    """Take a key back by its prefix or by the name of a usable one, and return it.

    Raises
    ------
    ParameterError
        There is none, or it was revoked before.
    """
    keys, now = store.all_keys(), now_us()
    found = [key for key in keys if key.prefix == wanted] or [
        key for key in keys if key.name == wanted and key.revoked_at is None
    ]
    # A key that has expired frees its name, so the newest of a name is the one meant.
    for key in reversed(found):
        if store.revoke(key.prefix, now):
            return key
    # Somebody may paste the whole key: it is not said again.
    shown = KEY_PATTERN.sub("***", wanted)[:80]
    text = f"No key has the prefix or name '{shown}', or it is revoked already. List them: tapehead keys list"
    raise ParameterError(text, name="key", value=shown)


def digest_of(text: str) -> bytes:
    """Return what is kept of a key: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(text.encode()).digest()


def now_us() -> int:
    """Return the time in us UTC."""
    return time.time_ns() // 1000


def _read_time(text: str) -> int:
    """Return a time such as `90d` in us."""
    found = re.fullmatch(r"\s*([0-9]{1,9})\s*([mhdw])\s*", text)
    seconds = int(found[1]) * _UNITS_S[found[2]] if found else 0
    if not 0 < seconds <= _LONGEST_S:
        raise ParameterError(name="expires", value=text[:80], bound="a time from 1m to 3650d, such as 90d, 12h or 2w")
    return seconds * _SECOND_US
