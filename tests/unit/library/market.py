"""A small real store for the tests of jobs, library and wiring: seeded hourly bars, some with holes or layers."""

import textwrap
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tapehead.layout.columns import AFTER_HOLE, BAR_COLUMNS
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.model.instrument import Instrument, Series
from tapehead.model.segment import Draft
from tapehead.settings import read_settings
from tapehead.testing.samples import HOUR, YEAR_2021, Columns, sample_columns
from tapehead.wiring.assemble import House, assemble

DAY_US = 86_400_000_000
HOUR_US = HOUR.us


def columns_of(rows: int, *, first: int = 0, seed: int = 0, holes: bool = False) -> Columns:
    """Return `rows` hourly bars from hour `first` of 2021; without holes unless asked for."""
    made = sample_columns(rows, start=YEAR_2021 + first * HOUR_US, seed=seed)
    if not holes:
        made["ts"] = YEAR_2021 + (first + np.arange(rows, dtype=np.int64)) * HOUR_US
        made["flags"] &= np.uint8(~AFTER_HOLE & 0xFF)
    return made


def year_of(ts: int) -> int:
    """Return the calendar year of us UTC."""
    return int(np.datetime64(ts, "us").astype("datetime64[Y]").astype(int)) + 1970


def drafts_of(series: Series, columns: Columns) -> list[Draft]:
    """Cut columns into the yearly segments that hourly bars are kept in."""
    years = np.array([year_of(int(ts)) for ts in columns["ts"]])
    return [
        Draft(series, int(year), {name: columns[name][years == year].copy() for name in BAR_COLUMNS})
        for year in np.unique(years)
    ]


def put(house: House, bars: Iterable[tuple[Instrument, Columns]]) -> None:
    """Commit instruments with their hourly bars."""
    given = list(bars)
    drafts = [
        draft
        for instrument, columns in given
        for draft in drafts_of(Series(instrument.venue, instrument.symbol, HOUR), columns)
    ]
    house.bars.commit(drafts, note="test", instruments=[instrument for instrument, _ in given])


def house_of(store: Store) -> House:
    """Return what stands behind an open store."""
    return assemble(read_settings(home=store.home))


def open_market(home: Path, symbols: int = 4, rows: int = 2_000, venue: str = "test") -> Store:
    """Open a store that holds S00, S01 … with bars of different seeds."""
    store = open_store(home)
    put(
        house_of(store),
        [(Instrument(venue, f"S{k:02}"), columns_of(rows, seed=k, holes=k % 2 == 1)) for k in range(symbols)],
    )
    return store


def write_strategy(path: Path, body: str, name: str = "Mine", extra: str = "") -> str:
    """Write a strategy file; `body` is what signals() does; return what `load_strategy` takes."""
    text = textwrap.dedent(
        """\
        import sys
        import time

        import numpy as np

        from tapehead import Signals, crossed_above, crossed_below, param, rsi, sma, strategy


        @strategy
        class {name}:
            period: int = param(14, low=2, high=200)

            def signals(self, bars):
        """
    ).format(name=name)
    path.write_text(text + textwrap.indent(textwrap.dedent(body), " " * 8) + textwrap.indent(extra, " " * 4))
    return f"{path}:{name}"


RSI_BODY = """\
strength = rsi(bars.close, self.period)
return Signals(enter=crossed_above(strength, 30.0), leave=crossed_below(strength, 70.0))
"""
