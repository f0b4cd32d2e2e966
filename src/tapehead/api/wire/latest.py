"""One bar of each of several instruments, as it travels."""

from typing import Literal

from pydantic import Field

from tapehead.api.wire.told import Next, Told


class LatestBar(Told):
    """One bar; those columns that were asked for."""

    instrument: str
    ts: str | None = Field(None, description="Its open, ISO with Z.")
    open: float | None = None
    high: float | None = None
    low: float | None = None
    close: float | None = None
    volume: float | None = None
    flags: list[str] | None = Field(None, description="Names of the flags that are set, such as `partial`.")


class LatestPage(Told):
    """Bars by the name of their instrument."""

    schema_: Literal["tapehead.latest/1"] = Field(alias="schema")
    interval: str
    snapshot: int
    count: int = Field(description="Bars here; instruments of the page that have none are left out.")
    latest: list[LatestBar]
    cursor: Next
