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


def _sizes_alone(rules: Rules, signals: Signals) -> bool:
    """Say whether weights leave the kind of a size unread, and no size is told that named it."""
    return _weighs(rules, signals) and rules.size == _DEFAULT.size


def _has_no_target(rules: Rules, signals: Signals) -> bool:
    """Say whether there are ticks and neither a limit nor a target that they could be counted beyond."""
    none = signals.limit is None and signals.take_profit_at is None and rules.take_profit is None
    return rules.tick > 0.0 and none and not isinstance(signals, BarSignals)


def _has_no_level(rules: Rules, signals: Signals) -> bool:
    """Say whether no position can have a stop, a target or a trailing level."""
    levels = (rules.stop_loss, rules.take_profit, rules.trail)
    lines = (signals.stop_loss_at, signals.take_profit_at, signals.trail_at)
    return not isinstance(signals, BarSignals) and all(one is None for one in (*levels, *lines))


def _never_left_inside(rules: Rules, signals: Signals) -> bool:
    """Say whether no position is left inside a bar; `both` is read even so, since it asks for figures of its own."""
    liquidated = rules.side != "long" or rules.leverage > 1.0
    return rules.path != "both" and not liquidated and _has_no_level(rules, signals)


def _slips_nothing(rules: Rules, signals: Signals) -> bool:
    """Say whether the kind of slippage changes nothing; by volume, units are asked before levels."""
    return rules.slippage == 0.0 and (rules.slippage_kind == "spread" or _has_no_level(rules, signals))


_REASONS: Final[tuple[tuple[str, Unread, str], ...]] = (
    ("borrow", lambda rules, _: rules.side == "long", "no shorts are traded; --short or --both trades them"),
    ("maintenance", lambda rules, _: rules.leverage <= 1.0, "it needs a leverage above 1, such as --leverage 3"),
    ("limit_through", lambda rules, _: rules.tick == 0.0, "it counts ticks, and there is no tick; give one by --tick"),
    ("limit_through", _has_no_target, "there is neither a limit nor a target price; give one by --take-profit"),
    ("path", _never_left_inside, "nothing is left inside a bar; --stop-loss, --take-profit and --trail do"),
    ("slippage_kind", _slips_nothing, "slippage is 0; give one, such as --slippage spread:0.01"),
    ("size", _weighs, _WEIGHT),
    ("sizing", _sizes_alone, _WEIGHT),
    ("pyramid", _weighs, "a target adds and reduces by itself"),
    ("flip", _weighs, "a target turns around by itself"),
    ("on_conflict", _weighs, "a target has no enter and leave"),
    ("on_conflict", lambda _, signals: isinstance(signals, BarSignals), "a strategy asked bar by bar gives one order"),
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
