"""Screens as they travel."""

from typing import Literal

from pydantic import Field

from tapehead.api.wire.told import Next, Number, Told


class MissingLine(Told):
    """A line that is not known of some instruments."""

    line: str
    instruments: int
    fewest_bars: int = Field(description="Of those instruments, bars held.")
    most_bars: int


class ScreenRow(Told):
    """An instrument that the expression holds for."""

    instrument: str
    ts: str = Field(description="Open of the newest bar that has closed.")
    close: float
    values: dict[str, Number | str] = Field(description="What was asked, by its text.")


class ScreenPage(Told):
    """Instruments that an expression holds for, and of how many it cannot be told."""

    schema_: Literal["tapehead.screen/1"] = Field(alias="schema")
    expression: str
    universe: str
    interval: str
    snapshot: int
    at: str | None
    newest: str | None = Field(description="Open of the newest bar of all that were judged; rows can be older.")
    count: int = Field(description="Rows of all pages.")
    asked: int = Field(description="Instruments that were looked at.")
    matched: int
    unknown: int = Field(description="It cannot be told of these, because of `missing`.")
    quiet: int = Field(description="No bar for 30 days: left out.")
    absent: int = Field(description="No bar at all: left out.")
    missing: list[MissingLine]
    computed: int = Field(description="Instruments whose bars had to be read.")
    elapsed_ms: float
    degraded: str = Field(description="Why new values could not be kept; else empty.")
    columns: list[str] = Field(description="Names in `values`, in order.")
    screen: list[ScreenRow]
    cursor: Next
