"""Ways to damage a file."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
import zlib

TOKENS = (
    *(b"", b"nan", b"NaN", b"inf", b"-inf", b"-1", b"0", b"1e308", b"1e-320", b"1e999", b"null", b"true", b"0x10"),
    *(b"99999999999999999999", b"9223372036854775807", b"-9223372036854775808", b"1,234", b"1_000", b"2024-02-30"),
    *(b"31/12/2024", b"24:61:61", b"+99:99", b'"', b"'", b'""', b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3\x28"),
    *(b"\xe2\x80\x83", b"\n", b"\r", b"\r\n", b",", b",,,,", b";", b"\t", b"[", b"]", b"{", b"}", b"[[[[[["),
    *(b"PK\x03\x04", b"PAR1", b"\x1f\x8b"),
)  # fmt: skip


def mutate(data: bytes, draw: random.Random) -> bytes:
    """Return damaged bytes; packed ones are damaged inside as often as outside."""
    inside = unpacked(data)
    if inside is not None and draw.random() < 0.6:
        text, pack = inside
        return pack(_some(text, draw))
    return _some(data, draw)


def unpacked(data: bytes):
    """Return what a gzip file or the first member of a zip holds, and how to pack it again; None for others."""
    try:
        if data[:2] == b"\x1f\x8b":
            return gzip.decompress(data), lambda text: gzip.compress(text, 1, mtime=0)
        if data[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                name = archive.namelist()[0]
                return archive.read(name), lambda text: _zip(name, text)
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    return None


def _zip(name: str, text: bytes) -> bytes:
    """Pack one member."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return sink.getvalue()


def _some(data: bytes, draw: random.Random) -> bytes:
    """Damage bytes one to four times."""
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        data = draw.choice(_WAYS)(data, draw)
    return data


def _flip(data: bytes, draw: random.Random) -> bytes:
    """Change bits."""
    found = bytearray(data)
    for _ in range(draw.choice((1, 1, 4, 30))):
        if found:
            found[draw.randrange(len(found))] ^= 1 << draw.randrange(8)
    return bytes(found)


def _cut(data: bytes, draw: random.Random) -> bytes:
    """Keep a part."""
    at = draw.randrange(len(data) + 1)
    return data[:at] if draw.random() < 0.7 else data[at:]


def _put(data: bytes, draw: random.Random) -> bytes:
    """Put a token in."""
    at = draw.randrange(len(data) + 1)
    return data[:at] + draw.choice(TOKENS) * draw.choice((1, 1, 1, 50)) + data[at:]


def _replace(data: bytes, draw: random.Random) -> bytes:
    """Put a token in place of a field."""
    fields = data.split(b",")
    fields[draw.randrange(len(fields))] = draw.choice(TOKENS)
    return b",".join(fields)


def _drop(data: bytes, draw: random.Random) -> bytes:
    """Take a piece out."""
    at = draw.randrange(len(data) + 1)
    return data[:at] + data[at + draw.choice((1, 2, 7, 100)) :]


def _again(data: bytes, draw: random.Random) -> bytes:
    """Repeat a piece."""
    at = draw.randrange(len(data) + 1)
    piece = data[at : at + draw.choice((1, 8, 60, 500))]
    return data[:at] + piece * draw.choice((2, 3, 40)) + data[at:]


def _swap(data: bytes, draw: random.Random) -> bytes:
    """Exchange two lines."""
    rows = data.split(b"\n")
    first, second = draw.randrange(len(rows)), draw.randrange(len(rows))
    rows[first], rows[second] = rows[second], rows[first]
    return b"\n".join(rows)


def _number(data: bytes, draw: random.Random) -> bytes:
    """Write a small or huge little-endian number over four bytes, as lengths and counts stand in formats."""
    at = draw.randrange(max(len(data) - 4, 1))
    value = draw.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000, 0xFFFF, draw.getrandbits(32)))
    return data[:at] + value.to_bytes(4, "little") + data[at + 4 :]


_WAYS = (_flip, _flip, _cut, _put, _put, _replace, _replace, _drop, _again, _swap, _number)
