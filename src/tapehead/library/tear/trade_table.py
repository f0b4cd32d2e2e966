"""trade_section: the closed trades of one instrument as a table."""

from collections.abc import Iterator

import numpy as np

from tapehead.layout.columns import REASONS
from tapehead.library.tear import figures
from tapehead.library.tear.facts import Facts
from tapehead.library.tear.figures import toned
from tapehead.library.tear.parts import scrolled, section, titled
from tapehead.metrics.gains import Points, returns_of
from tapehead.model.bars import F64, I64
from tapehead.model.markup import Html, tag
from tapehead.model.result import RunResult
from tapehead.model.trades import AccountTrades, Trades

TRADES = 500
"""At most so many trades are listed."""
_TITLES = ("#", "Side", "Entry bar, UTC", "Price", "Exit bar, UTC", "Price", "Bars", "Quantity")
_MORE = ("Return %", "Profit", "Fees", "Worst %", "Best %", "Exit by")
_LEVELS = {"stop": "Stop", "target": "Target", "trail": "Trail"}
"""Shown where any trade had one when it was entered."""
_DAY_US = 86_400_000_000
_INSTRUMENT = "Instrument"
_WORDS = (_INSTRUMENT, "Side", "Exit by")


def trade_section(
    result: RunResult, times: I64, multiplier: Points, facts: Facts, *, unit: str, own_prices: bool = False
) -> Html:
    """Return the closed trades of a result, the first 500 of many.

    Parameters
    ----------
    times : int64 array, shape (n_bars,)
        Open times (us UTC) of the bars counted from the start.
    multiplier : float, or mapping of str to float
        Money a point of price; by instrument where several share an account.
    unit : str
        Name of the money.
    own_prices : bool
        Prices are in the currency of each instrument, which is not that of the money.
    """
    trades = result.trades
    if trades is None or not len(trades):
        return section("Trades", tag("p", "No closed trade.", class_="none"))
    n = len(trades)
    cut = f"The first {TRADES:,} of {n:,} are shown; all of them: " if n > TRADES else "Every digit: "
    command = tag("code", f"tapehead show {facts.short} {result.instrument} --trades --csv")
    prices = "Prices in each instrument's currency, returns and money" if own_prices else "Prices and money"
    note = tag("span", f"{prices} in {unit}; a bar is named by its open. ", cut, command)
    whole = bool((times % _DAY_US).any())
    levels = [name for name in _LEVELS if np.isfinite(getattr(trades, name)).any()]
    rows = _rows(trades, times, returns_of(trades, multiplier), levels, whole)
    named = (_INSTRUMENT,) if isinstance(trades, AccountTrades) else ()
    titles = (_TITLES[0], *named, *_TITLES[1:], *(_LEVELS[name] for name in levels), *_MORE)
    table = tag("table", titled(titles, _WORDS), tag("tbody", *rows), class_="trades")
    return section("Trades", scrolled(table, "Closed trades"), note=note, class_="long")


def _rows(trades: Trades, times: I64, returns: F64, levels: list[str], whole: bool) -> Iterator[Html]:
    """Yield a row a trade; `whole` times have hours even at midnight."""
    n = min(len(trades), TRADES)
    digits = {**dict.fromkeys(("entry_price", "exit_price", *levels), 7), "quantity": 6}
    shown = {name: figures.column(getattr(trades, name)[:n].tolist(), most) for name, most in digits.items()}
    every = trades.instrument[:n].tolist() if isinstance(trades, AccountTrades) else []
    names = [tag("td", tag("bdi", name.partition(":")[2]), class_="words") for name in every]
    for i in range(n):
        entry, leave = int(trades.entry_bar[i]), int(trades.exit_bar[i])
        profit, gain = float(trades.profit[i]), float(returns[i])
        cells = (
            tag("td", i + 1),
            *names[i : i + 1],
            tag("td", "▲ long" if trades.side[i] > 0 else "▼ short", class_="words"),
            tag("td", figures.moment(int(times[entry]), whole=whole)),
            tag("td", shown["entry_price"][i]),
            tag("td", figures.moment(int(times[leave]), whole=whole)),
            tag("td", shown["exit_price"][i]),
            tag("td", figures.count(leave - entry)),
            tag("td", shown["quantity"][i]),
            *(tag("td", shown[name][i]) for name in levels),
            toned(figures.percent(gain, 2), gain, "td"),
            toned(figures.signed(profit), profit, "td"),
            tag("td", figures.plain(float(trades.fees[i]))),
            tag("td", figures.percent(float(trades.worst[i]), 2)),
            tag("td", figures.percent(float(trades.best[i]), 2)),
            tag("td", REASONS[int(trades.reason[i])].replace("_", " "), _marks(trades, i), class_="words"),
        )
        yield tag("tr", *cells, data_trade=i + 1)


def _marks(trades: Trades, i: int) -> Html | None:
    """Say what is odd about a trade."""
    told = [name.replace("_", " ") for name in ("ambiguous", "across_gap") if getattr(trades, name)[i]]
    return tag("span", f" {', '.join(told)}", class_="flags") if told else None
