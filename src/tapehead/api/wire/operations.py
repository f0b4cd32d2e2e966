"""What the service says of itself, as it travels."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Level = Literal["debug", "info", "warning", "error"]
RunState = Literal["waiting", "running", "suspended", "completed", "failed", "cancelled"]


class Alive(BaseModel):
    """The event loop answers."""

    alive: Literal[True] = True


class Dependency(BaseModel):
    """One thing that the service stands on."""

    name: str
    state: Literal["ok", "degraded", "down"]
    text: str


class Readiness(BaseModel):
    """Whether requests should be sent here."""

    ready: bool = Field(description="False where a dependency is down or the service drains; the status is then 503.")
    draining: bool
    degraded: list[str] = Field(description="Dependencies that are not ok.")
    dependencies: list[Dependency]


class LogLevels(BaseModel):
    """Least level of what is logged; rooms that are not named follow `level`."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"level": "info", "rooms": {"runs": "debug"}}]}
    )

    level: Level
    rooms: dict[str, Level] = Field(default_factory=dict, max_length=50)


class LogRoom(BaseModel):
    """One room that logs."""

    name: str
    level: Level
    text: str


class LogLevelsHeld(LogLevels):
    """The levels that hold now."""

    all: list[LogRoom]


class RunTimings(BaseModel):
    """How long one run took, ms since it was asked for; null where it has not come so far."""

    run: str
    state: RunState
    level: Literal["small", "big"]
    strategy: str
    total: int = Field(description="Instruments it runs on.")
    results: int
    queued_ms: float | None = Field(description="Until it had its slot.")
    first_ms: float | None = Field(description="Until its first result.")
    last_ms: float | None = Field(description="Until its newest result.")
    stages: dict[str, float] = Field(
        description="ms by stage, those of tasks summed over all workers; empty until the run has ended."
    )
    stages_bytes: dict[str, int] = Field(
        description="What each stage of the work on one instrument left in arrays, at most."
    )


class Tier(BaseModel):
    """A cache tier; `degraded` is a sentence where it cannot do its work."""

    name: str
    hits: int
    misses: int
    size_bytes: int
    limit_bytes: int
    degraded: str
    hit_ms: float | None = Field(description="How long a hit took on average; null where there was none.")
    miss_ms: float | None = Field(description="How long a miss took on average; null where there was none.")


class QueueNow(BaseModel):
    """Runs that wait on each level, runs that go on, runs that may still be put."""

    small: int
    big: int
    active: int
    room: int


class PoolNow(BaseModel):
    """Threads that compute, tasks now, and sums since the service was opened."""

    workers: int
    waiting: int
    running: int
    done: int
    waited_s: float
    busy_s: float


class Holder(BaseModel):
    """Who has a connection that is out: thread, line of the program, run, for how long."""

    thread: str
    place: str
    run: str | None
    held_s: float


class Connections(BaseModel):
    """Connections to one database now, and sums since it was opened."""

    name: str = Field(description="`primary`, `replica 1` or the name of a file.")
    where: str = Field(description="Its URL without a password, or its path.")
    load: Literal["ok", "busy", "exhausted"] = Field(
        description="`busy` from 80 % of the limit on, `exhausted` where none is left and somebody waits, or gave up."
    )
    share: float = Field(description="Part of the limit that is in use.")
    limit: int = Field(description="Most at once; 0 where each thread has one of its own, and one of them writes.")
    open: int
    idle: int
    in_use: int
    waiting: int = Field(description="Threads that wait for one.")
    peak: int = Field(description="Most in use and waited for at once.")
    lent: int
    waited: int = Field(description="Of those lent, how many had to be waited for.")
    exhausted: int = Field(description="How often none came in time.")
    replaced: int = Field(description="Found broken, and made anew.")
    wait_mean_ms: float
    wait_p95_ms: float = Field(description="Of the newest 256.")
    wait_longest_ms: float
    leaking: int = Field(description="Out for longer than `held` of TAPEHEAD_POOL.")
    held: list[Holder] = Field(description="Who has those that are out, the longest first.")
    advice: str = Field(description="What size the figures advise; empty where there is none to choose.")
    state: str = Field(description="`ok`; a replica that is not asked is `new`, `lagging`, `away` or `refused`.")
    text: str
    behind: int | None = Field(description="Commits that a replica lacks.")


class Alert(BaseModel):
    """What somebody should hear of: a long wait, no connection left, one that does not come back, a replica."""

    at: int = Field(description="When, us UTC.")
    kind: Literal["wait", "exhausted", "held", "replica"]
    where: str
    text: str


class Traffic(BaseModel):
    """Requests and streams that are open, and what was sent since the service was opened."""

    requests_open: int
    streams_open: int
    events_sent: int
    plain_bytes: int
    stream_bytes: int


class ProcessNow(BaseModel):
    """What the operating system knows of the process; null where it does not tell."""

    resident_bytes: int | None
    cpu_s: float
    threads: int
    open_files: int | None
    loop_lag_ms: float = Field(description="How late the event loop woke the last time it was looked at.")


class Operations(BaseModel):
    """Everything at one moment."""

    version: str
    up_s: float
    draining: bool
    disk_free_bytes: int
    queue: QueueNow
    pool: PoolNow
    tiers: list[Tier]
    databases: list[Connections]
    alerts: list[Alert] = Field(description="The newest 50, newest first.")
    traffic: Traffic
    process: ProcessNow
    runs: list[RunTimings] = Field(description="Runs that go on and the newest that ended here, newest first.")
