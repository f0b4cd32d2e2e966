"""What an entry of the catalogue says, and the words that many entries share; loads no arrays."""

from dataclasses import dataclass

PRICES = ("high", "low", "close")
WILDER = "J. Welles Wilder, New Concepts in Technical Trading Systems, 1978"
TASC = "Technical Analysis of Stocks & Commodities"


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
class Compared:
    """What somebody else's figures say: the largest difference seen, as a share of their largest figure, and why."""

    tool: str
    difference: float
    why: str


@dataclass(frozen=True, slots=True)
class Indicator:
    """One function: `inputs` are arrays, `outputs` the names of its lines, none where there is one.

    `warm_up` says in terms of the parameters how many values are NaN before every line is known; `warm_bars` is that
    number at the defaults. `compared` is empty where nobody else's figures are at hand. `module` is the file that holds
    it where that has another name; with dots in it, the module of another package.
    """

    name: str
    summary: str
    inputs: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    outputs: tuple[str, ...]
    warm_up: str
    warm_bars: int
    source: str
    compared: tuple[Compared, ...] = ()
    module: str = ""

    @property
    def call(self) -> str:
        """How it is called with its defaults: `sma(values, period=20)`."""
        named = [f"{one.name}={one.default}" for one in self.parameters]
        return f"{self.name}({', '.join([*self.inputs, *named])})"

    @property
    def home(self) -> str:
        """Name of the module that holds it."""
        return self.module if "." in self.module else f"tapehead.indicators.{self.module or self.name}"


def bars(default: int, low: int = 1, name: str = "period") -> Parameter:
    """Return a parameter that counts bars."""
    return Parameter(name, default, low)


DDOF = Parameter("ddof", 0, 0, 1)
