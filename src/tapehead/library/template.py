"""write_template: a strategy file to begin with, and a test of it that passes."""

import keyword
import re
from pathlib import Path

from tapehead.errors import FileThereError, ParameterError

_STRATEGY = '''"""{name}: say here in one sentence what it does and why that should earn anything."""

from tapehead import Bars, Signals, crossed_above, crossed_below, param, rsi, sma, strategy


@strategy
class {name}:
    """Buy weakness that ends inside a rise, leave strength that ends.

    The first line stands in `tapehead strategies`. Name your source here: a book, a paper, a thought of your own.
    """

    # A parameter: its default says its kind, and a value outside of the bounds is refused. -p period=10 sets it, and
    # --grid period=5:30:5 tries several.
    period: int = param(14, low=2, high=200)
    low: float = param(45.0, low=1, high=50)
    high: float = param(60.0, low=50, high=99)
    trend: int = param(50, low=1, high=1000)

    def warm(self) -> int:
        """Return how many bars before the start are read, so that every line is known there."""
        return max(5 * self.period, self.trend) + 1

    def signals(self, bars: Bars) -> Signals:
        """Return what is wanted at the close of each bar; it is filled at the open of the next one.

        `bars.open high low close volume` are float64 arrays of one value a bar, `ts` their opens (us UTC). Look at
        bar t and before only: a run tests it, and says where a later bar is known. Other series are named by a method
        `needs(self)` that returns [Need("daily", interval="1d", bars=50)], and are `bars.other("daily")` here.
        """
        strength = rsi(bars.close, self.period)
        rising = bars.close > sma(bars.close, self.trend)
        return Signals(
            enter=crossed_above(strength, self.low) & rising,
            leave=crossed_below(strength, self.high),
        )
'''

_TEST = '''"""{name}: what it wants, and that it knows no later bar."""

import importlib.util
from pathlib import Path

import numpy as np

from tapehead import Bars, simulate

FILE = Path(__file__).with_name("{file}")


def load():
    """Return the class of the file beside this one."""
    spec = importlib.util.spec_from_file_location("{module}_tested", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.{name}


def market(n=2_000, seed=7):
    """Return hourly bars of a random walk, to the cent."""
    random = np.random.default_rng(seed)
    close = np.round(100 * np.exp(random.normal(0.0002, 0.01, n).cumsum()), 2)
    open_ = np.concatenate([[close[0]], close[:-1]])
    high, low = np.maximum(open_, close) + 0.05, np.minimum(open_, close) - 0.05
    return Bars.from_arrays(np.arange(n) * 3_600_000_000, open_, high, low, close, interval="1h")


def test_it_trades():
    bars = market()
    signals = load()().signals(bars)
    signals.check(len(bars), "{name}", "a random walk")
    assert np.asarray(signals.enter).any()
    assert len(simulate(bars, signals, fee="10bps").trades) > 0


def test_it_knows_no_later_bar():
    bars = market()
    whole = load()().signals(bars)
    for cut in (300, 777, 1_500):
        part = load()().signals(bars.slice(0, cut))
        for name in ("enter", "leave"):
            assert np.array_equal(np.asarray(getattr(part, name)), np.asarray(getattr(whole, name))[:cut])


def test_parameters_have_bounds():
    for each in load().params:
        assert each.low is None or each.low <= each.default <= each.high
'''


def write_template(file: str) -> tuple[Path, Path, str]:
    """Write a strategy file with comments and its test beside it; neither is ever overwritten.

    Parameters
    ----------
    file : str
        Path of a file `NAME.py`; folders are made.

    Returns
    -------
    (Path, Path, str)
        The file, its test, and the name of the class in it: `my_idea.py` holds `MyIdea`.

    Raises
    ------
    ParameterError
        The name is no word that Python could import, or lacks `.py`.
    FileThereError
        One of the two files is there already; nothing is written.
    """
    path = Path(file).expanduser()
    if path.suffix != ".py" or not path.stem.isidentifier() or keyword.iskeyword(path.stem):
        raise ParameterError(name="FILE", value=file, bound="a Python file whose name is a word, such as my_idea.py")
    name = "".join(part[:1].upper() + part[1:] for part in re.split(r"_+", path.stem) if part) or "Mine"
    name = name if name.isidentifier() and not keyword.iskeyword(name) else f"My{name}"
    test = path.with_name(f"test_{path.name}")
    for each in (path, test):
        if each.exists() or each.is_symlink():
            raise FileThereError(path=each, other=path.with_name(f"{path.stem}_2.py"))
    path.parent.mkdir(parents=True, exist_ok=True)
    for each, text in ((path, _STRATEGY), (test, _TEST)):
        with each.open("x", encoding="utf-8") as out:
            out.write(text.format(name=name, file=path.name, module=path.stem))
    return path, test, name
