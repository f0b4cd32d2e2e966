"""write_bars: columns of bars as one file, whole or not there."""

import os
from pathlib import Path
from typing import Any, Final

from tapehead.errors import ParameterError
from tapehead.jobs.export_files import Form, written
from tapehead.model.table import Table

_FORMS: Final[dict[str, tuple[Form, str]]] = {
    ".parquet": ("parquet", "zstd"),
    ".pq": ("parquet", "zstd"),
    ".arrow": ("feather", "lz4"),
    ".feather": ("feather", "lz4"),
    ".csv": ("csv", "none"),
    ".csv.gz": ("csv", "gzip"),
}


def write_bars(table: Table, path: Path, *, force: bool = False) -> int:
    """Write a file of the form that its ending names; return its size in bytes.

    Parameters
    ----------
    table : Table
        At least one row; every bit comes back from the file, from CSV too.
    path : Path
        Ends in `.parquet .pq .arrow .feather .csv .csv.gz`, and is no folder; a link is followed.
    force : bool
        Write over a file that is there.

    Raises
    ------
    ParameterError
        The ending is another, the file is there, or a folder is.
    DiskFullError, SurroundingsError
        It cannot be written; what was there before is.
    """
    ending = next((end for end in _FORMS if path.name.lower().endswith(end)), None)
    if ending is None:
        raise ParameterError(name="output", value=path.name, bound=f"a file that ends in {' '.join(_FORMS)}")
    # What a link leads to is written, and the link stays.
    path = Path(os.path.realpath(path))
    if path.is_dir():
        raise ParameterError(name="output", value=path, bound=f"a file, and there is a folder: {path / 'bars'}{ending}")
    if path.exists() and not force:
        raise ParameterError(name="output", value=path, bound="a file that is not there yet, or --force given")
    form, compression = _FORMS[ending]
    again = "nothing was written. Free some space, then run the command again."
    other = f"Name a file of yours: tapehead bars SYMBOL -o bars{ending}"
    part: Any = dict(table)
    return written(path, form, compression, tuple(table), None, [part], again=again, other=other)
