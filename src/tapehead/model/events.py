"""Events: the only way out of a job; numbered within their run and said in canonical bytes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from tapehead.model.result import RunResult
from tapehead.model.spec import canonical, iso
from tapehead.model.tile import Tile


@dataclass(frozen=True, slots=True)
class Started:
    """A run begins: `total` results are expected; `stamps` say what to keep in mind of the run as a whole.

    `spec` is a short one: see `short_spec`.
    """

    name: ClassVar[str] = "started"
    run: str
    spec: Mapping[str, Any]
    total: int
    snapshot: int
    stamps: tuple[str, ...] = ()

    def body(self) -> dict[str, Any]:
        """Return the fields of its JSON; `stamps` where there are some."""
        body = {"run": self.run, "spec": dict(self.spec), "total": self.total, "snapshot": self.snapshot}
        return {**body, "stamps": list(self.stamps)} if self.stamps else body


@dataclass(frozen=True, slots=True)
class Result:
    """One result is finished, `t_ms` after the run began."""

    name: ClassVar[str] = "result"
    run: str
    result: RunResult
    t_ms: float

    def body(self) -> dict[str, Any]:
        """Return the fields of its JSON; with `decisions` and `final_equity` a reader can make the run's digest."""
        result = self.result
        return {
            "instrument": result.instrument,
            "interval": result.interval,
            "parameters": dict(result.parameters),
            "metrics": dict(result.metrics),
            "why": dict(result.why),
            "equity": result.equity.tolist(),
            "final_equity": result.final_equity,
            "decisions": result.decisions.hex(),
            "flags": list(result.flags),
            "bars": result.bars,
            "first": iso(result.first) if result.bars else None,
            "last": iso(result.last) if result.bars else None,
            "t_ms": self.t_ms,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Tiled:
    """A tile of a sweep is finished, `t_ms` after the run began: as many results as it has cells, at least one.

    It takes as many numbers as it has results, the last of which is its own. `named` gives the parameters of a set by
    its number in the space of the sweep. `stages_us` is where the time of its task went.
    """

    name: ClassVar[str] = "tile"
    run: str
    tile: Tile
    t_ms: float
    named: Callable[[int], Mapping[str, float | int | str]]
    stages_us: Mapping[str, float] = field(default_factory=dict)

    def results(self, after: int = 0) -> Iterator[Result]:
        """Yield its results, in the order of their numbers, without the first `after` of them."""
        for place, number in enumerate(self.tile.points[after:].tolist(), after):
            yield Result(self.run, self.tile.result(place, self.named(number)), self.t_ms)

    def body(self) -> dict[str, Any]:
        """Return the fields of its JSON, which say where its columns are kept."""
        tile = self.tile
        place = {"instrument": tile.instrument, "interval": tile.interval, "lo": tile.lo, "hi": tile.hi}
        stages = {stage: round(us) for stage, us in self.stages_us.items()}
        return {**place, "count": len(tile), "t_ms": self.t_ms, **({"stages_us": stages} if stages else {})}


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` instruments are finished; `tested` (so many, of so many) while the look-ahead test goes on.

    `queued` is the place of a run that waits for its turn, from 1; `judged` how far, in percent, a sweep that is done
    is with weighing its best sets against luck; `best` now and then the set of a sweep that leads so far: its
    `parameters`, the `median` of the objective, and over how many `instruments`.
    """

    name: ClassVar[str] = "progress"
    run: str
    done: int
    total: int
    bars_per_s: float
    eta_ms: float
    tested: tuple[int, int] | None = None
    queued: int | None = None
    judged: int | None = None
    best: Mapping[str, Any] | None = None

    def body(self) -> dict[str, Any]:
        """Return the fields of its JSON; `look_ahead`, `queued`, `judged` and `best` only where they tell something."""
        body: dict[str, Any] = {"done": self.done, "total": self.total}
        body |= {"bars_per_s": self.bars_per_s, "eta_ms": self.eta_ms}
        if self.tested is not None:
            body["look_ahead"] = dict(zip(("done", "total"), self.tested, strict=True))
        told = {"queued": self.queued, "judged": self.judged, "best": self.best}
        return body | {name: value for name, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Warned:
    """Something to look at; `instrument` is None when it speaks of the whole run."""

    name: ClassVar[str] = "warning"
    run: str
    instrument: str | None
    code: str
    text: str

    def body(self) -> dict[str, Any]:
        """Return the fields of its JSON."""
        return {"instrument": self.instrument, "code": self.code, "text": self.text}


@dataclass(frozen=True, slots=True)
class Completed:
    """A run is done; `reused` says that an equal run answered instead.

    `stages_ms` is where its time went, ms by stage; `stages_bytes` what each stage of the work on one instrument left
    in arrays, at most; `executor` what ran its tasks, why, and how well. All are of the computation, also where an
    equal run answers, and empty where nobody measured.
    `found` is what a sweep says of its sets, by the names of FOUND; empty for a backtest. `outcome` is how its results
    came out, by the names of OUTCOME; empty where that was not reckoned.
    """

    name: ClassVar[str] = "completed"
    run: str
    count: int
    failed: int
    digest: str
    first_ms: float
    last_ms: float
    bars: int
    receipt: str
    look_ahead: Mapping[str, Any] | None = None
    degraded: tuple[str, ...] = ()
    reused: bool = False
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    stages_bytes: Mapping[str, int] = field(default_factory=dict)
    executor: Mapping[str, Any] = field(default_factory=dict)
    found: Mapping[str, Any] = field(default_factory=dict)
    outcome: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the fields of its JSON; the stages where they were measured."""
        return {
            **self.found,
            **self.outcome,
            "run": self.run,
            "count": self.count,
            "failed": self.failed,
            "digest": self.digest,
            "look_ahead": None if self.look_ahead is None else dict(self.look_ahead),
            "degraded": list(self.degraded),
            "reused": self.reused,
            "first_ms": self.first_ms,
            "last_ms": self.last_ms,
            "bars": self.bars,
            "receipt": self.receipt,
            **_work(self.stages_ms, self.stages_bytes, self.executor),
        }


FOUND: Final = ("objective", "sets", "best", "best_robust", "plateau", "beat_holding", "overfitting")
"""Keys that the event `completed` of a sweep has beside those of a backtest."""


OUTCOME: Final = ("median_return", "profitable")
"""Keys of the event that ends a run: the median total return of its results, and how many of them gained."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """A run ended before it was done; `count` results are kept. Stages and outcome are those of `Completed`."""

    run: str
    code: str
    text: str
    count: int
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    stages_bytes: Mapping[str, int] = field(default_factory=dict)
    executor: Mapping[str, Any] = field(default_factory=dict)
    outcome: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the fields of its JSON; the stages where they were measured."""
        told = {"code": self.code, "text": self.text, "count": self.count, **self.outcome}
        return {**told, **_work(self.stages_ms, self.stages_bytes, self.executor)}


class Failed(_Ended):
    """The run as a whole failed."""

    name: ClassVar[str] = "failed"
    __slots__ = ()


class Cancelled(_Ended):
    """The run was cancelled."""

    name: ClassVar[str] = "cancelled"
    __slots__ = ()


WORK: Final = ("stages_ms", "stages_bytes", "executor")
"""Keys of the last event of a run that say how the work went, where that was measured."""


def _work(*measured: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stages and the executor of a run as JSON, without what nobody measured."""
    return {name: dict(one) for name, one in zip(WORK, measured, strict=True) if one}


Ended = Completed | Failed | Cancelled
Event = Started | Result | Tiled | Progress | Warned | Ended


def numbers_of(event: Event) -> int:
    """Return how many numbers an event takes in its run."""
    return len(event.tile) if isinstance(event, Tiled) else 1


def to_bytes(event: Event, number: int) -> bytes:
    """Return the canonical JSON of an event, numbered `run/number` from 1 within its run, without a line end."""
    return canonical({"event": event.name, "id": f"{event.run}/{number}", **event.body()})


def told_as(event: Event, number: int, after: int = 0) -> Iterator[tuple[int, Event]]:
    """Yield an event with its number as it is read plainly: a tile as its results, those above the number `after`."""
    if not isinstance(event, Tiled):
        yield number, event
        return
    first = number - len(event.tile) + 1
    skipped = max(after + 1 - first, 0)
    yield from enumerate(event.results(skipped), first + skipped)
