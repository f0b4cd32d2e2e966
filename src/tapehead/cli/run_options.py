"""Options of a run that are settings of the engine: how orders fill, what they cost, what is held."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])
_WHOLE = click.IntRange(min=1)


def _option(*names: str, text: str, **kwargs: Any) -> Callable[[Function], Function]:
    """Return an option with its line of help."""
    return click.option(*names, help=text, **kwargs)


_COSTS = (
    _option("--fee", metavar="FEE", text="A side: 10bps, 0.1%, 1usd, 'min(20usd, 0.03%)', 'maker 2bps taker 5bps'."),
    _option("--slippage", metavar="RATE", text="Against you: 2bps, spread:0.01 (half of it) or volume:10%."),
    _option("--borrow", metavar="RATE", text="Yearly, on the value of shorts: 3%."),
    _option("--cash-rate", metavar="RATE", text="Yearly, earned on idle cash: 2%."),
)
_FILLS = (
    _option("--fill", type=click.Choice(["next_open", "close"]), text="Where an order fills; default next_open."),
    _option(
        "--path",
        type=click.Choice(["pessimistic", "optimistic", "ohlc", "both"]),
        text="What came first inside a bar; both gives a band. Default pessimistic.",
    ),
    _option("--limit-through", type=click.IntRange(min=0), metavar="TICKS", text="Price must pass a limit by; 1."),
    _option("--valid-bars", type=_WHOLE, metavar="N", text="Bars in which a resting entry may fill."),
    _option("--day", is_flag=True, text="Resting entries end with their session."),
    _option("--max-wait", type=click.IntRange(min=0), metavar="N", text="Bars an entry may wait in a hole."),
    _option(
        "--on-conflict",
        type=click.Choice(["nothing", "enter", "ignore"]),
        text="What enter and leave on one bar mean while flat; default nothing.",
    ),
)
_SIZES = (
    _option("--size", metavar="SIZE", text="Of an entry: 100% of equity, 1000usd, 5units or risk:1%."),
    _option(
        "--cash",
        type=click.FloatRange(min=0, min_open=True),
        metavar="MONEY",
        text="Starting cash in quote currency; default 10000.",
    ),
    _option("--lot", type=float, metavar="UNITS", text="Step of quantities; default the instrument's."),
    _option("--tick", type=float, metavar="PRICE", text="Step of prices; default the instrument's."),
    _option("--min-notional", type=float, metavar="MONEY", text="Smaller entries are rejected."),
    _option("--leverage", type=float, metavar="X", text="Most notional over equity; default 1."),
    _option("--maintenance", metavar="SHARE", text="Margin that must remain, of the notional: 0.5%."),
    _option("--pyramid", type=_WHOLE, metavar="N", text="Entries one position may have; default 1."),
    _option("--band", metavar="SHARE", text="A target weight trades when it is off by more: 5%."),
)
_EXITS = (
    _option("--stop-loss", metavar="SHARE", text="Below the price paid (above for shorts): 5%."),
    _option("--take-profit", metavar="SHARE", text="Above the price paid (below for shorts): 10%."),
    _option("--trail", metavar="SHARE", text="Below the best price since the entry: 3%."),
    _option("--time-stop", type=_WHOLE, metavar="N", text="Out at the N-th close after the entry bar."),
    _option("--close-at-end", is_flag=True, text="Close what is open at the last close."),
    _option("--delist-haircut", metavar="SHARE", text="Of the last close, lost where a series is delisted: 30%."),
)
_SIDES = (
    _option("--long", "side", flag_value="long", text="Long positions only; the default."),
    _option("--short", "side", flag_value="short", text="Short positions only."),
    _option("--both", "side", flag_value="both", text="Long and short positions."),
    _option("--flip", is_flag=True, text="With --both: an opposite entry turns the position around."),
)
_SESSIONS = (
    _option("--entry-window", metavar="HH:MM-HH:MM", text="Entries are decided in it only, in the market's zone."),
    _option("--square-off", metavar="HH:MM", text="Out from that time of day on, in the market's zone."),
    _option("--no-overnight", "overnight", flag_value=False, default=None, text="Out at the last close of a session."),
)


def engine_options(command: Function) -> Function:
    """Give a command every setting of the engine; those not given are None or False."""
    for option in reversed((*_COSTS, *_FILLS, *_SIZES, *_EXITS, *_SIDES, *_SESSIONS)):
        command = option(command)
    return command
