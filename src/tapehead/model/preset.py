"""Preset: a strategy with its parameters, kept under a name."""

from collections.abc import Mapping
from dataclasses import dataclass, field

PREFIX = "preset:"
"""What stands before its name where a strategy is asked for."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A strategy with every one of its parameters, as it was when it was saved.

    Attributes
    ----------
    name : str
        By which `preset:NAME` runs it.
    strategy : str
        What `load_strategy` takes: a name, or a whole path with the name of a class.
    parameters : mapping
        Complete: a default that changes later changes no preset.
    source : str
        Hex SHA-256 of the strategy's code when it was saved.
    saved_at : int
        When that was, us UTC.
    """

    name: str
    strategy: str
    parameters: Mapping[str, float | int | str] = field(hash=False)
    source: str
    saved_at: int
