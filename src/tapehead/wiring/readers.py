"""What jobs may not name: the reader of a file, the place where rows wait, the market of the demo."""

from tapehead.ports.bars import Source
from tapehead.sources.buckets import SpillingBuckets
from tapehead.sources.recognise import recognise
from tapehead.sources.synthetic import synthetic_market
from tapehead.sources.trade_files import TradeFile, read_trade_file
from tapehead.wiring.source_plugins import plugged_source

__all__ = ["SpillingBuckets", "TradeFile", "read_trade_file", "source_of", "synthetic_market"]


def source_of(path: str) -> Source:
    """Return the source that reads a file: a plug-in that says so, else the built-in one of its format.

    Raises
    ------
    FileFormatError
        There is no such file, it is empty or cut, or it is not what its name says.
    SourcePluginError
        A plug-in fails.
    """
    return plugged_source(path) or recognise(path)
