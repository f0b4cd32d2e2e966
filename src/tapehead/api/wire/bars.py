"""Bars as they travel, column by column."""

from typing import Literal

from pydantic import Field

from tapehead.api.wire.told import Next, Told


class BarColumns(Told):
    """Columns of one length; those that were asked for."""

    ts: list[str] | None = Field(None, description="Opens, ISO with Z.")
    open: list[float] | None = None
    high: list[float] | None = None
    low: list[float] | None = None
    close: list[float] | None = None
    volume: list[float] | None = None
    flags: list[list[str]] | None = Field(None, description="Names of the flags that are set, such as `after_hole`.")


class BarsPage(Told):
    """Bars of one instrument, oldest first."""

    schema_: Literal["tapehead.bars/1"] = Field(alias="schema")
    instrument: str
    interval: str
    source: str = Field(description="Interval that they are made of.")
    snapshot: int | None = Field(
        description="State of the store that was asked for; null where it was the newest, which the header "
        "Tapehead-Snapshot tells."
    )
    count: int = Field(description="Bars here.")
    total: int = Field(description="Bars from the first one here to the end of the range, before they were thinned.")
    outside: int = Field(description="Bars of the source in no session, in none of these.")
    first: str | None
    last: str | None
    bars: BarColumns
    cursor: Next
