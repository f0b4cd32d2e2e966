"""Read the truth tables: blocks of text that a trader can check with a pencil."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tests.oracles.simulate import Settings, Table

HOUR_US = 3_600_000_000
WISHES = ("enter", "leave", "enter_short", "leave_short")
TRADE = ("entry_bar", "exit_bar", "entry_price", "exit_price", "quantity", "fees", "profit", "reason", "worst", "best")
KEYS = ("settings", "orders", "trades", "position", "equity", "flags", "metrics")


@dataclass
class Case:
    """One block."""

    name: str
    table: Table
    volume: list[float] | None
    signals: dict[str, list[bool]]
    settings: Settings
    orders: list[str]
    trades: list[dict[str, float | str]]
    equity: list[float]
    sentence: str
    position: list[float] | None = None
    flags: set[str] = field(default_factory=set)
    metrics: dict[str, float | str] = field(default_factory=dict)


def read_cases(path: Path) -> list[Case]:
    """Every block of a file."""
    return [read_case(block) for block in path.read_text(encoding="utf-8").split("\n### ")[1:]]


def read_case(block: str) -> Case:
    """One block: name, sentences, settings, bars, and what is expected."""
    lines = block.strip().splitlines()
    at = {key: i for i, line in enumerate(lines) for key in KEYS if line.startswith(f"{key}:")}
    head = next(i for i, line in enumerate(lines) if line.startswith("hour"))
    bars = [line.split() for line in lines[head + 1 : at["orders"]]]
    columns = lines[head].split()
    rows = [dict(zip(columns, bar[:6], strict=False)) | {"signals": bar[6:]} for bar in bars]
    rows = [row for row in rows if "null" not in row.values()]
    words = dict(word.split("=") for word in lines[at["settings"]].split()[1:])
    warm = int(words.pop("warm", 0))
    trades_end = min(i for i in at.values() if i > at["trades"])
    told = "\n".join(lines[at["trades"] : trades_end]).removeprefix("trades:").strip()
    return Case(
        name=lines[0],
        sentence=" ".join(lines[1 : at["settings"]]),
        table=make_table(rows, warm),
        volume=None if rows[0]["volume"] == "-" else [float(row["volume"]) for row in rows],
        signals={wish: [wish in row["signals"] for row in rows] for wish in WISHES},
        settings=make_settings(words),
        orders=[] if (said := rest(lines[at["orders"]])) == "none" else said.split("; "),
        trades=[] if told == "none" else [make_trade(line.split()) for line in told.splitlines()],
        equity=[float(word) for word in rest(lines[at["equity"]]).split()],
        position=[float(word) for word in rest(lines[at["position"]]).split()] if "position" in at else None,
        flags=set(rest(lines[at["flags"]]).split()) if "flags" in at else set(),
        metrics=make_metrics(rest(lines[at["metrics"]])) if "metrics" in at else {},
    )


def rest(line: str) -> str:
    """What stands behind the key."""
    return line.partition(":")[2].strip()


def make_table(rows: list[dict[str, str]], warm: int) -> Table:
    """Bars by the hour."""
    steps = [int(row["hour"]) for row in rows]
    prices = {name: [float(row[name]) for row in rows] for name in ("open", "high", "low", "close")}
    return Table(
        ts=[step * HOUR_US for step in steps],
        **prices,
        traded=[row["volume"] != "0" for row in rows],
        step=steps,
        partial=["partial" in row["signals"] for row in rows],
        warm=warm,
    )


def make_settings(words: dict[str, str]) -> Settings:
    """Settings as a trader writes them: 100bps, 1%, yes."""
    values: dict[str, float | int | str | bool] = {"cash": 1000.0}
    for name, word in words.items():
        if word == "yes":
            values[name] = True
        elif word.endswith("bps"):
            values[name] = float(word[:-3]) / 10_000
        elif word.endswith("%"):
            values[name] = float(word[:-1]) / 100
        elif name in ("fill", "on_conflict"):
            values[name] = word
        else:
            values[name] = int(word) if name == "max_wait" else float(word)
    return Settings(**values)


def make_trade(words: list[str]) -> dict[str, float | str]:
    """One row of the trades."""
    assert len(words) == len(TRADE), words
    return {name: word if name == "reason" else float(word) for name, word in zip(TRADE, words, strict=True)}


def make_metrics(line: str) -> dict[str, float | str]:
    """Metrics by name; `null:reason` where there is none."""
    pairs = (word.split("=") for word in line.split())
    return {name: word if word.startswith("null:") else float(word) for name, word in pairs}
