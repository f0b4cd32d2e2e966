"""Read the truth tables: blocks of text that a trader can check with a pencil."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import nan
from pathlib import Path
from typing import Any

from tests.oracles.resample import grid_of
from tests.oracles.trading import DAY_US, HOUR_US, Session, Settings, Table, Wishes
from tests.parity.sessions import MARKETS, us

CONDITIONS = ("enter", "leave", "enter_short", "leave_short")
LINES = ("target", "limit", "stop", "size", "part", "stop_loss_at", "take_profit_at", "trail_at")
PRICES = ("open", "high", "low", "close")
TRADE = ("entry_bar", "exit_bar", "entry_price", "exit_price", "quantity", "fees", "profit", "reason", "worst", "best")
UNTOLD: dict[str, float | str | bool] = {"side": 1, "ambiguous": False, "shortfall": 0.0}
"""What a trade is when its row does not say otherwise."""
KEYS = ("settings", "orders", "trades", "position", "equity", "flags", "metrics", "carry")
STEPS = {"hour": HOUR_US, "day": DAY_US}
WHOLE = ("max_wait", "time_stop", "limit_through", "valid_bars", "pyramid")
NEW_YORK_OPENS = 9 * HOUR_US + HOUR_US // 2


@dataclass
class Case:
    """One block."""

    name: str
    table: Table
    volume: list[float] | None
    wishes: Wishes
    settings: Settings
    orders: list[str]
    trades: list[dict[str, Any]]
    equity: list[float]
    sentence: str
    interval: str
    calendar: str
    position: list[float] | None = None
    flags: set[str] = field(default_factory=set)
    metrics: dict[str, float | str] = field(default_factory=dict)
    carry: dict[str, float] = field(default_factory=dict)


def read_cases(path: Path) -> list[Case]:
    """Every block of a file."""
    return [read_case(block) for block in path.read_text(encoding="utf-8").split("\n### ")[1:]]


def read_case(block: str) -> Case:
    """One block: name, sentences, settings, bars, and what is expected."""
    lines = block.strip().splitlines()
    at = {key: i for i, line in enumerate(lines) for key in KEYS if line.startswith(f"{key}:")}
    head = next(i for i, line in enumerate(lines) if line.split()[:2] in (["hour", "open"], ["day", "open"]))
    columns = lines[head].split()[:-1]
    rows = [read_bar(columns, line.split()) for line in lines[head + 1 : at["orders"]]]
    rows = [row for row in rows if "null" not in row.values()]
    words = dict(word.partition("=")[::2] for word in lines[at["settings"]].split()[1:])
    calendar, start, warm = words.pop("calendar", "24/7"), words.pop("start", "1970-01-01"), int(words.pop("warm", "0"))
    unit = "h" if columns[0] == "hour" else "d"
    trades_end = min(i for i in at.values() if i > at["trades"])
    told = "\n".join(lines[at["trades"] : trades_end]).removeprefix("trades:").strip()
    said = rest(lines[at["orders"]])
    return Case(
        name=lines[0],
        sentence=" ".join(lines[1 : at["settings"]]),
        table=make_table(rows, columns[0], warm, calendar, start),
        volume=None if rows[0]["volume"] == "-" else [float(row["volume"]) for row in rows],
        wishes=make_wishes(rows, columns),
        settings=make_settings(words),
        orders=[] if said == "none" else said.split("; "),
        trades=[] if told == "none" else [make_trade(line.split()) for line in told.splitlines()],
        equity=[float(word) for word in rest(lines[at["equity"]]).split()],
        interval=f"1{unit}",
        calendar=calendar,
        position=[float(word) for word in rest(lines[at["position"]]).split()] if "position" in at else None,
        flags=set(rest(lines[at["flags"]]).split()) if "flags" in at else set(),
        metrics=make_metrics(rest(lines[at["metrics"]])) if "metrics" in at else {},
        carry={k: float(v) for k, v in (w.split("=") for w in rest(lines[at["carry"]]).split())}
        if "carry" in at
        else {},
    )


def read_bar(columns: list[str], words: list[str]) -> dict[str, Any]:
    """One bar by column; what follows are its signals."""
    return dict(zip(columns, words, strict=False)) | {"signals": words[len(columns) :]}


def rest(line: str) -> str:
    """What stands behind the key."""
    return line.partition(":")[2].strip()


def make_table(rows: list[dict[str, Any]], unit: str, warm: int, calendar: str, start: str) -> Table:
    """Bars by the hour or the day, from `start`."""
    begin = us(datetime.fromisoformat(start).replace(tzinfo=UTC))
    stamps = [begin + int(row[unit]) * STEPS[unit] for row in rows]
    prices = {name: [float(row[name]) for row in rows] for name in PRICES}
    sessions, steps = on_calendar(calendar, stamps, STEPS[unit])
    return Table(
        ts=stamps,
        **prices,
        traded=[row["volume"] != "0" for row in rows],
        step=steps,
        partial=["partial" in row["signals"] for row in rows],
        warm=warm,
        volume=None if rows[0]["volume"] == "-" else [float(row["volume"]) for row in rows],
        interval=STEPS[unit],
        sessions=sessions,
    )


def on_calendar(calendar: str, stamps: list[int], step: int) -> tuple[list[Session] | None, list[int]]:
    """Sessions and steps of bars: UTC days round the clock, else those of New York by its wall clock."""
    if calendar == "24/7":
        return None, [stamp // step for stamp in stamps]
    assert calendar == "XNYS", calendar
    known = sorted(one for name, days in MARKETS.items() if name.startswith(calendar) for one in days)
    grid = [us(at) for one in known for at in grid_of(one, timedelta(microseconds=step))]
    by_stamp = [next(one for one in known if us(one.opened) <= stamp < us(one.closed)) for stamp in stamps]
    sessions = [Session(us(one.opened), us(one.closed), NEW_YORK_OPENS) for one in by_stamp]
    return sessions, [grid.index(stamp) for stamp in stamps]


def make_wishes(rows: list[dict[str, Any]], columns: list[str]) -> Wishes:
    """Conditions from the words behind a bar, lines from its columns; `-` says nothing."""
    conditions = {name: [name in row["signals"] for row in rows] for name in CONDITIONS}
    lines = {name: [nan if row[name] == "-" else float(row[name]) for row in rows] for name in LINES if name in columns}
    return Wishes(**conditions, **lines)


def make_settings(words: dict[str, str]) -> Settings:
    """Settings as a trader writes them: 100bps, 1%, yes; a fee may be a schedule, `_` standing for a space."""
    values: dict[str, Any] = {"cash": 1000.0}
    for name, word in words.items():
        held = getattr(Settings, name)
        if isinstance(held, bool):
            values[name] = word == "yes"
        elif name in WHOLE:
            values[name] = int(word)
        elif word.endswith("bps") and word[:-3].isdigit():
            values[name] = float(word[:-3]) / 10_000
        elif word.endswith("%") and word[:-1].replace(".", "").isdigit():
            values[name] = float(word[:-1]) / 100
        else:
            values[name] = word.replace("_", " ") if name == "fee" else number_or_word(word)
    return Settings(**values)


def number_or_word(word: str) -> float | str:
    """What is no number is a word."""
    return float(word) if word[0].isdigit() and ":" not in word else word


def make_trade(words: list[str]) -> dict[str, Any]:
    """One row of the trades: ten columns, then others by name."""
    assert len(words) >= len(TRADE), words
    row = {name: word if name == "reason" else float(word) for name, word in zip(TRADE, words, strict=False)}
    more: dict[str, Any] = dict(word.split("=") for word in words[len(TRADE) :])
    more = {name: word == "yes" if word in ("yes", "no") else float(word) for name, word in more.items()}
    return UNTOLD | row | more


def make_metrics(line: str) -> dict[str, float | str]:
    """Metrics by name; `null:reason` where there is none."""
    pairs = (word.split("=") for word in line.split())
    return {name: word if word.startswith("null:") else float(word) for name, word in pairs}
