"""Settings: what the environment may say, each with its default, unit and bound."""

import math
import os
import re
import shlex
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tapehead.errors import ParameterError, SurroundingsError

MIB = 1024 * 1024
_MOST_SECRET_BYTES = 64 * 1024
MOST_WORKERS: Final = 1024
SERVER_SCHEMES: Final = ("postgresql://", "postgres://")
"""How the URL of a store in PostgreSQL begins."""
_LONGEST_S: Final = 604_800
_FEWEST: Final = 2
_POOL_WORDS: Final = {
    "": ("largest", MOST_WORKERS),
    "warm": ("smallest", MOST_WORKERS),
    "overflow": ("overflow", MOST_WORKERS),
    **{
        name: (f"{name}_s", _LONGEST_S)
        for name in (
            "wait",
            "idle",
            "lifetime",
            "ping",
            "statement",
            "lock",
            "transaction",
            "alert",
            "held",
            "lag",
            "outage",
            "silence",
        )
    },
}
_POOL_BOUND: Final = (
    f"the most connections, from {_FEWEST} to {MOST_WORKERS:,}, and NAME=NUMBER such as 20,warm=4,overflow=10,wait=5 "
    "of warm overflow (connections), wait idle lifetime ping statement lock transaction alert held lag outage"
    " silence (seconds)"
)
LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMS = ("auto", "json", "text")


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """Sizes, waits and bounds of connections to PostgreSQL; all times in seconds.

    Attributes
    ----------
    largest : int
        Connections kept at once, at least 2.
    smallest : int
        Of them kept open and warm (`warm`), from the start on.
    overflow : int
        Further ones while all are out; each is closed after its use.
    wait_s : float
        How long a thread waits for one before PoolExhaustedError (`wait`).
    idle_s, lifetime_s : float
        After which an idle one beyond `smallest` is closed (`idle`), and any is made anew (`lifetime`).
    ping_s : float
        One that lay idle for longer is asked whether it lives before it is lent (`ping`).
    statement_s, lock_s, transaction_s : float
        Bounds that the server keeps: of a statement (`statement`), of a wait for a lock (`lock`), of silence within a
        transaction (`transaction`); 0 is none.
    alert_s : float
        95th percentile of waits for a connection from which on an alert is told (`alert`).
    held_s : float
        After which a connection that is out counts as one that leaks (`held`).
    lag_s : float
        For how long a replica may lack a commit before it is not asked (`lag`).
    outage_s : float
        How long runs and imports wait for a server that went away (`outage`).
    silence_s : float
        After which a statement without an answer makes them look whether the server answers others (`silence`).
    """

    smallest: int = 1
    largest: int = 10
    wait_s: float = 30.0
    idle_s: float = 300.0
    lifetime_s: float = 3600.0
    overflow: int = 0
    ping_s: float = 0.5
    statement_s: float = 600.0
    lock_s: float = 30.0
    transaction_s: float = 600.0
    alert_s: float = 1.0
    held_s: float = 60.0
    lag_s: float = 10.0
    outage_s: float = 60.0
    silence_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Settings:
    """How Tapehead uses this machine.

    Attributes
    ----------
    home : Path
        Folder of the store (TAPEHEAD_HOME), default `~/.tapehead`; where the store is a URL, that of its hot files.
    memory_tier_bytes : int
        Bound of the memory tier (TAPEHEAD_MEMORY_MB), default 256 MiB; 0 switches it off.
    hot_tier_bytes : int
        Bound of the hot tier on disk (TAPEHEAD_HOT_MB), default 4,096 MiB; 0 switches it off.
    workers : int
        Threads or processes of a run (TAPEHEAD_WORKERS); 0 means one a processor.
    url : str
        Of the PostgreSQL that holds the store, where TAPEHEAD_HOME is one, else empty; `home` then holds hot files
        alone. May hold a password.
    pool : PoolSettings
        Sizes and waits of the connections to it (TAPEHEAD_POOL), such as `20` or `20,warm=4,overflow=10,wait=5`.
    replicas : tuple of str
        URLs of servers that follow it and answer reads of bars (TAPEHEAD_REPLICAS, blanks between them). May hold
        passwords.
    shared : str
        URL of a Redis or Valkey that keeps decoded columns for several machines (TAPEHEAD_REDIS), else empty. May hold
        a password.
    alert : str
        Command or URL that is told of alerts (TAPEHEAD_ALERT), else empty. May hold a token.
    """

    home: Path
    memory_tier_bytes: int = 256 * MIB
    hot_tier_bytes: int = 4096 * MIB
    workers: int = 0
    url: str = field(default="", repr=False)
    pool: PoolSettings = PoolSettings()
    shared: str = field(default="", repr=False)
    replicas: tuple[str, ...] = field(default=(), repr=False)
    alert: str = field(default="", repr=False)


