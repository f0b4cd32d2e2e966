"""The catalogue: what each indicator takes, gives and needs, as a table that loads no arrays."""

from dataclasses import dataclass

_PRICES = ("high", "low", "close")
_WILDER = "J. Welles Wilder, New Concepts in Technical Trading Systems, 1978"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its default decides its kind; bounds are inclusive, None where open."""

    name: str
    default: int | float
    low: int | float
    high: int | float | None = None

    @property
    def kind(self) -> type[int] | type[float]:
        """Type of the values."""
        return type(self.default)


@dataclass(frozen=True, slots=True)
class Indicator:
    """One function of `tapehead`: `inputs` are arrays, `outputs` the names of its lines, none where there is one.

    `warm_up` says in terms of the parameters how many values are NaN before every line is known; `warm_bars` is that
    number at the defaults.
    """

    name: str
    summary: str
    inputs: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    outputs: tuple[str, ...]
    warm_up: str
    warm_bars: int
    source: str
    module: str = ""

    @property
    def call(self) -> str:
        """How it is called with its defaults: `sma(values, period=20)`."""
        named = [f"{one.name}={one.default}" for one in self.parameters]
        return f"{self.name}({', '.join([*self.inputs, *named])})"

    @property
    def home(self) -> str:
        """Name of the module that holds it."""
        return f"tapehead.indicators.{self.module or self.name}"


def _period(default: int, low: int = 1, name: str = "period") -> Parameter:
    """Return a parameter that counts bars."""
    return Parameter(name, default, low)


_BANDS = ("upper", "middle", "lower")
_DDOF = Parameter("ddof", 0, 0, 1)

INDICATORS = (
    Indicator(
        "adx",
        "Wilder's average directional index with both directional indicators, 0 to 100",
        _PRICES,
        (_period(14, 2),),
        ("adx", "plus_di", "minus_di"),
        "2 * period - 1",
        27,
        f"{_WILDER}, section IV; sums begin as TA-Lib's do",
    ),
    Indicator(
        "atr",
        "Wilder's average of true ranges, in the unit of the price",
        _PRICES,
        (_period(14),),
        (),
        "period",
        14,
        f"{_WILDER}, section III",
    ),
    Indicator(
        "bollinger",
        "Mean of the last `period` values, and `width` standard deviations above and below it",
        ("values",),
        (_period(20), Parameter("width", 2.0, 0), _DDOF),
        _BANDS,
        "period - 1",
        19,
        "John Bollinger, Bollinger on Bollinger Bands, 2001, chapter 7",
    ),
    Indicator(
        "donchian",
        "Highest high and lowest low of the last `period` bars, this one included, and the price half way between",
        ("high", "low"),
        (_period(20),),
        _BANDS,
        "period - 1",
        19,
        "Richard Donchian's four-week rule",
    ),
    Indicator(
        "ema",
        "Exponential moving average, seeded with the mean of the first `period` values",
        ("values",),
        (_period(20),),
        (),
        "period - 1",
        19,
        "arithmetic; as TA-Lib",
    ),
    Indicator(
        "keltner",
        "Exponential average of the close, and `width` average true ranges above and below it",
        _PRICES,
        (_period(20), _period(10, name="atr_period"), Parameter("width", 2.0, 0)),
        _BANDS,
        "max(period - 1, atr_period)",
        19,
        "Linda Bradford Raschke's form of Chester Keltner, How to Make Money in Commodities, 1960",
    ),
    Indicator(
        "macd",
        "Distance of a fast from a slow exponential average, its exponential average, and how far both lie apart",
        ("values",),
        (_period(12, name="fast"), _period(26, name="slow"), _period(9, name="signal")),
        ("line", "signal", "histogram"),
        "max(fast, slow) + signal - 2",
        33,
        "Gerald Appel, Technical Analysis: Power Tools for Active Investors, 2005, chapter 8; started as TA-Lib does",
    ),
    Indicator(
        "obv",
        "Volume of bars that rose less that of bars that fell, summed up from the first bar",
        ("close", "volume"),
        (),
        (),
        "0",
        0,
        "Joseph Granville, New Key to Stock Market Profits, 1963",
    ),
    Indicator(
        "roc",
        "Change against the value `period` bars ago, in percent",
        ("values",),
        (_period(10),),
        (),
        "period",
        10,
        "arithmetic",
    ),
    Indicator(
        "rsi",
        "Wilder's relative strength index, 0 to 100",
        ("values",),
        (_period(14, 2),),
        (),
        "period",
        14,
        f"{_WILDER}, section VI",
    ),
    Indicator(
        "rsi_simple",
        "Relative strength index of the last `period` changes alone, 0 to 100; not Wilder's, which is `rsi`",
        ("values",),
        (_period(14),),
        (),
        "period",
        14,
        "the rolling mean in place of Wilder's average, known as Cutler's",
    ),
    Indicator(
        "sma",
        "Arithmetic mean of the last `period` values",
        ("values",),
        (_period(20),),
        (),
        "period - 1",
        19,
        "arithmetic",
    ),
    Indicator(
        "std",
        "Standard deviation of the last `period` values, in the unit of the values",
        ("values",),
        (_period(20), _DDOF),
        (),
        "period - 1",
        19,
        "arithmetic",
    ),
    Indicator(
        "stochastic",
        "Where the close lies in the range of the last `period` bars: %K fast, %K slow, and %D, 0 to 100",
        _PRICES,
        (_period(14), _period(3, name="slow"), _period(3, name="signal")),
        ("fast", "k", "d"),
        "period + slow + signal - 3",
        17,
        "George Lane, Lane's Stochastics, Technical Analysis of Stocks & Commodities 2, 1984",
    ),
    Indicator(
        "supertrend",
        "Trailing line `width` average true ranges from the middle of the bars, on one side until a close crosses it",
        _PRICES,
        (_period(10), Parameter("width", 3.0, 0)),
        ("line", "rising"),
        "period",
        10,
        "Olivier Seban, about 2008",
    ),
    Indicator(
        "true_range",
        "Distance from the highest to the lowest price of a bar, the close of the bar before taken in",
        _PRICES,
        (),
        (),
        "1",
        1,
        f"{_WILDER}, section III",
    ),
    Indicator(
        "volatility",
        "Standard deviation of the last `period` returns; a year's where it is told how many bars a year has",
        ("values",),
        (_period(20), Parameter("ddof", 1, 0, 1), Parameter("periods_a_year", 1.0, 0)),
        (),
        "period",
        20,
        "arithmetic",
    ),
    Indicator(
        "vwap",
        "Typical price since the last anchor, each bar weighed by its volume",
        (*_PRICES, "volume"),
        (),
        (),
        "0",
        0,
        "arithmetic; `anchor=` is a bool array, true where a session begins",
    ),
    Indicator(
        "vwap_rolling",
        "Typical price of the last `period` bars, each weighed by its volume",
        (*_PRICES, "volume"),
        (_period(20),),
        (),
        "period - 1",
        19,
        "arithmetic",
        module="vwap",
    ),
    Indicator(
        "wma",
        "Average of the last `period` values with weights 1, 2, ... `period`, the newest weighing most",
        ("values",),
        (_period(20),),
        (),
        "period - 1",
        19,
        "arithmetic",
    ),
)
"""Every indicator, by name."""
