"""adjustment_of, seen_by_signals: stored prices as the signals of a run see them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import AdjustError
from tapehead.model.bars import Bars
from tapehead.model.factors import Factors
from tapehead.model.instrument import Instrument, Kind
from tapehead.model.spec import Adjust

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

_WITH_ACTIONS: frozenset[Kind] = frozenset(("equity", "option"))
"""Kinds whose prices jump by splits and dividends; the others have none, so that there is nothing to take out."""
_WORDS = {"split": "splits", "all": "splits and dividends"}
_SPLIT_NEAR = 1e-5
_SPLIT_PARTS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Adjustment:
    """A step function of time, shape (n_steps,): signals see a bar's prices x `price` and its volume / `share`.

    `ts` are open times (us UTC), rising; bars before the first have the values of the first. `digest` is SHA-256 over
    the factors and the anchor that it follows from.
    """

    ts: I64
    price: F64
    share: F64
    digest: bytes

    def at(self, ts: I64) -> NDArray[np.intp]:
        """Return the step of each bar that opens at `ts`."""
        return _steps(self.ts, ts)


def adjustment_of(instrument: Instrument, factors: Factors | None, adjust: Adjust, first: int) -> Adjustment | None:
    """Return what takes the actions out of prices, None where the stored prices are what is asked for.

    Parameters
    ----------
    instrument : Instrument
        Its `basis` says what the stored prices are adjusted by already.
    factors : Factors or None
        As of the snapshot that is read.
    adjust : Adjust
        What signals shall see.
    first : int
        Open time (us UTC) of the first bar held of the series: its prices stay as they are stored. Anchored there and
        not at the newest bar, a price depends on the actions between the two and on none that comes after it.

    Raises
    ------
    AdjustError
        Facts are missing: an equity without factors, or factors beside bars that do not say their basis.
    """
    basis = instrument.basis
    if adjust == "none" or basis == "all" or (basis == "split" and adjust == "split"):
        return None
    if factors is None and (basis == "" or basis == "raw") and instrument.kind not in _WITH_ACTIONS:
        return None
    if factors is None:
        raise _without(instrument, adjust)
    if basis == "":
        raise _of_no_basis(instrument, adjust)
    anchor = int(_steps(factors.ts, np.array([first], np.int64))[0])
    share = np.ones(len(factors.ts)) if basis == "split" else _from_anchor(factors.split, anchor)
    price = share * (factors.dividend / factors.dividend[anchor]) if adjust == "all" else share
    return Adjustment(factors.ts, price, share, _digest(factors, first))


def adjust_each(
    instruments: Sequence[Instrument], factors: Mapping[str, Factors], adjust: Adjust, firsts: Mapping[str, int]
) -> list[tuple[Adjustment | None, str]]:
    """Return the adjustment of each instrument, or why there is none in words; raises AdjustError where all fail."""
    made: list[tuple[Adjustment | None, str]] = []
    errors: list[AdjustError] = []
    for each in instruments:
        try:
            made.append((adjustment_of(each, factors.get(each.name), adjust, firsts[each.name]), ""))
        except AdjustError as error:
            errors.append(error)
            made.append((None, str(error)))
    if errors and len(errors) == len(made):
        raise errors[0]
    return made


def seen_by_signals(bars: Bars, adjustment: Adjustment | None) -> Bars:
    """Return bars with adjusted open, high, low, close and volume; times and flags are those given.

    The bars themselves where no step of the adjustment touches them.
    """
    if adjustment is None or not len(bars):
        return bars
    at = adjustment.at(bars.ts)
    steps = slice(int(at[0]), int(at[-1]) + 1)
    if (adjustment.price[steps] == 1).all() and (adjustment.share[steps] == 1).all():
        return bars
    price, share = adjustment.price[at], adjustment.share[at]
    columns: dict[str, Any] = {name: getattr(bars, name) * price for name in ("open", "high", "low", "close")}
    columns["volume"] = bars.volume / share
    for values in columns.values():
        values.flags.writeable = False
    return replace(bars, **columns)


def _steps(steps: I64, ts: I64) -> NDArray[np.intp]:
    """Return the last step at or before each time, the first one for times before it."""
    return np.maximum(np.searchsorted(steps, ts, side="right") - 1, 0)


def _from_anchor(split: F64, anchor: int) -> F64:
    """Return the split factors relative to the anchor's, whole ratios exact.

    Sources round their factors and scale all of them anew at each split. Splits are ratios of small whole numbers, so
    each step is taken as the one it lies within 1e-5 of: 7 stays 7 whatever comes later, and prices keep their digits.
    """
    from fractions import Fraction

    out = np.ones(len(split))
    for way in (1, -1):
        exact, loose = Fraction(1), 1.0
        end = len(split) if way == 1 else -1
        for k in range(anchor + way, end, way):
            ratio = float(split[k] / split[k - way])
            near = _whole_ratio(ratio)
            exact, loose = (exact, loose * ratio) if near is None else (exact * near, loose)
            out[k] = loose * float(exact)
    return out


def _whole_ratio(ratio: float) -> Any:
    """Return the Fraction of small whole numbers that a ratio stands for, or None."""
    from fractions import Fraction

    if ratio == 1:
        return Fraction(1)
    near = Fraction(max(ratio, 1 / ratio)).limit_denominator(_SPLIT_PARTS)
    near = near if ratio >= 1 else 1 / near
    return near if abs(float(near) - ratio) <= _SPLIT_NEAR * ratio else None


def _digest(factors: Factors, first: int) -> bytes:
    """Return SHA-256 over the little-endian columns and the anchor."""
    digest = hashlib.sha256(first.to_bytes(8, "little", signed=True))
    for name, dtype in (("ts", "<i8"), ("split", "<f8"), ("dividend", "<f8")):
        digest.update(np.ascontiguousarray(factors.columns()[name], dtype).tobytes())
    return digest.digest()


def _without(instrument: Instrument, adjust: Adjust) -> AdjustError:
    """Return the error for an instrument of which no action is known."""
    missing = "dividends" if instrument.basis == "split" else "splits and dividends"
    step = (
        f"Import a file that has them: tapehead import PATH --symbol {instrument.symbol} --venue {instrument.venue}; "
        "or leave --adjust out"
    )
    cause = f"the store holds no {missing} of it"
    return AdjustError(instrument=instrument.name, what=_WORDS[adjust], cause=cause, step=step)


def _of_no_basis(instrument: Instrument, adjust: Adjust) -> AdjustError:
    """Return the error for an instrument whose stored prices may be adjusted already."""
    cause = "its splits and dividends are held, but the file of its bars did not say whether they are taken out already"
    step = (
        "Import bars from a source that says so, such as raw ones of LEAN: "
        f"tapehead import PATH --symbol {instrument.symbol} --venue {instrument.venue} --supersede; "
        "or leave --adjust out"
    )
    return AdjustError(instrument=instrument.name, what=_WORDS[adjust], cause=cause, step=step)
