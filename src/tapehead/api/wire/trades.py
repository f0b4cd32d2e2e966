"""Trades of other programs as they travel."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from tapehead.api.wire.runs import Name
from tapehead.api.wire.told import Told

Cell = Annotated[str, Field(max_length=200)] | Annotated[int, Field(ge=-(2**63), lt=2**63)] | float | bool | None
"""One field of a trade."""
Cash = Annotated[float, Field(gt=0, le=1e15, description="What each instrument began with, in quote currency.")]
Made = Annotated[str, Field(min_length=1, max_length=80, description="What made the trades.")]


class TradesRequest(Told):
    """Trades of another program, a row each."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "freqtrade",
                    "trades": [
                        {
                            "instrument": "BTCUSDT",
                            "side": "long",
                            "entry_time": "2024-01-02T10:00Z",
                            "entry_price": 44_000.0,
                            "exit_time": "2024-01-03T10:00Z",
                            "exit_price": 45_100.0,
                            "quantity": 0.1,
                            "fees": 8.9,
                        }
                    ],
                }
            ]
        },
    )

    trades: list[dict[Name, Cell]] = Field(
        min_length=1,
        max_length=100_000,
        description="`instrument`, `side` (long, short), `entry_time`, `entry_price`, `quantity`; `exit_time` and "
        "`exit_price` unless it is open; `fees`, `profit`, `reason` where they are known. Times are ISO, UTC where "
        "they name no zone, or us UTC.",
    )
    name: Made = "imported"
    symbol: Name | None = Field(None, description="The instrument of all, where the rows do not say it.")
    interval: Name | None = Field(None, description="Of the bars to reckon on, where several are held.")
    cash: Cash = 10_000.0
    end: Name | None = Field(None, description="Bars up to here count; by default all.")
    columns: dict[Name, Name] | None = Field(None, max_length=20, description="Names of the fields by ours.")
    dry_run: bool = Field(default=False, description="Reckon everything; write nothing.")


class UploadedTrades(Told):
    """What is known of an uploaded file of trades."""

    file: str | None = Field(None, max_length=200, description="Its name: trades.csv. Needed for an upload.")
    name: Made = "imported"
    symbol: Name | None = None
    interval: Name | None = None
    cash: Cash = 10_000.0
    end: Name | None = None
    tz: Name | None = Field(None, description="Zone of times that carry none.")
    unit: Literal["s", "ms", "us", "ns"] | None = Field(None, description="Of numeric times.")
    columns: str | None = Field(None, max_length=2_000, description="Names of the file's columns: `side=direction`.")
    dry_run: bool = False


class BookedInstrument(Told):
    """The trades of one instrument."""

    instrument: str
    trades: int = Field(description="Closed ones.")
    open: int = Field(description="Positions that are still open.")
    bars: int = Field(description="From that of the first entry on.")
    first: str
    last: str
    total_return: float | None
    final_equity: float


class TradeWarning(Told):
    """What is odd about the trades of an instrument."""

    instrument: str
    text: str


class KeptTrades(Told):
    """The run that keeps the trades, and what they came to."""

    schema_: Literal["tapehead.trades/1"] = Field(alias="schema")
    run: str | None = Field(description="Null of a dry run.")
    reused: bool = Field(description="Equal trades on equal bars were kept already.")
    dry_run: bool
    name: str
    interval: str
    snapshot: int
    trades: int
    open: int
    instruments: list[BookedInstrument]
    warnings: list[TradeWarning]
    guesses: list[str]
