"""read_axis: the values one parameter takes in a sweep, from text such as 5:30:5 or from a list."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from itertools import islice
from typing import Any, Final, Protocol

from tapehead.errors import ParameterError

Value = float | int | str
MOST_VALUES: Final = 1_000_000
"""Of one axis."""
_NEAR: Final = Fraction(1, 10**9)
_DIGITS: Final = 30
_SAID: Final = 60


class Parameter(Protocol):
    """What an axis asks of a parameter of a strategy."""

    @property
    def name(self) -> str:
        """Name as in the strategy."""
        ...

    @property
    def default(self) -> Value:
        """Value where nothing is given; its type is that of the values."""
        ...

    @property
    def bound(self) -> str:
        """What is allowed, in words."""
        ...

    def read(self, value: Any) -> Value:
        """Return a value of the parameter's kind; raise ParameterError with the bound."""
        ...


@dataclass(frozen=True, slots=True)
class Axis:
    """A parameter and the values it takes: rising, each once, at least one, all of one type."""

    name: str
    values: tuple[Value, ...]

    def __len__(self) -> int:
        """Return the number of values."""
        return len(self.values)

    @property
    def has_steps(self) -> bool:
        """Say whether the values have an order, so that two of them can be neighbours: words have none."""
        return len(self.values) > 1 and not isinstance(self.values[0], str)


def read_axis(param: Parameter, given: Any) -> Axis:
    """Return the values that a sweep gives a parameter.

    Parameters
    ----------
    param : Parameter
        Reads each value, so that its bounds hold.
    given : str, number or iterable of numbers or words
        As text: values and ranges with commas between them. A range is `first:last` or `first:last:step`, its end
        included where a step (within 1e-9 of one) lands on it; without a step it goes in ones, which both ends must be
        whole numbers for. Steps are those of the decimals as written: 0.1:0.3:0.1 ends in 0.3. Words have no ranges.

    Returns
    -------
    Axis
        Values rising (words by alphabet), each once, whatever the order and number they were given in.

    Raises
    ------
    ParameterError
        Nothing, more than 1,000,000 values, a value out of bounds, a step of 0 or less, or bounds the wrong way round.
    """
    if isinstance(given, str):
        values = _from_text(param, given)
    elif isinstance(given, Iterable) and not isinstance(given, bytes):
        values = {_read(param, each) for each in few(param.name, given)}
    else:
        values = {_read(param, given)}
    if not values:
        raise _refused(param.name, "nothing", f"at least one value, such as {_flag(param, param.default)}")
    return Axis(param.name, tuple(sorted(values)))


def _from_text(param: Parameter, text: str) -> set[Value]:
    """Return the values of a text; they are counted before they are made."""
    _check_count(param.name, text.count(",") + 1, text)
    pieces = [piece.strip() for piece in text.split(",")]
    if not all(pieces):
        what = "nothing" if not text.strip() else repr(text)
        bound = "values with one comma between them, or a range"
        raise _refused(param.name, what, f"{bound}, such as {_flag(param, param.default)}")
    if isinstance(param.default, str):
        return {_read(param, piece) for piece in pieces}
    found: set[Value] = set()
    for piece in pieces:
        found |= _range(param, piece) if ":" in piece else {_read(param, piece)}
        _check_count(param.name, len(found), text)
    return found


