"""make_plan: a seeded sequence of steps on a store, each with what a plain dict says the store holds after it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES, TRADED, Column
from tapehead.model.bars import Bars, frozen_bars
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.segment import Draft

HOUR, DAY = Interval.parse("1h"), Interval.parse("1d")
SERIES: Final = (
    *(Series("test", symbol, HOUR) for symbol in ("AAA", "BBB", "CCC", "DDD")),
    Series("test", "AAA", DAY),
)
_STARTS: Final = tuple(int(np.datetime64(f"{year}-01-01", "us").astype(np.int64)) for year in (2021, 2022))
_DRAWN: Final = ("commit",) * 8 + ("append",) * 9 + ("fold",) * 2 + ("undo",) * 3 + ("sweep",) * 2 + (
    "universe", "lease", "reopen", "fail", "take away", "append", "recount",
)  # fmt: skip

Row = tuple[int, float, float, float, float, float, int]
Rows = Mapping[int, Row]
Key = tuple[int, int]
"""Place of a series in SERIES, and a period."""


@dataclass(frozen=True, slots=True)
class Market:
    """What a store holds: bars by series and period, and what stands beside them. Never changed, only replaced."""

    bars: Mapping[Key, Rows]
    instruments: Mapping[str, Instrument]
    universes: Mapping[str, tuple[str, ...]]

    def rows(self, place: int) -> list[Row]:
        """Return the bars of a series in order of time."""
        every = [row for key, rows in self.bars.items() if key[0] == place for row in rows.values()]
        return sorted(every)


@dataclass(frozen=True, slots=True)
class Step:
    """What to do: `blocks` are the bars of a commit or an append, `undoes` the step to take back."""

    does: str
    after: Market
    blocks: Mapping[Key, Rows]
    instrument: Instrument | None = None
    universe: tuple[str, tuple[str, ...]] | None = None
    undoes: int | None = None
    keeps: tuple[int, ...] = ()
    whole: bool = False
    report: bytes = b""


EMPTY: Final = Market({}, {}, {})


def changed(market: Market, step: Step) -> Market:
    """Return what a market is after a commit or an append: periods replaced, or bars laid over those held."""
    bars = dict(market.bars)
    for key, rows in step.blocks.items():
        if step.does == "append":
            bars[key] = {**bars.get(key, {}), **rows}
        elif step.does == "commit":
            bars[key] = rows
    instruments = dict(market.instruments)
    if step.instrument is not None and step.does == "commit":
        instruments[step.instrument.name] = step.instrument
    return replace(market, bars={key: rows for key, rows in bars.items() if rows}, instruments=instruments)


def make_plan(seed: str, length: int) -> tuple[Step, ...]:
    """Return the steps of a seed; the same seed gives the same steps on any machine."""
    chance = random.Random(seed)
    steps: list[Step] = []
    market, before = EMPTY, dict[int, Market]()
    for number in range(length):
        does = chance.choice(_DRAWN) if number else "commit"
        step = _draw(chance, does, number, market, steps, before)
        before[number] = market
        market = step.after
        steps.append(step)
    return tuple(steps)


def _draw(
    chance: random.Random, does: str, number: int, market: Market, steps: list[Step], before: Mapping[int, Market]
) -> Step:
    """Return one step upon a market."""
    if does in {"commit", "fail"}:
        return _commit(chance, does, number, market)
    if does == "append":
        return _append(chance, market)
    if does == "take away" and market.bars:
        step = Step("commit", market, {chance.choice(sorted(market.bars)): {}})
        return replace(step, after=changed(market, step))
    if does == "undo" and (undone := _undoable(chance, steps)) is not None:
        return _undo(undone, market, steps[undone], before[undone])
    if does == "universe":
        name, members = chance.choice(["mine", "yours"]), tuple(sorted(chance.sample(["test:AAA", "test:BBB"], 1)))
        held = {**market.universes, name: members}
        return Step(does, replace(market, universes=held), {}, universe=(name, members))
    if does == "sweep":
        return Step(does, market, {}, keeps=tuple(chance.sample(range(number), min(number, chance.randrange(3)))))
    if does in {"take away", "undo"}:
        does = "lease"
    return Step(does, market, {}, whole=chance.random() < 0.5)


def _commit(chance: random.Random, does: str, number: int, market: Market) -> Step:
    """Return a commit that replaces some periods and may change an instrument; a failing one changes nothing."""
    blocks = {}
    for place in chance.sample(range(len(SERIES)), chance.randint(1, 4)):
        for start in chance.sample(_STARTS, chance.randint(1, 2)):
            rows = _rows(chance, place, start, chance.randint(3, 60))
            blocks.update(_by_period(place, rows))
    instrument = None
    if chance.random() < 0.5:
        symbol = chance.choice(SERIES).symbol
        instrument = Instrument("test", symbol, quote="USDT", tick=chance.randint(1, 9_999) / 10_000)
    report = b"" if chance.random() < 0.5 else f'{{"step": {number}}}'.encode()
    step = Step(does, market, blocks, instrument, report=report)
    return replace(step, after=changed(market, step))


def _append(chance: random.Random, market: Market) -> Step:
    """Return an append after the last bar of some series, or over its last bars, or across the turn of a year."""
    blocks = dict[Key, Rows]()
    for place in chance.sample(range(len(SERIES)), chance.randint(1, 3)):
        held = market.rows(place)
        step = SERIES[place].interval.us
        start = held[-1][0] + step * chance.choice((1, 1, 1, 2, -2, -5)) if held else _STARTS[1] - 2 * step
        blocks.update(_by_period(place, _rows(chance, place, start, chance.randint(1, 6))))
    step = Step("append", market, blocks)
    return replace(step, after=changed(market, step))


def _undoable(chance: random.Random, steps: list[Step]) -> int | None:
    """Return a step that can be taken back: nothing touched its periods since, nothing was folded or swept."""
    touched, found = set[object](), []
    for at in range(len(steps) - 1, -1, -1):
        step = steps[at]
        if step.does in {"fold", "sweep"}:
            break
        keys = _touches(step, steps)
        if step.does in {"commit", "append"} and keys and not keys & touched:
            found.append(at)
        touched |= keys
    return chance.choice(found) if found else None


def _touches(step: Step, steps: list[Step]) -> set[object]:
    """Return the periods and instruments that a step changes."""
    if step.does not in {"commit", "append", "undo"}:
        return set()
    if step.undoes is not None:
        return _touches(steps[step.undoes], steps)
    return {*step.blocks, *([step.instrument.name] if step.instrument else [])}


def _undo(undoes: int, market: Market, undone: Step, before: Market) -> Step:
    """Return the step that gives back what a step changed."""
    bars = {key: rows for key, rows in market.bars.items() if key not in undone.blocks}
    bars.update({key: before.bars[key] for key in undone.blocks if key in before.bars})
    instruments = dict(market.instruments)
    if undone.instrument is not None:
        name = undone.instrument.name
        if name in before.instruments:
            instruments[name] = before.instruments[name]
        elif not any(SERIES[place].instrument == name for place, _ in bars):
            # Where bars of it are left from other commits, the store keeps its facts rather than none.
            instruments.pop(name)
    return Step("undo", replace(market, bars=bars, instruments=instruments), {}, undoes=undoes)


def _rows(chance: random.Random, place: int, start: int, count: int) -> dict[int, Row]:
    """Return bars of two decimals, here and there with a hole."""
    rows, ts, price = dict[int, Row](), start, chance.randint(100, 90_000)
    for _ in range(count):
        price = max(1, price + chance.randint(-50, 50))
        high, low = (price + chance.randint(0, 9)) / 100, (price - chance.randint(0, 9)) / 100
        rows[ts] = (ts, price / 100, high, max(0.01, low), price / 100, chance.randint(0, 10_000) / 1_000, TRADED)
        ts += SERIES[place].interval.us * (2 if chance.random() < 0.05 else 1)
    return rows


def _by_period(place: int, rows: Rows) -> dict[Key, Rows]:
    """Return bars by the period that each falls into."""
    found: dict[Key, dict[int, Row]] = {}
    for ts, row in rows.items():
        found.setdefault((place, SERIES[place].interval.period_of(ts)), {})[ts] = row
    return dict(found)


def to_columns(rows: Rows) -> dict[Column, np.ndarray]:
    """Return bars as the columns of a store."""
    ordered = sorted(rows.values())
    return {name: np.array([row[at] for row in ordered], BAR_DTYPES[name]) for at, name in enumerate(BAR_COLUMNS)}


def to_drafts(blocks: Mapping[Key, Rows]) -> list[Draft]:
    """Return blocks as drafts."""
    return [Draft(SERIES[place], period, to_columns(rows)) for (place, period), rows in blocks.items()]


def to_bars(blocks: Mapping[Key, Rows]) -> list[Bars]:
    """Return blocks as bars, one entry a series."""
    by_series: dict[int, dict[int, Row]] = {}
    for (place, _), rows in blocks.items():
        by_series.setdefault(place, {}).update(rows)
    return [
        frozen_bars(SERIES[place], {str(name): values for name, values in to_columns(rows).items()})
        for place, rows in by_series.items()
    ]
