from tapehead import errors as errors
from tapehead.indicators.adx import adx as adx
from tapehead.indicators.atr import atr as atr
from tapehead.indicators.bollinger import bollinger as bollinger
from tapehead.indicators.crossed import crossed_above as crossed_above
from tapehead.indicators.crossed import crossed_below as crossed_below
from tapehead.indicators.donchian import donchian as donchian
from tapehead.indicators.ema import ema as ema
from tapehead.indicators.keltner import keltner as keltner
from tapehead.indicators.macd import macd as macd
from tapehead.indicators.obv import obv as obv
from tapehead.indicators.roc import roc as roc
from tapehead.indicators.rsi import rsi as rsi
from tapehead.indicators.rsi_simple import rsi_simple as rsi_simple
from tapehead.indicators.sma import sma as sma
from tapehead.indicators.std import std as std
from tapehead.indicators.stochastic import stochastic as stochastic
from tapehead.indicators.supertrend import supertrend as supertrend
from tapehead.indicators.true_range import true_range as true_range
from tapehead.indicators.volatility import volatility as volatility
from tapehead.indicators.vwap import vwap as vwap
from tapehead.indicators.vwap import vwap_rolling as vwap_rolling
from tapehead.indicators.wma import wma as wma
from tapehead.library.profits import trade_profits as trade_profits
from tapehead.library.remote.store import connect as connect
from tapehead.library.remote.store_async import connect_async as connect_async
from tapehead.library.simulate import simulate as simulate
from tapehead.library.store import open as open  # noqa: A004 - th.open() is the door
from tapehead.model.bars import Bars as Bars
from tapehead.model.rules import Rules as Rules
from tapehead.model.signals import Signals as Signals
from tapehead.strategies.bar_strategy import bar_strategy as bar_strategy
from tapehead.strategies.bar_strategy import state as state
from tapehead.strategies.strategy import param as param
from tapehead.strategies.strategy import strategy as strategy

__version__: str
