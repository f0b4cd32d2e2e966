"""Presets as rows."""

import json
from collections.abc import Sequence

from tapehead.model.preset import Preset
from tapehead.stores.tables.database import Database


def read_presets(database: Database) -> Sequence[Preset]:
    """Return the presets, sorted by name."""
    rows = database.execute("presets").fetchall()
    return [Preset(name, strategy, json.loads(values), source, at) for name, strategy, values, source, at in rows]


def preset_row(preset: Preset) -> tuple[str, str, str, str, int]:
    """Return a preset as its row."""
    values = json.dumps(dict(preset.parameters), allow_nan=False)
    return preset.name, preset.strategy, values, preset.source, preset.saved_at
