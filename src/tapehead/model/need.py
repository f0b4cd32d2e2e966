"""Need: another series that a strategy reads beside its bars."""

from dataclasses import dataclass

from tapehead.errors import ParameterError
from tapehead.model.interval import Interval


@dataclass(frozen=True, slots=True)
class Need:
    """A coarser interval, another instrument, or both; found in `signals` as `bars.other(name)`.

    Attributes
    ----------
    name : str
        What the strategy calls it.
    interval : str
        Such as `1d`; empty for that of the run. Bars of it are made of the finer ones.
    instrument : str
        A symbol, or `venue:symbol`; empty for the instrument that is asked about.
    bars : int, at least 0
        How many closed bars of it are wanted before the start.

    Raises
    ------
    ParameterError
        The name is no word, the interval none, or neither interval nor instrument is named.

    Examples
    --------
    >>> Need("daily", interval="1d", bars=200).interval
    '1d'
    """

    name: str
    interval: str = ""
    instrument: str = ""
    bars: int = 1

    def __post_init__(self) -> None:
        """Refuse what names no other series."""
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise ParameterError(name="Need(name)", value=repr(self.name), bound="a word, such as 'daily'")
        if not (self.interval or self.instrument):
            bound = "an interval or an instrument, such as Need('daily', interval='1d')"
            raise ParameterError(name=f"Need('{self.name}')", value="neither", bound=bound)
        if not isinstance(self.bars, int) or isinstance(self.bars, bool) or self.bars < 0:
            raise ParameterError(name="Need(bars)", value=repr(self.bars), bound="an integer of at least 0")
        if self.interval:
            object.__setattr__(self, "interval", Interval.parse(self.interval).text)

    def lead(self, interval: Interval) -> int:
        """Return how many bars of the run's interval hold the wanted ones, the one that is not closed included."""
        if not self.interval:
            return self.bars
        return -(-Interval.parse(self.interval).us // interval.us) * (self.bars + 1) if self.bars else 0
