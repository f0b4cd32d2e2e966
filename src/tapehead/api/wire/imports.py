"""Imports, commits and undoing as they travel."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from tapehead.api.wire.names import PlainName
from tapehead.api.wire.runs import Name
from tapehead.api.wire.told import Next, Told

Quote = Annotated[
    str, Field(pattern="^[A-Za-z]{3,5}$", description="Currency of the prices, where a symbol names none: USD.")
]
Named = Annotated[str, Field(min_length=1, max_length=4_096)]


class ImportRequest(Told):
    """Files on the service's machine to import as one commit; what is left out is recognised and told."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"paths": ["binance/BTCUSDT.csv"], "kind": "crypto", "dry_run": True}]},
    )

    paths: list[Named] = Field(min_length=1, max_length=1_000, description="Files or folders below the import root.")
    symbol: PlainName | None = None
    venue: PlainName | None = None
    kind: Literal["crypto", "equity", "index", "fx", "future", "option"] | None = None
    interval: Name | None = None
    tz: Name | None = None
    unit: Literal["s", "ms", "us", "ns"] | None = None
    columns: dict[Name, Name] | None = Field(None, max_length=20, description="Names of the file's columns by ours.")
    price: Literal["mid", "bid", "ask"] = "mid"
    quote: Quote | None = None
    dry_run: bool = Field(default=False, description="Report only.")
    strict: bool = Field(default=False, description="Refuse files with any defect.")
    supersede: bool = Field(default=False, description="Let differing bars replace what is held, however many.")


class DemoRequest(Told):
    """A synthetic market; the command `tapehead demo` makes larger ones."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"instruments": 12, "years": 1}]})

    instruments: int = Field(default=48, ge=1, le=500, description="How many.")
    years: int = Field(default=5, ge=1, le=10, description="Of 1h bars each.")
    seed: int = Field(default=7, ge=0, le=2**53, description="Of the random walk.")


class DemoTold(Told):
    """How far the synthetic market is that is being made."""

    schema_: Literal["tapehead.demo_market/1"] = Field(alias="schema")
    state: Literal["none", "making", "made", "failed"] = Field(description="`none`: this service was not asked yet.")
    done: int = Field(description="Instruments that are made.")
    total: int = Field(description="Instruments that were asked for.")
    bars: int = Field(description="Bars that are made.")
    text: str = Field(description="Why it failed; empty otherwise.")


class UploadRequest(Told):
    """What is known of an uploaded file."""

    name: str | None = Field(None, max_length=200, description="Of the file: bars.csv. Needed for an upload.")
    symbol: PlainName | None = None
    venue: PlainName | None = None
    kind: Literal["crypto", "equity", "index", "fx", "future", "option"] | None = None
    interval: Name | None = None
    tz: Name | None = None
    unit: Literal["s", "ms", "us", "ns"] | None = None
    columns: str | None = Field(None, max_length=2_000, description="Names of the file's columns: `open=o,close=c`.")
    price: Literal["mid", "bid", "ask"] = "mid"
    quote: Quote | None = None
    dry_run: bool = False
    strict: bool = False
    supersede: bool = False


class Defect(Told):
    """A row with a defect."""

    row: int
    time: str | None
    symbol: str
    text: str


class Counts(Told):
    """What was read, kept, set aside and changed."""

    rows: int
    kept: int
    duplicates: int = Field(description="Extra rows equal in all fields.")
    conflicting: int = Field(description="Extra rows of one time with other values.")
    out_of_order: int
    ohlc_violations: int
    nulls: int
    gaps: int
    missing: int
    confirmed_empty: int
    zero_volume: int
    jumps: int
    quarantined: int
    partial: int
    added: int
    unchanged: int
    superseded: int
    symbols: int
    snapshot: int
    guesses: list[str]
    looks_wrong: list[str]


class FileCounts(Counts):
    """The same of one file."""

    path: str
    examples: dict[str, list[Defect]]


class ImportedReport(Told):
    """What one import did."""

    schema_: Literal["tapehead.import/1"] = Field(alias="schema")
    dry_run: bool
    committed: bool = Field(description="Whether it made a commit: the same files again make none.")
    total: Counts
    files: list[FileCounts]
    instruments: list[str]
    skipped: dict[str, int]


class SeriesName(Told):
    """A series."""

    instrument: str
    interval: str


class UndoneReport(Told):
    """What taking back a commit did."""

    schema_: Literal["tapehead.undo/1"] = Field(alias="schema")
    snapshot: int
    undoes: int
    kind: str
    note: str
    series: list[SeriesName]
    gone: list[SeriesName]
    back: list[SeriesName]
    bars_before: int
    bars_after: int
    instruments_before: int
    instruments_after: int


class CommitFacts(Told):
    """One commit."""

    commit: int
    at: str
    kind: str
    note: str
    segments: int
    unchanged: int
    undoes: int | None
    undone_by: int | None
    swept: bool
    has_report: bool


class CommitsPage(Told):
    """Commits, newest first."""

    schema_: Literal["tapehead.store/1"] = Field(alias="schema")
    log: list[CommitFacts]
    cursor: Next


class CommitDetail(Told):
    """One commit and the quality report that its import left; null where there is none."""

    schema_: Literal["tapehead.store/1"] = Field(alias="schema")
    log: list[CommitFacts]
    report: dict[str, Any] | None
