"""SyntheticMarket: made-up hourly crypto bars, the same bytes on every machine. No real prices."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.layout.columns import SYNTHETIC, TRADED, Column
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.segment import Coverage

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Draw = np.random.Generator

VENUE = "demo"
INTERVAL = Interval.parse("1h")
FIRST_YEAR = 2019
_HOUR_US = INTERVAL.us
_QUOTE = "USDT"
_TICKERS = (
    *("BTC", "ETH", "BNB", "SOL", "XRP", "ADA", "DOGE", "DOT", "LTC", "LINK", "AVAX", "ATOM"),
    *("XLM", "TRX", "ETC", "XMR", "NEAR", "ALGO", "FIL", "VET", "ICP", "AAVE", "EOS", "XTZ"),
    *("SAND", "MANA", "AXS", "THETA", "GRT", "EGLD", "FTM", "RUNE", "KAVA", "ZEC", "DASH", "NEO"),
    *("CHZ", "ENJ", "BAT", "ZIL", "ONT", "IOTA", "QTUM", "OMG", "ICX", "WAVES", "CRV", "SNX"),
)

# Each row is a mood of the market: drift an hour, volatility an hour, how much of the last half day is taken back
# (above 0 a range, below 0 a trend), mean length in hours, weight.
_MOODS = np.array(
    [
        (0.00000, 0.0040, 0.32, 260.0, 0.34),  # range
        (0.00035, 0.0055, -0.06, 300.0, 0.22),  # up
        (-0.00035, 0.0060, -0.06, 240.0, 0.20),  # down
        (-0.00280, 0.0140, 0.05, 40.0, 0.06),  # crash
        (0.00005, 0.0022, 0.22, 320.0, 0.18),  # calm
    ]
)
_MEMORY_HOURS = 12
_MARKET_SHARE = 0.45
_LARGEST_STEP = 0.35
_JUMP_CHANCE = 0.0004
_OUTAGE_EVERY_HOURS = 3_600
_LONGEST_OUTAGE_HOURS = 14
_LATE_EVERY, _LATE_AT = 5, 3
_DELISTED_EVERY, _DELISTED_AT = 12, 7
_ILLIQUID_EVERY, _ILLIQUID_AT = 6, 5
_QUIET_CHANCE = 0.002
_LEAST_TICKS = 200_000
_MOST_TICKS = 2_000_000


def synthetic_market(instruments: int = 48, years: int = 5, seed: int = 7) -> "SyntheticMarket":
    """Return a market of made-up instruments, venue `demo`, 1h bars from 2019-01-01.

    Parameters
    ----------
    instruments : int, at least 1
        The first 48 carry known tickers, the others are SYN049USDT and so on.
    years : int, at least 1
        Length in calendar years.
    seed : int, at least 0
        An instrument depends on seed, years and its own place, not on how many there are.
    """
    return SyntheticMarket(instruments, years, seed)


class SyntheticMarket:
    """Made-up bars: moods of a common market, jumps, outages, late listings, delistings, hours without a trade.

    Notes
    -----
    Prices are a cumulative product of (1 + r) of uniform draws, rounded to each instrument's tick: no exp, no log, no
    pairwise sum and no BLAS, so that processors of different width make the same bytes. Stateless; safe in threads.
    """

    def __init__(self, instruments: int, years: int, seed: int) -> None:
        self._count = instruments
        self._years = years
        self._seed = seed
        start = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
        end = datetime(FIRST_YEAR + years, 1, 1, tzinfo=UTC)
        self._start_us = int(start.timestamp()) * 1_000_000
        self._hours = int((end - start).total_seconds()) // 3600
        self._open_hours = _outages(self._draw(0), self._hours)
        self._market: F64 | None = None

    def instruments(self) -> Sequence[Instrument]:
        """Return every instrument with its facts; cheap."""
        return [self._facts(place)[0] for place in range(self._count)]

    def coverage(self) -> Sequence[Coverage]:
        """Return first and last open time and number of bars of every instrument; cheap."""
        found = []
        for place in range(self._count):
            instrument, hours, _ = self._facts(place)
            first, last = (self._start_us + int(hours[at]) * _HOUR_US for at in (0, -1))
            series = Series(VENUE, instrument.symbol, INTERVAL)
            found.append(Coverage(series, first, last, len(hours), self._years))
        return found

    def __iter__(self) -> Iterator[tuple[Instrument, dict[Column, NDArray[Any]]]]:
        """Yield each instrument with its bar columns, `ts` strictly rising; memory holds one instrument."""
        for place in range(self._count):
            instrument, hours, draw = self._facts(place)
            yield instrument, self._columns(place, instrument, hours, draw)

    def _draw(self, place: int) -> Draw:
        """Return the random numbers of the market (0) or of an instrument (from 1)."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence((self._seed, place))))

    def _facts(self, place: int) -> tuple[Instrument, I64, Draw]:
        """Return an instrument, the hours at which it has bars, and its random numbers from there on."""
        draw = self._draw(place + 1)
        # The fourth once made a lot; drawn still, so that the same seed gives the same prices.
        start_share, end_share, tick_share, _ = draw.random(4)
        first, past = 0, self._hours
        if place % _LATE_EVERY == _LATE_AT:
            first = int(self._hours * (0.05 + 0.55 * start_share))
        is_delisted = place % _DELISTED_EVERY == _DELISTED_AT
        if is_delisted:
            past = int(self._hours * (0.70 + 0.25 * end_share))
        hours = self._open_hours[(self._open_hours >= first) & (self._open_hours < past)]
        decimals = 2 if place < 2 else 2 + int(4 * tick_share)
        ticker = _TICKERS[place] if place < len(_TICKERS) else f"SYN{place + 1:03d}"
        instrument = Instrument(
            VENUE,
            ticker + _QUOTE,
            kind="crypto",
            quote=_QUOTE,
            settle=_QUOTE,
            tick=1 / 10**decimals,
            calendar="24/7",
            has_volume=True,
            listed_at=self._start_us + int(hours[0]) * _HOUR_US,
            delisted_at=self._start_us + (int(hours[-1]) + 1) * _HOUR_US if is_delisted else None,
        )
        return instrument, hours, draw

    def _columns(self, place: int, instrument: Instrument, hours: I64, draw: Draw) -> dict[Column, NDArray[Any]]:
        """Make the bars of one instrument."""
        if self._market is None:
            market = self._draw(0)
            market.bit_generator.advance(1 << 40)  # type: ignore[attr-defined] # PCG64 has it, its base class not
            self._market, _ = _returns(market, self._hours)
        own, volatility = _returns(draw, self._hours)
        share = _MARKET_SHARE * (0.5 + draw.random())
        step = own * (1.0 - 0.5 * share) + self._market * share
        step += 0.5 * (volatility * volatility)  # a product of (1 + r) sinks by half the variance
        quiet = np.zeros(self._hours, np.bool_)
        if place % _ILLIQUID_EVERY == _ILLIQUID_AT:
            quiet = draw.random(self._hours) < _QUIET_CHANCE
            step[quiet] = 0.0
        if instrument.delisted_at is not None:
            step[max(0, int(hours[-1]) - 72) : int(hours[-1]) + 1] -= 0.03
        np.clip(step, -_LARGEST_STEP, _LARGEST_STEP, out=step)
        first_price = _LEAST_TICKS + (_MOST_TICKS - _LEAST_TICKS) * draw.random()
        close = np.maximum(np.rint(first_price * np.cumprod(1.0 + step)), 1.0)
        opens = np.concatenate([np.rint(np.array([first_price])), close[:-1]])
        wick = draw.random((2, self._hours)) * volatility
        high = np.maximum(np.rint(np.maximum(opens, close) * (1.0 + wick[0])), np.maximum(opens, close))
        low = np.maximum(np.rint(np.minimum(opens, close) * (1.0 - wick[1])), 1.0)
        volume = _volumes(draw, self._hours, step, volatility)
        high[quiet], low[quiet], volume[quiet] = close[quiet], close[quiet], 0.0
        scale = np.float64(round(1 / instrument.tick))
        prices: dict[Column, F64] = {"open": opens, "high": high, "low": low, "close": close}
        columns: dict[Column, NDArray[Any]] = {"ts": self._start_us + hours * _HOUR_US}
        # An integer divided by a power of ten is the double nearest to the decimal price.
        columns.update({name: values[hours] / scale for name, values in prices.items()})
        columns["volume"] = volume[hours]
        columns["flags"] = np.where(columns["volume"] > 0, SYNTHETIC | TRADED, SYNTHETIC).astype(np.uint8)
        return columns