def read_settings(environment: Mapping[str, str] | None = None, home: str | os.PathLike[str] | None = None) -> Settings:
    """Return the settings of this process; `home` wins over the environment. Raises ParameterError."""
    given = os.environ if environment is None else environment
    default = Path(given.get("HOME") or "~", ".tapehead").expanduser()
    folder = home or given.get("TAPEHEAD_HOME") or default
    url = os.fspath(folder) if "://" in os.fspath(folder) else ""
    if url:
        if not url.startswith(SERVER_SCHEMES):
            scheme = url.partition("://")[0]
            bound = f"a folder, or {SERVER_SCHEMES[0]}USER@HOST/DATABASE"
            raise ParameterError(name="home", value=f"{scheme}://...", bound=bound)
        named = given.get("TAPEHEAD_HOME") or default
        folder = default if "://" in os.fspath(named) else named
    return Settings(
        Path(folder).expanduser().absolute(),
        _count(given, "TAPEHEAD_MEMORY_MB", 256, 1_000_000) * MIB,
        _count(given, "TAPEHEAD_HOT_MB", 4096, 100_000_000) * MIB,
        _count(given, "TAPEHEAD_WORKERS", 0, MOST_WORKERS),
        url,
        _pool(given.get("TAPEHEAD_POOL", "")),
        given.get("TAPEHEAD_REDIS", "").strip(),
        tuple(dict.fromkeys(given.get("TAPEHEAD_REPLICAS", "").split())),
        _alert(given.get("TAPEHEAD_ALERT", "").strip()),
    )


def _alert(text: str) -> str:
    """Return a command or a URL; raise ParameterError for what is neither, without saying it."""
    scheme, apart, rest = text.partition("://")
    fits = not apart or not scheme.isalpha() or (scheme in ("http", "https") and bool(rest))
    with suppress(ValueError):
        shlex.split(text)
        if fits and text.isprintable():
            return text
    bound = "a command with its words, or a URL that begins with http:// or https://"
    raise ParameterError(name="TAPEHEAD_ALERT", value="(not shown)", bound=bound)


def _pool(text: str) -> PoolSettings:
    """Read sizes and waits of connections; raises ParameterError."""
    chosen = dict[str, Any]()
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = part.rpartition("=")
        field_, most = _POOL_WORDS.get(name.strip(), ("", 0))
        whole = most == MOST_WORKERS
        fits = re.fullmatch(r"\d+" if whole else r"\d+(\.\d+)?", value.strip(), re.ASCII)
        # Who is told of commits must not wait for who commits.
        if not fits or not (_FEWEST if field_ == "largest" else 0) <= float(value) <= most:
            raise ParameterError(name="TAPEHEAD_POOL", value=part, bound=_POOL_BOUND)
        chosen[field_] = int(value) if whole else float(value)
    made = PoolSettings(**chosen)
    if made.smallest > made.largest:
        bound = f"warm of at most {made.largest}, the most connections: TAPEHEAD_POOL={made.smallest},..., or warm less"
        raise ParameterError(name="TAPEHEAD_POOL", value=f"warm={made.smallest}", bound=bound)
    return made


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What the service logs.

    Attributes
    ----------
    level : str
        Least level of every room that is not named: `debug`, `info`, `warning` or `error`.
    rooms : mapping of str to str
        Level of single rooms.
    form : str
        `json`, a document a line; `text`, for people; `auto`, text on a terminal and JSON elsewhere.
    """

    level: str = "info"
    rooms: Mapping[str, str] = field(default_factory=dict)
    form: str = "auto"


def read_log_settings(environment: Mapping[str, str] | None = None) -> LogSettings:
    """Return what TAPEHEAD_LOG (`info,runs=debug`) and TAPEHEAD_LOG_FORM ask for. Raises ParameterError."""
    given = os.environ if environment is None else environment
    level, rooms = "info", {}
    for part in filter(None, (part.strip() for part in given.get("TAPEHEAD_LOG", "").split(","))):
        room, equals, asked = part.rpartition("=")
        asked = asked.strip().lower()
        if asked not in LOG_LEVELS or bool(equals) != bool(room.strip()):
            bound = f"a level ({', '.join(LOG_LEVELS)}) and ROOM=LEVEL of single rooms, such as info,runs=debug"
            raise ParameterError(name="TAPEHEAD_LOG", value=part, bound=bound)
        if equals:
            rooms[room.strip()] = asked
        else:
            level = asked
    form = given.get("TAPEHEAD_LOG_FORM", "").strip().lower() or "auto"
    if form not in LOG_FORMS:
        raise ParameterError(name="TAPEHEAD_LOG_FORM", value=form, bound=f"one of {', '.join(LOG_FORMS)}")
    return LogSettings(level, rooms, form)


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """Where what cached functions returned is kept.

    Attributes
    ----------
    folder : Path
        `cache` below the home of this machine.
    limit_bytes : int
        Bound of what is kept on this machine (TAPEHEAD_CACHE_MB), default 256 MiB; 0 keeps nothing here.
    shared : str
        URL of a Redis or Valkey (TAPEHEAD_REDIS), which is asked first, else empty. May hold a password.
    policies : tuple of (str, str)
        Names and lifetimes (TAPEHEAD_CACHE_POLICIES, `quotes=30s,mine=2h`) that win over those built in.
    shared_by : str
        What `shared` was given as, for errors.
    """

    folder: Path
    limit_bytes: int = 256 * MIB
    shared: str = field(default="", repr=False)
    policies: tuple[tuple[str, str], ...] = ()
    shared_by: str = "TAPEHEAD_REDIS"


def read_cache_settings(
    environment: Mapping[str, str] | None = None, home: str | os.PathLike[str] | None = None
) -> CacheSettings:
    """Return the settings of cached functions; `home` wins over the environment. Raises ParameterError."""
    given = os.environ if environment is None else environment
    settings = read_settings(environment, home)
    policies = []
    for part in filter(None, (part.strip() for part in given.get("TAPEHEAD_CACHE_POLICIES", "").split(","))):
        name, equals, ttl = (word.strip() for word in part.partition("="))
        if not (name and equals and ttl):
            bound = "names with lifetimes, such as quotes=30s,mine=2h"
            raise ParameterError(name="TAPEHEAD_CACHE_POLICIES", value=part, bound=bound)
        policies.append((name, ttl))
    limit = _count(given, "TAPEHEAD_CACHE_MB", 256, 1_000_000) * MIB
    return CacheSettings(settings.home / "cache", limit, settings.shared, tuple(policies))


def processors(root: Path = Path("/")) -> int:
    """Return the number of processors this process may use: by its affinity, and by the quota of its control groups.

    A quota of one and a half counts as two. `root` is where `proc` and `sys` are mounted.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(allowed, _quota(root))))


