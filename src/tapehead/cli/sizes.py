"""size: bytes as a reader meets them."""

_UNITS = ("KiB", "MiB", "GiB", "TiB")


def size(count: int) -> str:
    """Return bytes: `812 bytes`, `12.3 MiB`."""
    if count < 1024:
        return f"{count:,} byte{'' if count == 1 else 's'}"
    power = 1
    while count / 1024**power >= 1023.95 and power < len(_UNITS):
        power += 1
    return f"{count / 1024**power:,.1f} {_UNITS[power - 1]}"