def _outages(draw: Draw, hours: int) -> I64:
    """Return the hours at which the exchange was open; it is so in the first and the last two days."""
    is_open = np.ones(hours, np.bool_)
    for _ in range(max(1, hours // _OUTAGE_EVERY_HOURS)):
        where, length = draw.random(2)
        start = 48 + int(where * (hours - 96 - _LONGEST_OUTAGE_HOURS))
        is_open[start : start + 1 + int(length * _LONGEST_OUTAGE_HOURS)] = False
    return np.flatnonzero(is_open)


def _returns(draw: Draw, hours: int) -> tuple[F64, F64]:
    """Return hourly returns with moods, memory and jumps, and the volatility of each hour."""
    mood = _mood_of_hours(draw, hours)
    volatility = _MOODS[mood, 1]
    noise = draw.random((4, hours))
    # The sum of three uniforms has variance 1/4: twice its distance from 3/2 is a bell of variance 1, without a log.
    bell = ((noise[0] + noise[1]) + noise[2] - 1.5) * 2.0
    step = bell * volatility
    jumps = noise[3] < _JUMP_CHANCE
    step[jumps] *= 8.0
    total = np.concatenate([np.zeros(1), np.cumsum(step)])
    back = np.maximum(np.arange(hours) - _MEMORY_HOURS, 0)
    recent = (total[:-1] - total[back]) / _MEMORY_HOURS
    result: F64 = _MOODS[mood, 0] + step - _MOODS[mood, 2] * 2.0 * recent
    return result, volatility


def _mood_of_hours(draw: Draw, hours: int) -> NDArray[np.int64]:
    """Return the mood of each hour: stretches of random length."""
    weights = np.cumsum(_MOODS[:, 4])
    mean = _MOODS[:, 3]
    stretches = 16 + int(4 * hours / mean.min())
    picks, lengths = draw.random((2, stretches))
    moods = np.minimum(np.searchsorted(weights, picks * weights[-1], side="right"), len(weights) - 1)
    spans = (mean[moods] * (0.4 + 1.2 * lengths)).astype(np.int64)
    return np.repeat(moods, spans)[:hours]


def _volumes(draw: Draw, hours: int, step: F64, volatility: F64) -> F64:
    """Return volumes in thousandths: larger by day and when price moves."""
    size, noise = 50.0 + 5_000.0 * draw.random(), draw.random(hours)
    clock = np.abs((np.arange(hours) % 24) - 12.0) / 12.0
    moved = np.abs(step) / volatility
    return np.asarray(np.rint(1_000.0 * size * (0.2 + noise) * (1.5 - clock) * (0.5 + moved)), np.float64) / 1_000.0
