"""of_trades: what is wrong with a file, told to those whose file has trades."""

import re

from tapehead.errors import AmbiguousFileError, TapeheadError

_ISO = "Write its times as 2024-01-31T12:00Z"


def of_trades(error: TapeheadError) -> TapeheadError:
    """Return the error of a file with the command that takes trades, not bars."""
    text = str(error).replace("tapehead import ", "tapehead runs import ").replace("one with bars", "one with trades")
    text = text.replace("files of bars", "file of trades").replace("file of bars", "file of trades")
    rows = '[{"symbol": ..., "side": ..., ...}, ...]'
    text = text.replace("[[time,open,high,low,close,volume],...]", rows).replace("columns of the bars", "columns")
    text = re.sub(r"Name the form of its text: (.*?) --columns 'ts=.*", rf"{_ISO}, then: \1", text)
    if isinstance(error, AmbiguousFileError):
        text = re.sub(r"; nothing in the file says which\. .*", f"; nothing says which. {_ISO}", text)
    return type(error)(text, **error.facts)
