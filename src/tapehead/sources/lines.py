"""Text in blocks of whole lines, each known to be UTF-8."""

from collections.abc import Iterator
from typing import Any

from tapehead.errors import FileFormatError

_BLOCK_BYTES = 4 << 20
_STEP = "Save it as CSV in UTF-8, then: tapehead import PATH"


def iter_blocks(path: str, stream: Any) -> Iterator[bytes]:
    """Yield a stream in blocks of whole lines.

    Parameters
    ----------
    path : str
        For the sentence of an error.
    stream : object with `read(n)`

    Raises
    ------
    FileFormatError
        A line is longer than 4 MB, or a byte is no UTF-8.

    Notes
    -----
    Arrow's own reader of streams would read ahead in a thread that calls back into Python; where a file is given up,
    that thread may outlive the interpreter and take it down.
    """
    held, lines = bytes(stream.read(_BLOCK_BYTES)), 1
    while held:
        more = bytes(stream.read(_BLOCK_BYTES))
        cut = _end_of_lines(held) if more else len(held)
        if not cut:
            if len(held) >= _BLOCK_BYTES:
                cause = f"line {lines:,} is longer than {_BLOCK_BYTES:,} bytes"
                raise FileFormatError(path=path, cause=cause, step=_STEP)
            held += more
            continue
        block, held = held[:cut], held[cut:] + more
        _check_utf8(path, block, lines)
        yield block
        lines += block.count(b"\n")


def _end_of_lines(data: bytes) -> int:
    """Return the place behind the last end of a line, 0 where there is none."""
    end = data.rfind(b"\n") + 1
    # A return at the very end may have its line feed in the next piece.
    return end or data[:-1].rfind(b"\r") + 1


def _check_utf8(path: str, block: bytes, lines: int) -> None:
    """Raise where a block is no UTF-8; Arrow would print a traceback about some lines."""
    if block.isascii():
        return
    try:
        block.decode("utf-8")
    except UnicodeDecodeError as cause:
        line = lines + block.count(b"\n", 0, cause.start)
        what = f"the text is not UTF-8: byte 0x{block[cause.start]:02x} in line {line:,}"
        raise FileFormatError(path=path, cause=what, step=_STEP) from cause
