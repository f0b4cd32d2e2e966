"""PNG files of 256 colours, from the pixels of a screen: a third of the bytes, and no difference that is seen."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

MOST_COLOURS = 256
COMMONEST = 160


def palette_png(pixels: NDArray[np.uint8]) -> bytes:
    """Write pixels, shape (height, width, 3), as a PNG of 256 colours: for the others the nearest.

    The same pixels give the same bytes.
    """
    height, width, _ = pixels.shape
    wide = pixels.astype(np.uint32)
    packed = (wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]).ravel()
    colours, place, counts = np.unique(packed, return_inverse=True, return_counts=True)
    palette = _palette(_parts(colours), counts)
    nearest = np.array([np.abs(palette - one).sum(axis=1).argmin() for one in _parts(colours)], np.uint8)
    rows = np.zeros((height, width + 1), np.uint8)
    rows[:, 1:] = nearest[place].reshape(height, width)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    body = zlib.compress(rows.tobytes(), 9)
    chunks = ((b"IHDR", head), (b"PLTE", palette.astype(np.uint8).tobytes()), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _palette(colours: NDArray[np.int32], counts: NDArray[np.intp]) -> NDArray[np.int32]:
    """The commonest colours, then one by one what lies farthest from all of them: a small dot keeps its colour, too."""
    order = np.argsort(-counts.astype(np.int64), kind="stable")
    chosen = list(order[:COMMONEST])
    apart = np.abs(colours[:, None] - colours[chosen][None]).sum(axis=2).min(axis=1)
    while len(chosen) < MOST_COLOURS and apart.max() > 0:
        chosen.append(apart.argmax())
        apart = np.minimum(apart, np.abs(colours - colours[chosen[-1]]).sum(axis=1))
    return colours[chosen]


def _parts(colours: NDArray[np.uint32]) -> NDArray[np.int32]:
    """Red, green and blue of colours, shape (n, 3)."""
    return np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1).astype(np.int32)


def _chunk(name: bytes, data: bytes) -> bytes:
    """A piece of a PNG with its length and its sum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