def _range(param: Parameter, text: str) -> set[Value]:
    """Return the values of first:last[:step]."""
    parts = text.split(":")
    if len(parts) not in (2, 3) or not all(part.strip() for part in parts):
        raise _refused(param.name, text, f"first:last or first:last:step, such as {_flag(param, '5:30:5')}")
    first, last, *more = (_number(param, text, part) for part in parts)
    whole = isinstance(param.default, int)
    least = Decimal(whole)
    if whole and any(number != int(number) for number in (first, last, *more)):
        raise _refused(
            param.name, text, f"{param.bound}, and so its steps, such as {_flag(param, _rounded(first, last))}"
        )
    step = more[0] if more else _ones(param, text, first, last)
    if step <= 0:
        low, high = sorted((first, last))
        raise _refused(param.name, text, f"in steps above 0, such as {_flag(param, _tenths(low, high, least))}")
    if first > last:
        turned = ":".join([parts[1].strip(), parts[0].strip(), *(part.strip() for part in parts[2:])])
        raise _refused(param.name, text, f"from the lower bound to the upper one: {_flag(param, turned)}")
    count = int((Fraction(last) - Fraction(first)) / Fraction(step) + _NEAR) + 1
    for end in (first, last):
        _read(param, str(end))
    _check_count(param.name, count, text, f"; take a wider step, such as {_flag(param, _tenths(first, last, least))}")
    return _stepped(first, last, step, count, whole)


def _stepped(first: Decimal, last: Decimal, step: Decimal, count: int, whole: bool) -> set[Value]:
    """Return first + k·step, each the float nearest to the decimal; none beyond `last`."""
    places = max(0, *(-int(each.as_tuple().exponent) for each in (first, last, step)))
    scale = 10**places
    start, end, gap = (int(Fraction(each) * scale) for each in (first, last, step))
    steps = range(start, start + count * gap, gap)
    if whole:
        return {number // scale for number in steps}
    # int / int rounds once, so that 3/10 is 0.3; adding steps of 0.1 is not.
    return {min(number, end) / scale for number in steps}


def _number(param: Parameter, text: str, part: str) -> Decimal:
    """Return one number of a range as the decimal it is written as."""
    try:
        number = Decimal(part.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > _DIGITS or len(number.as_tuple().digits) > _DIGITS:
        raise _refused(
            param.name, text, f"a range of numbers; '{_cut(part.strip())}' is none, and {param.bound} is wanted"
        )
    return number


def _ones(param: Parameter, text: str, first: Decimal, last: Decimal) -> Decimal:
    """Return the step where none is given."""
    if first == int(first) and last == int(last):
        return Decimal(1)
    raise _refused(param.name, text, f"given with its step, such as {_flag(param, _tenths(first, last))}")


def _tenths(first: Decimal, last: Decimal, least: Decimal = Decimal(0)) -> str:
    """Return the range from the lower to the upper of two numbers in ten to a hundred steps, of at least `least`."""
    low, high = sorted((first, last))
    step = Decimal(1) if low == high else Decimal(10) ** ((high - low).adjusted() - 1)
    return f"{low:f}:{high:f}:{max(step, least):f}"


def _rounded(first: Decimal, last: Decimal) -> str:
    """Return a range as one of whole numbers."""
    low, high = sorted((first, last))
    return f"{int(low)}:{int(high)}"


def few(name: str, given: Iterable[Any]) -> list[Any]:
    """Return the values of an axis as a list; raise ParameterError where there are too many, before they are made."""
    if isinstance(given, range):
        _check_count(name, len(given), repr(given))
    found = list(islice(given, MOST_VALUES + 1))
    _check_count(name, len(found), "a list")
    return found


def _check_count(name: str, count: int, text: str, step: str = "") -> None:
    """Raise ParameterError for more values than an axis may have."""
    if count > MOST_VALUES:
        bound = f"at most {MOST_VALUES:,} values, and these are {count:,}{step}"
        raise _refused(name, text, f"{bound}. Of grids too large to score whole, draw: --search random --budget 1000")


def _read(param: Parameter, value: Any) -> Value:
    """Return one value; -0.0 is 0.0."""
    read = param.read(value)
    return read if isinstance(read, str) else read + 0


def _flag(param: Parameter, values: object) -> str:
    """Return the option that would give a parameter its values."""
    return f"--grid {param.name}={values}"


def _cut(text: str) -> str:
    """Return a text, its end left out where it is long."""
    return text if len(text) <= _SAID else f"{text[: _SAID - 1]}…"


def _refused(name: str, value: object, bound: str) -> ParameterError:
    """Return the error of an axis."""
    return ParameterError(name=name, value=_cut(str(value)), bound=bound)
