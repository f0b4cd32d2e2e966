"""The tools whose tables Tapehead can print, and the versions that the tests compare with."""

from typing import Final

TOOLS: Final = {"backtesting.py": "0.6.6", "vectorbt": "1.2.0", "quantstats": "0.0.86", "empyrical": "0.7.1"}
