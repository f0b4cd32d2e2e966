"""ParquetCodec: the columns of a segment to a standard Parquet file, those of a block of the tail to raw bytes."""

import hashlib
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError
from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES, Column
from tapehead.layout.formats import SEGMENT_FORMAT, TAIL_FORMAT
from tapehead.model.segment import Digest

Array = NDArray[Any]

_LARGEST = 2.0**53
_PRECISION = 18
_DECIMALS = range(11)
_PROBE = 64
_ROWS_IN_GROUP = 1 << 24
_TAIL_MAGIC = b"TAPETAIL"
_TAIL_HEADER = struct.Struct("<8sII")
"""Magic, format, rows; the columns follow in layout order, little-endian, without padding."""


class ParquetCodec:
    """`ports.bars.Codec` over Parquet; stateless, safe from many threads.

    Notes
    -----
    A float column whose values are all integer / 10**k exactly (k at most 10, integer at most 2**53) is stored as
    `decimal64`, an INT64 with DELTA_BINARY_PACKED; any other as BYTE_STREAM_SPLIT doubles. Beyond 2**53 the division
    is no longer correctly rounded, so the bound is what makes the decimals exact.
    """

    def encode(self, columns: Mapping[Column, Array]) -> tuple[bytes, Digest, Digest]:
        """Return the bytes of the file, the hash of the columns and the hash of the bytes.

        Parameters
        ----------
        columns : mapping of arrays, shape (n_bars,)
            Every column of `layout.BAR_COLUMNS` with its dtype; any float64 bits are kept, NaN payloads included.

        Raises
        ------
        ParameterError
            A column is missing, or lengths or dtypes are wrong.
        RuntimeError
            What was written does not read back bit for bit; nothing may be stored then.
        """
        check_columns(columns)
        data = _to_parquet(columns)
        rows = len(columns["ts"])
        back = {name: np.empty(rows, BAR_DTYPES[name]) for name in BAR_COLUMNS}
        self.decode(data, BAR_COLUMNS, back)
        for name in BAR_COLUMNS:
            if back[name].tobytes() != np.ascontiguousarray(columns[name]).tobytes():
                raise RuntimeError(
                    f"column {name} of {rows} rows did not survive its own encoding; nothing was written"
                )
        return data, data_hash(columns), hashlib.sha256(data).digest()

    def decode(self, data: bytes, columns: Sequence[Column], into: Mapping[Column, Array]) -> None:
        """Write the asked columns into arrays of exactly the rows of a segment, or of a block of the tail.

        Raises
        ------
        ParameterError
            An array of `into` has another length than the segment.
        """
        if data.startswith(_TAIL_MAGIC):
            _decode_block(data, columns, into)
            return
        import pyarrow as pa
        import pyarrow.parquet as pq

        # On files of this size `read` is 2-3 times faster than read_table, and column by column, with no table made
        # of them, once more by a seventh; threads only cost here.
        file = pq.ParquetFile(pa.BufferReader(data), pre_buffer=False)
        names, rows = file.metadata.schema.names, file.metadata.num_rows
        for name in columns:
            target = into[name]
            _check_room(name, target, rows)
            offset = 0
            for chunk in file.reader.read_column(names.index(name)).chunks:
                _copy_chunk(chunk, name, target[offset : offset + len(chunk)])
                offset += len(chunk)


def encode_block(columns: Mapping[Column, Array]) -> tuple[bytes, Digest, Digest]:
    """Return the bytes of a block of the tail, the hash of its columns and that of its bytes.

    `columns` are checked by `check_columns` before; no bit of them is looked at, so any survives.
    """
    parts = [np.ascontiguousarray(columns[name], BAR_DTYPES[name]).tobytes() for name in BAR_COLUMNS]
    rows = len(columns["ts"])
    content = b"".join((_TAIL_HEADER.pack(_TAIL_MAGIC, TAIL_FORMAT, rows), *parts))
    digest = hashlib.sha256()
    for name, part in zip(BAR_COLUMNS, parts, strict=True):
        digest.update(f"{name} {rows}\n".encode() + part)
    return content, digest.digest(), hashlib.sha256(content).digest()


def join_blocks(blocks: Sequence[bytes]) -> dict[Column, Array]:
    """Return the columns of blocks of the tail one after the other, read-only; joined as bytes, none is decoded."""
    spans = [(block, _rows_of(block)) for block in blocks]
    joined: dict[Column, Array] = {}
    before = 0
    for name in BAR_COLUMNS:
        size = np.dtype(BAR_DTYPES[name]).itemsize
        parts = []
        for block, rows in spans:
            at = _TAIL_HEADER.size + before * rows
            parts.append(block[at : at + size * rows])
        joined[name] = np.frombuffer(b"".join(parts), BAR_DTYPES[name])
        before += size
    return joined


def load_parquet() -> None:
    """Load what reads and writes segments, so that nobody waits for it later."""
    import pyarrow.parquet  # noqa: F401 - loaded for those who need it next


