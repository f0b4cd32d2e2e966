"""Presets as they travel."""

from typing import Literal

from pydantic import ConfigDict, Field

from tapehead.api.wire.told import Next, Told

Value = float | int | str


class PresetFacts(Told):
    """A strategy with every one of its parameters, kept under a name."""

    name: str
    strategy: str
    parameters: dict[str, Value]
    source: str = Field(description="Hex SHA-256 of the strategy's code when it was saved.")
    saved_at: str
    changed: str | None = Field(description="What became of its strategy since, null where it is the same.")


class Presets(Told):
    """Every preset."""

    schema_: Literal["tapehead.preset/1"] = Field(alias="schema")
    presets: list[PresetFacts]
    cursor: Next


class PresetKept(PresetFacts):
    """One preset."""

    schema_: Literal["tapehead.preset/1"] = Field(alias="schema")


class PresetRequest(Told):
    """A preset to keep; one of that name is replaced."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "quick", "strategy": "SmaCross", "parameters": {"fast": 5, "slow": 20}}]
        },
    )

    name: str = Field(min_length=1, max_length=64, description="A word of letters, digits, `_`, `-` and `.`.")
    strategy: str = Field(min_length=1, max_length=200, description="A strategy that is installed, or `preset:NAME`.")
    parameters: dict[str, Value] = Field(default_factory=dict, description="The others stand at their defaults.")
