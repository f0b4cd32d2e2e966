"""backtest_words, portfolio_words: the words of the command that asks for a run again."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final

from tapehead.cli.asked import number_or_text
from tapehead.library.rules import RATES
from tapehead.model.given import GivenFacts, GivenWeights
from tapehead.model.pooling import Pooling
from tapehead.model.rules import Rules
from tapehead.model.spec import RULE_KEYS, RunSpec, iso

_UNITS: Final = (("%", 100), ("bps", 10_000))
_SIZES: Final = {"cash": "usd", "units": "units"}
_SAID_BY_ANOTHER: Final = frozenset(("sizing", "slippage_kind"))


def backtest_words(spec: RunSpec, strategy: str, snapshot: int | None = None) -> tuple[list[str], list[str]]:
    """Return the words after `tapehead` that ask for a spec, and the parameters that no word can say.

    Parameters
    ----------
    spec : RunSpec
        Settings at their default are left out.
    strategy : str
        What `load_strategy` takes.
    snapshot : int, optional
        State of the store that was read; None leaves it to the newest.
    """
    words, lacking = ["backtest", strategy], []
    for name, value in spec.parameters.items():
        if isinstance(value, str) and (not value.strip() or str(number_or_text(value.strip())) != value):
            lacking.append(name)
        else:
            words += ["-p", f"{name}={_plain(value)}"]
    words += ["--symbols", ",".join(spec.symbols or ())] if spec.universe is None else ["--universe", spec.universe]
    words += ["--interval", spec.interval]
    for flag, at in (("--start", spec.start), ("--end", spec.end)):
        words += [] if at is None else [flag, iso(at).removesuffix("T00:00:00Z")]
    words += [] if snapshot is None else ["--snapshot", str(snapshot)]
    words += _rule_words(spec.rules)
    return [*words, *(() if spec.adjust == "none" else ("--adjust", spec.adjust))], lacking


def portfolio_words(spec: RunSpec, strategy: str, snapshot: int | None = None) -> tuple[list[str], list[str]]:
    """Return the words after `tapehead` that ask for the spec of a portfolio, and what no word can say.

    As `backtest_words`; rows that were given cannot be said either.
    """
    words, lacking = backtest_words(spec, strategy, snapshot)
    default = Pooling()
    for field in fields(Pooling):
        value = getattr(spec.portfolio, field.name)
        if value == getattr(default, field.name):
            continue
        if isinstance(value, GivenWeights | GivenFacts):
            lacking.append(f"the rows of --{field.name} FILE")
            continue
        words += [f"--{field.name.replace('_', '-')}", str(value)]
    return ["portfolio", *words[1:]], lacking


def _rule_words(rules: Rules) -> Iterator[str]:
    """Yield a flag, and its value where it takes one, of every setting that differs from its default."""
    default = Rules()
    told = [name for name in RULE_KEYS if getattr(rules, name) != getattr(default, name)]
    # The kind alone may differ: 1 unit, where the default is 1 of equity.
    for part, name in (("sizing", "size"), ("slippage_kind", "slippage")):
        told = [name if each == part else each for each in told]
    for name in dict.fromkeys(told):
        value = getattr(rules, name)
        flag = f"--{name.replace('_', '-')}"
        if name == "side":
            yield f"--{value}"
        elif value is False:
            yield f"--no-{name}"
        elif value is True:
            yield flag
        else:
            yield from (flag, _value(name, value, rules))


def _value(name: str, value: Any, rules: Rules) -> str:
    """Return a setting as its flag takes it."""
    if name == "size" and rules.sizing in _SIZES:
        return f"{_plain(value)}{_SIZES[rules.sizing]}"
    if name == "size":
        return f"{'risk:' * (rules.sizing == 'risk')}{_share(value)}"
    if name == "slippage" and rules.slippage_kind != "fraction":
        return f"{rules.slippage_kind}:{_share(value) if rules.slippage_kind == 'volume' else _plain(value)}"
    if name in (*RATES, "fee", "slippage") and isinstance(value, int | float):
        return _share(value)
    return _plain(value)


def _share(value: float) -> str:
    """Return a rate with the unit that says it shortest and reads back as the same number; plain where none does."""
    said = [(f"{value * scale:.12g}", unit, scale) for unit, scale in _UNITS]
    exact = [f"{text}{unit}" for text, unit, scale in said if float(text) / scale == value and "e" not in text]
    return min(exact, key=len, default=_plain(value))


def _plain(value: object) -> str:
    """Return a value as it stands; of a whole float, the integer."""
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