def data_hash(columns: Mapping[Column, Array]) -> Digest:
    """Return the identity of the columns: SHA-256 over name, rows and little-endian values of each, in layout order."""
    digest = hashlib.sha256()
    for name in BAR_COLUMNS:
        values = np.ascontiguousarray(columns[name], dtype=BAR_DTYPES[name])
        digest.update(f"{name} {values.shape[0]}\n".encode())
        digest.update(values.view(np.uint8).data)
    return digest.digest()


def check_columns(columns: Mapping[Column, Array]) -> None:
    """Raise ParameterError unless every bar column is there, of one length and of its dtype."""
    missing = [name for name in BAR_COLUMNS if name not in columns]
    if missing:
        raise ParameterError(name="columns", value=sorted(columns), bound=f"all of {', '.join(BAR_COLUMNS)}")
    rows = columns["ts"].shape
    for name in BAR_COLUMNS:
        values = columns[name]
        if values.shape != rows or values.ndim != 1:
            raise ParameterError(name=f"columns[{name!r}].shape", value=values.shape, bound=f"{rows}, as ts has")
        if values.dtype != np.dtype(BAR_DTYPES[name]):
            raise ParameterError(name=f"columns[{name!r}].dtype", value=values.dtype, bound=BAR_DTYPES[name])


def _decode_block(data: bytes, columns: Sequence[Column], into: Mapping[Column, Array]) -> None:
    """Copy the asked columns of a block of the tail."""
    rows, at = _rows_of(data), _TAIL_HEADER.size
    for name in BAR_COLUMNS:
        values = np.frombuffer(data, BAR_DTYPES[name], rows, at)
        at += values.nbytes
        if name in columns:
            _check_room(name, into[name], rows)
            np.copyto(into[name], values)


def _rows_of(block: bytes) -> int:
    """Return the rows that the header of a block names."""
    _, number, rows = _TAIL_HEADER.unpack_from(block)
    if number != TAIL_FORMAT:
        raise ParameterError(name="format of a block", value=number, bound=f"{TAIL_FORMAT}, the one known here")
    return int(rows)


def _check_room(name: Column, target: Array, rows: int) -> None:
    """Raise ParameterError unless an array to be filled has exactly so many rows."""
    if target.shape != (rows,):
        raise ParameterError(
            name=f"into[{name!r}].shape", value=target.shape, bound=f"of shape ({rows},), as the segment holds"
        )


def _to_parquet(columns: Mapping[Column, Array]) -> bytes:
    """Write one row group without nulls."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = len(columns["ts"])
    fields, arrays, encoding = [], [], {"ts": "DELTA_BINARY_PACKED"}
    for name in BAR_COLUMNS:
        values = np.ascontiguousarray(columns[name])
        kind: Any = {"ts": pa.timestamp("us", "UTC"), "flags": pa.uint8()}.get(name)
        if kind is None:
            scaled = _scaled(values)
            encoding[name] = "BYTE_STREAM_SPLIT" if scaled is None else "DELTA_BINARY_PACKED"
            kind = pa.float64() if scaled is None else pa.decimal64(_PRECISION, scaled[0])
            values = values if scaled is None else scaled[1]
        fields.append(pa.field(name, kind, nullable=False))
        arrays.append(pa.Array.from_buffers(kind, rows, [None, pa.py_buffer(values)]))
    schema = pa.schema(fields, metadata={"tapehead.segment": str(SEGMENT_FORMAT)})
    sink = pa.BufferOutputStream()
    pq.write_table(
        pa.Table.from_arrays(arrays, schema=schema),
        sink,
        row_group_size=_ROWS_IN_GROUP,
        compression="lz4",
        use_dictionary=["flags"],
        column_encoding=encoding,
        store_decimal_as_integer=True,
        write_statistics=False,
    )
    return bytes(sink.getvalue().to_pybytes())


def _scaled(values: Array) -> tuple[int, Array] | None:
    """Return the smallest k and the integers with integer / 10**k equal to `values` bit for bit, or None."""
    with np.errstate(all="ignore"):
        for k in _DECIMALS:
            if _integers(values[:_PROBE], k) is None:
                continue
            integers = _integers(values, k)
            if integers is not None:
                return k, integers
    return None


def _integers(values: Array, k: int) -> Array | None:
    """Return values * 10**k as int64 where dividing gives the same bits (so -0.0 does not pass), else None."""
    power = 10.0**k
    scaled = np.rint(values * power)
    # Written so that NaN fails the comparison too.
    if scaled.size and not np.abs(scaled).max() <= _LARGEST:
        return None
    integers = scaled.astype(np.int64)
    same = np.array_equal((integers / power).view(np.int64), values.view(np.int64))
    return integers if same else None


def _copy_chunk(chunk: Any, name: Column, target: Array) -> None:
    """Copy one Arrow chunk, dividing decimals back to doubles."""
    import pyarrow as pa

    rows, buffer = len(chunk), chunk.buffers()[1]
    if not rows:
        return
    if pa.types.is_decimal(chunk.type):
        integers = np.frombuffer(buffer, np.int64, rows, chunk.offset * 8)
        np.divide(integers, 10.0**chunk.type.scale, out=target)
    else:
        dtype = np.dtype(BAR_DTYPES[name])
        target[:] = np.frombuffer(buffer, dtype, rows, chunk.offset * dtype.itemsize)
