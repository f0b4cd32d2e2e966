"""Instruments and universes as plain values."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tapehead.model.segment import Universe
from tapehead.model.spec import iso

if TYPE_CHECKING:
    from tapehead.library.listing import InstrumentRow
    from tapehead.model.membership import Roll


def instrument_name(row: "InstrumentRow") -> str:
    """Return the name of the instrument of a row."""
    return row.instrument.name


def instrument_json(row: "InstrumentRow") -> dict[str, Any]:
    """Return plain values of one instrument."""
    one = row.instrument
    return {
        "instrument": one.name,
        "venue": one.venue,
        "symbol": one.symbol,
        "kind": one.kind,
        "quote": one.quote,
        "settle": one.settle,
        "multiplier": one.multiplier,
        "tick": one.tick,
        "lot": one.lot,
        "calendar": one.calendar,
        "has_volume": one.has_volume,
        "listed_at": None if one.listed_at is None else iso(one.listed_at),
        "delisted_at": None if one.delisted_at is None else iso(one.delisted_at),
        "intervals": [
            {"interval": interval, "first": iso(first), "last": iso(last), "rows": bars}
            for interval, first, last, bars in row.intervals
        ],
    }


def universe_row(one: Universe) -> dict[str, Any]:
    """Return plain values of a universe without its members; how many a filter has, its day decides."""
    size = None if one.where else len(one.symbols)
    return {"name": one.name, "instruments": size, "built_in": one.built_in, "where": one.where or None}


def universe_json(one: Universe, members: Any) -> dict[str, Any]:
    """Return plain values of a universe with its members."""
    size = None if one.where and not members else len(members)
    return {**universe_row(one), "instruments": size, "symbols": list(members)}


def years_json(roll: "Roll") -> list[Mapping[str, Any]]:
    """Return plain values of the counts by year."""
    return [{"year": year.year, "ever": year.ever, "mean": year.mean} for year in roll.years]
