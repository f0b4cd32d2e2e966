"""What is asked of a service about presets."""

from collections.abc import Mapping
from typing import Any

from tapehead.library.documents.presets import preset_from
from tapehead.library.presets import KeptPreset
from tapehead.library.remote.asking import Ask, Asking, below, get, pages, post
from tapehead.model.preset import PREFIX


def presets() -> Asking[list[KeptPreset]]:
    """Return every preset."""
    return [preset_from(row) for row in (yield from pages("presets", "presets"))]


def preset(name: str) -> Asking[KeptPreset]:
    """Return one preset."""
    return preset_from((yield from get("presets", name.removeprefix(PREFIX))))


def save_preset(name: str, strategy: str, parameters: Mapping[str, Any]) -> Asking[KeptPreset]:
    """Keep a preset."""
    body = {"name": name, "strategy": strategy, "parameters": dict(parameters)}
    return preset_from((yield from post("presets", body=body)))


def delete_preset(name: str) -> Asking[None]:
    """Forget a preset."""
    answer = yield Ask("DELETE", below("presets", name.removeprefix(PREFIX)))
    answer.check()
