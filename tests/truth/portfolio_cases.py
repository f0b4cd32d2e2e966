"""Read the truth tables of portfolios."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import nan
from pathlib import Path
from typing import Any

from tests.oracles.portfolio import (
    Fact,
    Instrument,
    Portfolio,
    equal_weights,
    given_weights,
    portfolio_oracle,
    rebalancing,
)
from tests.oracles.trading import Table, Wishes
from tests.parity.sessions import MARKETS, us
from tests.truth.cases import PRICES, STEPS, make_settings, make_table, make_trade, make_wishes, rest

KEYS = ("orders", "trades", "equity", "cash", "held", "exposure", "shares", "flags", "sums")
WORDS = ("settings", "terms", "facts", "rates", "given")


@dataclass
class PortfolioCase:
    """One block; `asked` are its instruments as their strategy wants them, where weights are made of that."""

    name: str
    sentence: str
    asked: list[Instrument]
    given: list[tuple[int, dict[str, float]]]
    instruments: list[Instrument]
    calendar: str
    max_positions: int | None
    settle: str
    rebalance: str | None
    orders: dict[str, list[str]]
    trades: list[dict[str, Any]]
    lines: dict[str, list[float]]
    shares: dict[str, float]
    sums: dict[str, float]
    flags: dict[str, set[str]] = field(default_factory=dict)

    def oracle(self) -> Portfolio:
        """The twin."""
        return portfolio_oracle(self.instruments, self.max_positions, self.settle)


def read_portfolios(path: Path) -> list[PortfolioCase]:
    """Every block of a file."""
    return [read_portfolio(block) for block in path.read_text(encoding="utf-8").split("\n### ")[1:]]


def read_portfolio(block: str) -> PortfolioCase:
    """One block: name, sentences, settings, bars of all instruments, and what is expected."""
    lines = block.strip().splitlines()
    at = {key: i for i, line in enumerate(lines) for key in (*KEYS, *WORDS) if line.startswith(f"{key}:")}
    head = next(i for i, line in enumerate(lines) if line.split()[1:2] == ["name"])
    columns = lines[head].split()[:-1]
    rows = [read_row(columns, line.split()) for line in lines[head + 1 : at["orders"]]]
    said = {key: rest(lines[at[key]]) if key in at else "" for key in (*KEYS, *WORDS)}
    words = dict(word.partition("=")[::2] for word in said["settings"].split())
    own = {
        "calendar": "24/7",
        "start": "1970-01-01",
        "max_positions": "",
        "settle": "T+0",
        "rebalance": "",
        "weights": "",
    }
    own |= {name: words.pop(name) for name in list(words) if name in own}
    names = list(dict.fromkeys(row["name"] for row in rows))
    asked = [make_instrument(name, rows, columns, words, own, said) for name in names]
    most = int(own["max_positions"]) if own["max_positions"] else None
    given = read_given(said["given"], own["start"], STEPS[columns[0]])
    trades_end = min(i for i in at.values() if i > at["trades"])
    told = "\n".join(lines[at["trades"] : trades_end]).removeprefix("trades:").strip()
    return PortfolioCase(
        name=lines[0],
        sentence=" ".join(lines[1 : at["settings"]]),
        asked=asked if own["weights"] or given else [],
        given=given,
        instruments=weighed(asked, own["rebalance"], most, given) if own["weights"] or given else asked,
        calendar=own["calendar"],
        max_positions=most,
        settle=own["settle"],
        rebalance=own["rebalance"] or None,
        orders=by_name(said["orders"]),
        trades=[] if told == "none" else [make_row(line.split()) for line in told.splitlines()],
        lines={key: [float(w) for w in said[key].split()] for key in KEYS[2:6] if said[key]},
        shares=numbers(said["shares"]),
        sums=numbers(said["sums"]),
        flags={name: set(" ".join(flags).split()) for name, flags in by_name(said["flags"]).items()},
    )


def read_given(text: str, start: str, step: int) -> list[tuple[int, dict[str, float]]]:
    """`1 A=0.5 B=0.3; 2.5 A=1`: weights at hours."""
    begin = us(datetime.fromisoformat(start).replace(tzinfo=UTC))
    parts = [part.partition(" ") for part in text.split("; ") if part]
    return [(begin + round(float(hour) * step), numbers(words)) for hour, _, words in parts]


def weighed(
    asked: list[Instrument], every: str, most: int | None, given: list[tuple[int, dict[str, float]]]
) -> list[Instrument]:
    """P7: instruments whose targets are equal weights, or those that are given."""
    made = given_weights(asked, given, every or None) if given else equal_weights(asked, every, most)
    weights = [(one, *made[one.symbol]) for one in asked]
    return [replace(one, wishes=Wishes(target=line), decides=when) for one, line, when in weights]


def read_row(columns: list[str], words: list[str]) -> dict[str, Any]:
    """One bar by column; a price stands for all four."""
    row: dict[str, Any] = dict(zip(columns, words, strict=False)) | {"signals": words[len(columns) :]}
    if "price" in row:
        row |= dict.fromkeys(PRICES, row["price"])
    return row | {"volume": "-"}


def by_name(text: str) -> dict[str, list[str]]:
    """`A one; B two; A three`, by name."""
    out: dict[str, list[str]] = {}
    for part in [] if text in ("", "none") else text.split("; "):
        name, _, words = part.partition(" ")
        out.setdefault(name, []).append(words)
    return out


def numbers(text: str) -> dict[str, float]:
    """`a=1 b=2`."""
    return {name: float(value) for name, _, value in (word.partition("=") for word in text.split())}


def make_row(words: list[str]) -> dict[str, Any]:
    """A trade with its instrument."""
    return {"instrument": words[0]} | make_trade(words[1:])


def make_instrument(
    name: str,
    rows: list[dict[str, Any]],
    columns: list[str],
    words: dict[str, str],
    own: dict[str, str],
    said: dict[str, str],
) -> Instrument:
    """One instrument of a block."""
    rows, unit = [row for row in rows if row["name"] == name], columns[0]
    begin = us(datetime.fromisoformat(own["start"]).replace(tzinfo=UTC))

    def stamp(hour: str) -> int:
        return begin + round(float(hour) * STEPS[unit])

    whole = [row | {unit: float(row[unit]) // 1} for row in rows]
    table = make_table(whole, unit, 0, own["calendar"], own["start"])
    table.ts = [stamp(row[unit]) for row in rows]
    terms = dict(word.partition("=")[::2] for part in by_name(said["terms"]).get(name, []) for word in part.split())
    facts = [part.split() for part in by_name(said["facts"]).get(name, [])]
    rates = [part.split() for part in by_name(said["rates"]).get(name, [])]
    return Instrument(
        name,
        table,
        make_wishes(rows, columns),
        make_settings(words | terms),
        rank=[nan if row["rank"] == "-" else float(row["rank"]) for row in rows] if "rank" in columns else (),
        decides=rebalancing(table.ts, own["rebalance"]) if own["rebalance"] else (),
        settled=paid_after(table),
        facts=[Fact(stamp(hour), kind, float(value)) for kind, hour, value in facts],
        rates=[(stamp(hour), float(rate)) for hour, rate in rates],
    )


def paid_after(table: Table) -> list[int]:
    """When a sale in each bar is paid: at the open of the next session, where there are sessions."""
    if table.sessions is None:
        return []
    opens = sorted({us(one.opened) for days in MARKETS.values() for one in days})
    return [min(at for at in opens if at >= table.session(t).close) for t in range(len(table.ts))]
