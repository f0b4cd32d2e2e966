"""Instruments, coverage and universes as they travel."""

from typing import Literal

from pydantic import ConfigDict, Field

from tapehead.api.wire.names import PlainName
from tapehead.api.wire.runs import Name
from tapehead.api.wire.told import Next, Told

Kind = Literal["crypto", "equity", "index", "fx", "future", "option"]


class HeldInterval(Told):
    """Bars of one interval that are held; times are opens."""

    interval: str
    first: str
    last: str
    rows: int


class InstrumentFacts(Told):
    """One instrument and what is held of it."""

    instrument: str = Field(description="`venue:symbol`, its name everywhere.")
    venue: str
    symbol: str
    kind: Kind
    quote: str = Field(description="Currency of prices; empty where unknown.")
    settle: str
    multiplier: float
    tick: float = Field(description="Price step, 0 where unknown.")
    lot: float = Field(description="Quantity step, 0 where unknown.")
    calendar: str
    has_volume: bool
    listed_at: str | None
    delisted_at: str | None
    intervals: list[HeldInterval]


class InstrumentsPage(Told):
    """Instruments by name."""

    schema_: Literal["tapehead.instruments/1"] = Field(alias="schema")
    instruments: list[InstrumentFacts]
    cursor: Next


class Gap(Told):
    """A run of grid steps without a bar: [start, end)."""

    start: str
    end: str
    bars: int
    state: Literal["missing", "empty"] = Field(description="`empty`: the source says that there was no bar.")


class SeriesCoverage(Told):
    """Which bars of its calendar a series has."""

    instrument: str
    interval: str
    calendar: str
    first: str
    last: str
    bars: int
    empty: int = Field(description="Steps confirmed to be without a bar.")
    missing: int
    gaps: int = Field(description="Holes that the missing ones make up.")
    suspect: int
    partial: int
    untraded: int
    outside: int = Field(description="Bars in no session of the calendar.")
    runs: list[Gap] | None = Field(None, description="Every hole, where `gaps` asks for them.")
    holes_left: int | None = Field(None, description="Further ones that `holes` left out.")
    strip: str | None = Field(
        None,
        description="A letter a cell, where `cells` asks for them: `#` all there, `+` some missing, `-` all missing, "
        "`o` confirmed empty, blank before the first and after the last bar.",
    )


class SetAside(Told):
    """A row that an import set aside."""

    instrument: str
    interval: str
    time: str | None
    path: str
    row: int
    reason: str
    values: str


class CoveragePage(Told):
    """Coverage by series; a page holds whole instruments."""

    schema_: Literal["tapehead.coverage/1"] = Field(alias="schema")
    snapshot: int
    start: str | None = Field(description="Where the strips of this page begin.")
    end: str | None
    coverage: list[SeriesCoverage]
    quarantine: list[SetAside] | None = Field(None, description="Rows set aside, where `quarantine` asks for them.")
    cursor: Next


class UniverseFacts(Told):
    """A named set of instruments, a list or a filter."""

    name: str
    instruments: int | None = Field(description="How many a list holds; null of a filter, whose days decide.")
    built_in: bool
    where: str | None = Field(description="The filter, null of a list.")


class Universes(Told):
    """Every universe."""

    schema_: Literal["tapehead.universe/1"] = Field(alias="schema")
    universe: list[UniverseFacts]
    cursor: Next


class YearOfMembers(Told):
    """How many belonged in a year: ever, and on a day at the mean."""

    year: int
    ever: int
    mean: float


class UniverseMembers(UniverseFacts):
    """Who belongs to a universe on a day."""

    schema_: Literal["tapehead.universe/1"] = Field(alias="schema")
    symbols: list[str]
    at: str
    members: int = Field(description="How many belong on the day; `symbols` holds those of the page.")
    by_year: list[YearOfMembers]
    cursor: Next


class UniverseRequest(Told):
    """A universe to keep: a list or a filter; one of that name is replaced."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "majors", "symbols": ["BTCUSDT", "ETHUSDT"]},
                {"name": "liquid", "where": 'kind == "crypto" and dollar_volume(30) > 1e6'},
            ]
        },
    )

    name: PlainName = Field(description="A word that no kind has.")
    symbols: list[Name] | None = Field(None, max_length=20_000, description="`SYMBOL` or `venue:SYMBOL`.")
    where: str | None = Field(None, max_length=2_000, description="A filter, evaluated each day.")


class UniverseKept(UniverseFacts):
    """The universe that is kept now."""

    schema_: Literal["tapehead.universe/1"] = Field(alias="schema")
    symbols: list[str]
