"""Presets as plain values."""

from collections.abc import Mapping
from typing import Any

from tapehead.library.presets import KeptPreset
from tapehead.model.preset import Preset
from tapehead.model.spec import iso, us_of


def preset_json(one: KeptPreset) -> dict[str, Any]:
    """Return plain values of a preset, and what became of its strategy."""
    return {
        "name": one.name,
        "strategy": one.strategy,
        "parameters": dict(one.parameters),
        "source": one.preset.source,
        "saved_at": iso(one.preset.saved_at),
        "changed": one.changed or None,
    }


def preset_from(body: Mapping[str, Any]) -> KeptPreset:
    """Undo `preset_json`."""
    made = Preset(body["name"], body["strategy"], body["parameters"], body["source"], us_of(body["saved_at"]))
    return KeptPreset(made, body["changed"] or "")
