"""Strategies and indicators as they travel: enough to make a form of."""

from typing import Literal

from pydantic import Field

from tapehead.api.wire.told import Next, Number, Told


class ParameterFacts(Told):
    """One parameter; bounds are inclusive, null where open."""

    name: str
    kind: Literal["int", "float", "str"]
    default: int | float | str
    low: float | None
    high: float | None


class StrategyFacts(Told):
    """A strategy that can be run over HTTP."""

    name: str
    summary: str = Field(description="First line of `doc`.")
    doc: str
    parameters: list[ParameterFacts]


class Strategies(Told):
    """Every strategy that is installed."""

    schema_: Literal["tapehead.strategies/1"] = Field(alias="schema")
    strategies: list[StrategyFacts]
    cursor: Next


class WarmUp(Told):
    """How many values are not known at first: at the defaults, and by which rule."""

    bars: int
    rule: str


class ComparedFacts(Told):
    """What another tool's figures say of an indicator."""

    tool: str
    difference: float = Field(description="Largest one seen, as a share of the largest figure of theirs.")
    why: str


class IndicatorFacts(Told):
    """An indicator."""

    name: str
    summary: str
    call: str = Field(description="How it is called in Python, with its defaults.")
    inputs: list[str]
    parameters: list[ParameterFacts]
    outputs: list[str]
    warm_up: WarmUp
    definition: str = Field(description="Its formula, in the letters of a call; empty where a package does not tell.")
    source: str
    compared: list[ComparedFacts]


class Indicators(Told):
    """Every indicator."""

    schema_: Literal["tapehead.indicators/1"] = Field(alias="schema")
    indicators: list[IndicatorFacts]
    cursor: Next


class IndicatorSeries(Told):
    """An indicator at the bars of one instrument."""

    schema_: Literal["tapehead.indicator_series/1"] = Field(alias="schema")
    instrument: str
    interval: str
    indicator: str
    parameters: dict[str, int | float]
    snapshot: int
    ts: list[str] = Field(description="Opens, ISO with Z; those of the bars that the same question gives.")
    lines: dict[str, list[Number]] = Field(description="By output; null where nothing is known yet.")
