"""What is asked of the files of a store in a folder without opening it."""

from pathlib import Path

from tapehead.stores.embedded.schema import step_back, steps_of
from tapehead.stores.embedded.steps import STEPS

__all__ = ["newest_steps", "step_back", "steps_of"]


def newest_steps() -> dict[str, int]:
    """Return by the name of each file the step that this Tapehead wants."""
    return {name: len(steps) for name, steps in STEPS.items()}


def is_store(folder: Path) -> bool:
    """Say whether a store lies in a folder."""
    return "bars" in steps_of(folder)
