"""SQL as it travels: what is asked, what is answered."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt

from tapehead.api.wire.told import Told

MOST_ROWS: Final = 100_000
MOST_SECONDS: Final = 60.0
MOST_MEMORY_MB: Final = 1024


class SqlRequest(BaseModel):
    """One SELECT over the tables bars, instruments, runs and trades, in DuckDB's dialect."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"query": "SELECT symbol, kind FROM instruments ORDER BY symbol"}]},
    )

    query: str = Field(min_length=1, max_length=20_000)
    snapshot: Annotated[StrictInt, Field(ge=0, le=2**53)] | None = Field(
        None, description="State of the store that bars and instruments are read at; the newest by default."
    )
    rows: Annotated[StrictInt, Field(ge=1, le=MOST_ROWS)] = Field(1_000, description="At most so many are given.")
    seconds: Annotated[StrictInt | StrictFloat, Field(ge=0.001, le=MOST_SECONDS)] = Field(
        30.0, description="It is stopped then."
    )
    memory_mb: Annotated[StrictInt, Field(ge=64, le=MOST_MEMORY_MB)] = Field(
        MOST_MEMORY_MB, description="It is stopped where it needs more."
    )
    plan: StrictBool = Field(default=False, description="Run it, and give its steps instead of its rows.")


class Scanned(Told):
    """What was read of bars."""

    series: int
    held_series: int
    segments: int
    bars: int
    columns: list[str]


class SqlAnswered(Told):
    """What a query gave; `columns` and `rows`, or `plan` where that was asked for."""

    schema_: Literal["tapehead.sql/1"] = Field(alias="schema")
    snapshot: int
    elapsed_s: float
    scanned: Scanned
    columns: list[str] | None = None
    rows: list[dict[str, Any]] | None = Field(
        None, description="By column. Times are ISO, UTC where they have a zone; bytes are hex, exact decimals text."
    )
    plan: str | None = Field(None, description="Steps of the engine with their times and rows.")
    count: int
    whole: bool = Field(description="False where there are more rows than were asked for.")