def _quota(root: Path) -> float:
    """Return how many processors the control groups allow, of version 1 or 2; inf where they set no bound."""
    try:
        groups = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return math.inf
    least = math.inf
    for line in groups:
        _, controllers, path = line.split(":", 2)
        names = controllers.split(",")
        if controllers and "cpu" not in names:
            continue
        mount = root / "sys/fs/cgroup" / (controllers or ".")
        inner = mount / path.lstrip("/")
        # A group is bound by those it lies in; within a container its own lies at the mount.
        for folder in (inner, *inner.parents) if inner.is_dir() else (mount,):
            least = min(least, _quota_of(folder))
            if folder == mount:
                break
    return least


def _quota_of(folder: Path) -> float:
    """Return how many processors one control group allows."""
    try:
        if (folder / "cpu.max").is_file():
            quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text(encoding="ascii")
            period = (folder / "cpu.cfs_period_us").read_text(encoding="ascii")
        share = int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return math.inf
    return share if share > 0 else math.inf


def _count(given: Mapping[str, str], name: str, default: int, most: int) -> int:
    """Read a whole number."""
    text = given.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal() or int(text) > most:
        raise ParameterError(name=name, value=text, bound=f"a whole number from 0 to {most:,}")
    return int(text)


def read_secret(name: str, environment: Mapping[str, str] | None = None) -> str | None:
    """Return a secret that the environment gives as NAME, or in the file that NAME_FILE names; None where neither does.

    Parameters
    ----------
    name : str
        Such as `TAPEHEAD_KEY`; the file of a mounted secret is then named by `TAPEHEAD_KEY_FILE`.

    Raises
    ------
    ParameterError
        Both are given, or what is given is empty, not one line or not plain text. No message shows the secret.
    SurroundingsError
        The file cannot be read.
    """
    given = os.environ if environment is None else environment
    text, file = given.get(name), given.get(f"{name}_FILE")
    if text and file:
        raise ParameterError(name=name, value="***", bound=f"given here or by {name}_FILE, not by both")
    if file:
        return read_secret_file(f"{name}_FILE", file)
    return _one_word(name, text) if text else None


def read_secret_file(name: str, path: str) -> str:
    """Return the secret in a file that was named by `name`; raises as `read_secret` does."""
    try:
        with Path(path).expanduser().open("rb") as file:
            text = file.read(_MOST_SECRET_BYTES).decode("latin-1")
    except OSError as error:
        why = f"{name}={path} cannot be read: {error.strerror or error}"
        raise SurroundingsError(f"{why}. Look at the surroundings: tapehead doctor") from error
    return _one_word(name, text)


def _one_word(name: str, text: str) -> str:
    """Return a secret without the blanks around it; what is no secret is not said."""
    secret = text.strip()
    if not re.fullmatch(r"[!-~]+", secret):
        raise ParameterError(name=name, value="***", bound="one word of printable ASCII")
    return secret
