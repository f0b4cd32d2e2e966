"""Which format a file is, by its first and last bytes; its name may not say otherwise."""

import stat
from pathlib import Path

from tapehead.errors import FileFormatError
from tapehead.ports.bars import Source
from tapehead.sources.arrow_files import ArrowFileSource
from tapehead.sources.delimited import DelimitedSource

_BY_SUFFIX = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".feather": "arrow",
    ".arrow": "arrow",
    ".ipc": "arrow",
    ".csv": "text",
    ".tsv": "text",
    ".txt": "text",
    ".json": "text",
    ".gz": "gzip",
    ".zip": "zip",
}
_SAYS = {
    "parquet": ("Parquet", ".parquet"),
    "arrow": ("Arrow data", ".arrow"),
    "stream": ("an Arrow stream", ".arrow"),
    "text": ("text", ".csv"),
    "gzip": ("gzipped data", ".csv.gz"),
    "zip": ("a zip archive", ".zip"),
}
_MAGIC = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"\xff\xff\xff\xff", "stream"),
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
)
_FOOTERS = {"parquet": b"PAR1", "arrow": b"ARROW1"}
_LEAST_BYTES = 12
_HEAD_BYTES = 64
_LEAST_PRINTED = 0x20


def recognise(path: str) -> Source:
    """Return the source that reads a file.

    Parameters
    ----------
    path : str

    Raises
    ------
    FileFormatError
        There is no such file, it is empty or cut, or it is not what its name says.
    """
    head, tail = _ends(path)
    form = next((name for magic, name in _MAGIC if head.startswith(magic)), "text")
    if head.startswith(b"FEA1"):
        step = "Write it again as Feather 2, Parquet or CSV, then: tapehead import PATH"
        raise FileFormatError(path=path, cause="the file is Feather 1, which is no longer read", step=step)
    _check_name(path, form, head)
    footer = _FOOTERS.get(form)
    if footer is not None and not tail.endswith(footer):
        step = "Nothing was written. Fetch it again, then: tapehead import PATH"
        raise FileFormatError(
            path=path, cause=f"the file is cut: {_SAYS[form][0]} ends in {footer.decode()}", step=step
        )
    return DelimitedSource(form) if form in {"text", "gzip", "zip"} else ArrowFileSource(form)


def first_bytes(path: str, size_bytes: int) -> bytes:
    """Return the first bytes of a file; raises FileFormatError as `recognise` does where there is none to read."""
    return _ends(path, size_bytes)[0]


def _ends(path: str, head_bytes: int = _HEAD_BYTES) -> tuple[bytes, bytes]:
    """Return the first and the last bytes of a file."""
    try:
        mode = Path(path).stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            step = "Save what it gives as a file, then: tapehead import PATH"
            raise FileFormatError(path=path, cause="it is a device or a pipe, and not a file", step=step)
        with Path(path).open("rb") as file:
            head = file.read(head_bytes)
            size = file.seek(0, 2)
            file.seek(max(0, size - _LEAST_BYTES))
            tail = file.read()
    except FileNotFoundError:
        step = "Name a file or a folder that is there: tapehead import PATH"
        raise FileFormatError(path=path, cause="there is no such file", step=step) from None
    except OSError as cause:
        step = "Name a file that can be read: tapehead import PATH"
        raise FileFormatError(path=path, cause=f"the file cannot be opened ({cause.strerror})", step=step) from cause
    if not size:
        raise FileFormatError(path=path, cause="the file is empty", step="Give one with bars: tapehead import PATH")
    return head, tail


def _check_name(path: str, form: str, head: bytes) -> None:
    """Raise when the suffix promises another format than the bytes hold."""
    suffix = Path(path).suffix.lower()
    said = _BY_SUFFIX.get(suffix)
    if said is None or said == form or (said, form) == ("arrow", "stream"):
        return
    if form == "text" and any(byte < _LEAST_PRINTED and byte not in b"\t\n\r" for byte in head):
        cause = f"the name says {_SAYS[said][0]}, but the file holds bytes of no format that is read"
        raise FileFormatError(path=path, cause=cause, step="Fetch it again, then: tapehead import PATH")
    what, right = _SAYS[form]
    better = Path(path).with_suffix("").with_suffix("").name + right
    raise FileFormatError(
        path=path,
        cause=f"the name says {_SAYS[said][0]}, but the file holds {what}",
        step=f"Name it after what it holds, then: tapehead import {better}",
    )
