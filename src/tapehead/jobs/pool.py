"""pool_of: what a portfolio needs beside the bars of its instruments: facts, and the rates of other currencies."""

import hashlib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tapehead.errors import CurrencyError, ParameterError
from tapehead.jobs.plan import OPEN_END, OPEN_START, Plan
from tapehead.jobs.read import Shelf, read_series
from tapehead.model.bars import Bars
from tapehead.model.calendar import calendar
from tapehead.model.factors import Factors
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.pooling import Pooling
from tapehead.model.segment import SegmentRef
from tapehead.portfolio.leg import I64, Fact, Rates
from tapehead.ports.bars import BarStore

_DAY = Interval.parse("1d")


@dataclass(frozen=True, slots=True)
class Pool:
    """Facts by instrument, and of each other currency the series that says its worth, and whether that is turned."""

    factors: Mapping[str, Factors] = field(default_factory=dict)
    series: Mapping[str, tuple[Series, tuple[SegmentRef, ...], bool]] = field(default_factory=dict)


def pool_of(store: BarStore, plan: Plan) -> tuple[Plan, Pool]:
    """Return the plan, its key counting what is read beside bars, and that.

    Raises
    ------
    ParameterError
        Instruments of several currencies, and none is named for the account.
    CurrencyError
        No series says what one of them is worth, or the currency of one is not known and that of the account is.
    """
    pooling = plan.spec.portfolio or Pooling()
    instruments = [item.instrument for item in plan.items]
    raw = [each.name for each in instruments if each.basis == "raw"]
    factors = dict(store.factors(raw, plan.snapshot))
    pool = Pool(factors, _rates(store, plan, instruments, pooling.currency))
    digest = hashlib.sha256(plan.key.data)
    for name in sorted(factors):
        digest.update(
            name.encode() + b"".join(np.ascontiguousarray(one).tobytes() for one in factors[name].columns().values())
        )
    for quote in sorted(pool.series):
        digest.update(quote.encode() + b"".join(ref.data for ref in pool.series[quote][1]))
    if not factors and not pool.series:
        return plan, pool
    return replace(plan, key=plan.key._replace(data=digest.digest())), pool


def _rates(
    store: BarStore, plan: Plan, instruments: Sequence[Instrument], currency: str
) -> dict[str, tuple[Series, tuple[SegmentRef, ...], bool]]:
    """Return the series of each currency that is not the account's."""
    quotes = sorted({each.currency for each in instruments} - {""})
    if not currency and len(quotes) > 1:
        bound = f"named, since the instruments are in {', '.join(quotes)}: --currency {quotes[0]}"
        raise ParameterError(name="currency", value="not given", bound=bound)
    _check_known(instruments, currency or next(iter(quotes), ""))
    others = [quote for quote in quotes if currency and quote != currency]
    found: dict[str, tuple[Series, tuple[SegmentRef, ...], bool]] = {}
    held = [one.series for one in store.coverage()] if others else []
    for quote in others:
        straight, turned = quote + currency, currency + quote
        named = [(one, _plain(one.symbol)) for one in held if _plain(one.symbol) in (straight, turned)]
        named.sort(
            key=lambda pair: (pair[0].interval.text != plan.spec.interval, pair[1] != straight, pair[0].interval.us)
        )
        if not named:
            first = next(each.name for each in instruments if each.currency == quote)
            step = f"Import bars of {straight} or {turned}: tapehead import FILE"
            raise CurrencyError(instrument=first, quote=quote, currency=currency, step=step)
        series, symbol = named[0]
        refs = store.manifest([series], OPEN_START, OPEN_END, snapshot=plan.snapshot).refs[series]
        found[quote] = (series, refs, symbol == turned)
    return found


def _check_known(instruments: Sequence[Instrument], currency: str) -> None:
    """Raise CurrencyError for instruments of no known currency in an account of one; `currency` empty: all are."""
    unknown = sorted((each.venue, each.name) for each in instruments if not each.currency)
    if not currency or not unknown:
        return
    venue, name = unknown[0]
    others = len(unknown) - 1
    more = f" (nor is that of {others:,} other{'s' if others > 1 else ''})" if others else ""
    where = f"--venue {shlex.quote(venue)}"
    step = f"Say which, such as {currency}, with its file: tapehead import FILE {where} --quote {currency}"
    raise CurrencyError(instrument=name, quote=f"a currency that is not known{more}", currency=currency, step=step)


def _plain(symbol: str) -> str:
    """Return a symbol without the signs that some put between two currencies."""
    return symbol.replace("/", "").replace("-", "").replace("_", "").upper()


def rates_of(shelf: Shelf, pool: Pool, instrument: Instrument) -> Rates | None:
    """Return what the currency of an instrument is worth, known from the ends of the bars that say it."""
    found = pool.series.get(instrument.currency)
    if found is None:
        return None
    series, refs, turned = found
    columns = read_series(shelf, refs, ("ts", "close"))
    close = np.array(columns["close"], np.float64)
    return Rates(np.array(columns["ts"], np.int64) + series.interval.us, 1.0 / close if turned else close)


def facts_of(pool: Pool, bars: Bars) -> tuple[Fact, ...]:
    """Return splits and dividends of an instrument: what its factors say between two bars.

    A dividend is what the factor takes from the last close before it (the field's own formula, as CRSP states it).
    """
    factors = pool.factors.get(bars.series.instrument)
    if factors is None:
        return ()
    found: list[Fact] = []
    for k in range(1, len(factors.ts)):
        ts = int(factors.ts[k])
        before = int(np.searchsorted(bars.ts, ts)) - 1
        ratio = float(factors.split[k] / factors.split[k - 1])
        left = float(factors.dividend[k - 1] / factors.dividend[k])
        if before >= 0 and left < 1.0 - 1e-9:
            found.append(Fact(ts, "dividend", float(bars.close[before]) * (1.0 - left)))
        if abs(ratio - 1.0) > 1e-9:
            found.append(Fact(ts, "split", ratio))
    return tuple(found)


def settled_of(bars: Bars, name: str) -> I64:
    """Return when the money of a sale in each bar may be spent, us UTC: the next open of a session."""
    clock = calendar(name)
    days = clock.steps(bars.ts, _DAY)
    distinct, at = np.unique(days, return_inverse=True)
    opens: I64 = clock.opens(distinct + 1, _DAY)[at]
    return opens
