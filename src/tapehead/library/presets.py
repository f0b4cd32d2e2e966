"""PresetCalls: strategies with their parameters, saved and run by name."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from tapehead.errors import PresetError, TapeheadError, UnknownPresetError
from tapehead.model.preset import PREFIX, Preset
from tapehead.strategies.strategy import read_parameters
from tapehead.wiring.assemble import House
from tapehead.wiring.plugins import code_of, load_strategy

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class KeptPreset:
    """A preset, and what became of its strategy since: `changed` says it in words, empty where it is the same."""

    preset: Preset
    changed: str = ""

    @property
    def name(self) -> str:
        """By which `preset:NAME` runs it."""
        return self.preset.name

    @property
    def strategy(self) -> str:
        """What names its strategy."""
        return self.preset.strategy

    @property
    def parameters(self) -> Mapping[str, float | int | str]:
        """All parameters of its strategy."""
        return self.preset.parameters


class PresetCalls:
    """What a store says of its presets."""

    _house: House

    def presets(self) -> list[KeptPreset]:
        """Return every preset, sorted by name."""
        return [looked_at(one) for one in self._house.bars.presets()]

    def preset(self, name: str) -> KeptPreset:
        """Return one preset, with or without `preset:` before its name; raises UnknownPresetError."""
        return looked_at(find_preset(self._house, name))

    def save_preset(
        self, name: str, strategy: str, parameters: Mapping[str, Any] | None = None, **others: Any
    ) -> KeptPreset:
        """Keep a strategy with its parameters under a name; one of that name is replaced.

        Parameters
        ----------
        name : str
            A word of letters, digits, `_`, `-` and `.`.
        strategy : str
            As in `backtest`, or `preset:NAME` of another one, whose parameters hold where none are given.
        parameters : mapping, optional
            Parameters of the strategy, beside those given by name; the others stand at their defaults of today.

        Raises
        ------
        PresetError
            The name is no such word.
        UnknownStrategyError, StrategyFileError, UnknownParameterError, ParameterError
            Of the strategy.

        Examples
        --------
        >>> store.save_preset("quick", "SmaCross", fast=5, slow=20)
        >>> store.backtest("preset:quick", universe="crypto")
        """
        if _NAME.fullmatch(name) is None:
            raise PresetError(name=name, cause="a name has letters, digits, _, - and ., at most 64 of them")
        where, values = resolved(self._house, strategy, {**(parameters or {}), **others})
        loaded = load_strategy(where)
        named = f"{loaded.origin}:{loaded.made.__name__}" if loaded.origin.endswith(".py") else loaded.name
        made = Preset(name, named, read_parameters(loaded.made, values), code_of(loaded).hex(), time.time_ns() // 1000)
        self._house.bars.save_preset(made)
        return KeptPreset(made)

    def delete_preset(self, name: str) -> None:
        """Forget a preset; runs of it stay. Raises UnknownPresetError."""
        if not self._house.bars.delete_preset(find_preset(self._house, name).name):
            raise UnknownPresetError(name=name, hint="")


def find_preset(house: House, name: str) -> Preset:
    """Return a preset by its name; raise UnknownPresetError with what is near."""
    held = {one.name: one for one in house.bars.presets()}
    name = name.removeprefix(PREFIX)
    if name not in held:
        close = get_close_matches(name, held, 1)
        raise UnknownPresetError(name=name, hint=f" Did you mean '{close[0]}'?" if close else "")
    return held[name]


def looked_at(preset: Preset) -> KeptPreset:
    """Return a preset with what became of its strategy since it was saved."""
    try:
        loaded = load_strategy(preset.strategy)
        if code_of(loaded).hex() != preset.source:
            return KeptPreset(preset, "its strategy changed since it was saved")
        read_parameters(loaded.made, preset.parameters)
    except TapeheadError as error:
        return KeptPreset(preset, f"its strategy cannot be run any more: {error}")
    return KeptPreset(preset)


def resolved(house: House, strategy: str, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return what `load_strategy` takes, and parameters: those of a preset where it names one, then those given."""
    if not isinstance(strategy, str) or not strategy.startswith(PREFIX):
        return strategy, dict(given)
    preset = find_preset(house, strategy)
    return preset.strategy, {**preset.parameters, **given}


def stamp_of(house: House, strategy: str) -> tuple[str, ...]:
    """Return what is to be kept in mind of a run of a preset: that its strategy is another one by now."""
    if not isinstance(strategy, str) or not strategy.startswith(PREFIX):
        return ()
    kept = looked_at(find_preset(house, strategy))
    return (f"{PREFIX}{kept.name} saved with other code",) if kept.changed else ()
