"""unread_settings: settings that were given and that nothing reads, each with its reason."""

from collections.abc import Callable, Sequence
from typing import Final

from tapehead.model.bar_signals import BarSignals
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals

Unread = Callable[[Rules, Signals], bool]

_DEFAULT: Final = Rules()
_WEIGHT: Final = "a target says the weight itself"
_NO_LIMIT: Final = "the strategy gives no limit= or stop=, so no entry rests"


def _weighs(_rules: Rules, signals: Signals) -> bool:
    """Say whether the strategy gives weights, not wishes."""
    return signals.target is not None


def _never_rests(_rules: Rules, signals: Signals) -> bool:
    """Say whether no entry can rest; what a strategy says bar by bar is not known before it is asked."""
    return not isinstance(signals, BarSignals) and signals.limit is None and signals.stop is None


def _never_weighs(_rules: Rules, signals: Signals) -> bool:
    """Say whether no weight can be wanted."""
    return not isinstance(signals, BarSignals) and signals.target is None


_REASONS: Final[tuple[tuple[str, Unread, str], ...]] = (
    ("borrow", lambda rules, _: rules.side == "long", "no shorts are traded; --short or --both trades them"),
    ("maintenance", lambda rules, _: rules.leverage <= 1.0, "it needs a leverage above 1, such as --leverage 3"),
    ("limit_through", lambda rules, _: rules.tick == 0.0, "it counts ticks, and there is no tick; give one by --tick"),
    ("size", _weighs, _WEIGHT),
    ("pyramid", _weighs, "a target adds and reduces by itself"),
    ("flip", _weighs, "a target turns around by itself"),
    ("on_conflict", _weighs, "a target has no enter and leave"),
    ("band", _never_weighs, "the strategy gives no target="),
    ("valid_bars", _never_rests, _NO_LIMIT),
    ("day", _never_rests, _NO_LIMIT),
)


def unread_settings(rules: Rules, signals: Signals) -> Sequence[str]:
    """Return a sentence for each setting that differs from its default and changes nothing for these signals."""
    return [
        f"{name} is not read: {reason}"
        for name, unread, reason in _REASONS
        if getattr(rules, name) != getattr(_DEFAULT, name) and unread(rules, signals)
    ]
