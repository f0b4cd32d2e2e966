from tapehead import errors as errors
from tapehead.indicators.crossed import crossed_above as crossed_above
from tapehead.indicators.crossed import crossed_below as crossed_below
from tapehead.indicators.ema import ema as ema
from tapehead.indicators.rsi import rsi as rsi
from tapehead.indicators.sma import sma as sma
from tapehead.library.profits import trade_profits as trade_profits
from tapehead.library.simulate import simulate as simulate
from tapehead.library.store import open as open  # noqa: A004 - th.open() is the door
from tapehead.model.bars import Bars as Bars
from tapehead.model.rules import Rules as Rules
from tapehead.model.signals import Signals as Signals
from tapehead.strategies.strategy import param as param
from tapehead.strategies.strategy import strategy as strategy

__version__: str
