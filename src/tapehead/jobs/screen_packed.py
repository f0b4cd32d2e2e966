"""pack_frame, unpack_frame: who is in a market and what names their bars, as bytes that a store keeps."""

import hashlib
import json
import struct
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.jobs.screen_frame import ScreenFrame
from tapehead.jobs.screen_roster import Facts, Roster
from tapehead.model.interval import Interval
from tapehead.ports.lines import KEY_BYTES

_MAGIC: Final = b"TAPEMKT1"
_HEAD: Final = struct.Struct("<8sqqq")
_SUM_BYTES: Final = 16
_DTYPES: Final[tuple[np.dtype[Any], ...]] = (np.dtype("<i4"), np.dtype("<i8"), np.dtype(f"V{KEY_BYTES}"))


def pack_frame(frame: ScreenFrame, stamp: str) -> bytes:
    """Return a frame without its columns; `stamp` tells its snapshot from another one of that number."""
    names = json.dumps([stamp, list(frame.roster.names), frame.roster.facts]).encode()
    arrays: Sequence[NDArray[Any]] = (frame.roster.codes, frame.ends, frame.keys)
    parts = [_HEAD.pack(_MAGIC, int(frame.snapshot), len(frame), len(names)), names]
    parts += [np.asarray(values, dtype).tobytes() for values, dtype in zip(arrays, _DTYPES, strict=True)]
    content = b"".join(parts)
    return content + _sum(content)


def unpack_frame(packed: bytes, interval: Interval) -> tuple[ScreenFrame, str] | None:
    """Return a frame and the stamp of its snapshot; None where the bytes are not what was written."""
    content = packed[:-_SUM_BYTES]
    if len(packed) < _HEAD.size + _SUM_BYTES or packed[-_SUM_BYTES:] != _sum(content):
        return None
    magic, snapshot, size, length = _HEAD.unpack_from(content)
    if magic != _MAGIC:
        return None
    at = _HEAD.size
    stamp, names, facts = json.loads(content[at : at + length])
    codes, ends, keys = _arrays(content, at + length, size)
    roster = Roster(names, [Facts(*each) for each in facts], codes)
    return ScreenFrame(snapshot, interval, None, roster, keys, ends), stamp


def _arrays(content: bytes, at: int, size: int) -> Sequence[NDArray[Any]]:
    """Return the arrays from a place on, copied: a frame may be changed."""
    found = []
    for dtype in _DTYPES:
        found.append(np.frombuffer(content, dtype, size, at).copy())
        at += dtype.itemsize * size
    return found


def _sum(content: bytes) -> bytes:
    """Return what tells bytes that rotted."""
    return hashlib.blake2b(content, digest_size=_SUM_BYTES).digest()
