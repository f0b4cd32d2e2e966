"""terms: the rules of a run in words, for the line above its table."""

from typing import TYPE_CHECKING

from tapehead.cli import numbers

if TYPE_CHECKING:
    from tapehead.model.rules import Rules

_DEFAULT_CASH = 10_000.0


def rule_words(rules: "Rules") -> list[str]:
    """Return the settings in words; those at their default only where a reader always asks."""
    words = [f"fill {rules.fill.replace('_', ' ')}", f"{fee_words(rules)}, slippage {_slippage_words(rules)}"]
    if (rules.sizing, rules.size) != ("fraction", 1):
        words.append(f"size {_size_words(rules)}")
    if rules.cash != _DEFAULT_CASH:
        words.append(f"cash {numbers.plain(rules.cash, 2).removesuffix('.00')}")
    if rules.side != "long":
        words.append("long and short" + ", flips" * rules.flip if rules.side == "both" else "short only")
    shares = (
        ("stop_loss", "stop"),
        ("take_profit", "target"),
        ("trail", "trail"),
        ("borrow", "borrow a year"),
        ("cash_rate", "cash earns a year"),
    )
    words += [f"{word} {_share(getattr(rules, name))}" for name, word in shares if getattr(rules, name)]
    words += [f"{name} {getattr(rules, name):g}" for name in ("leverage", "pyramid") if getattr(rules, name) != 1]
    if rules.maintenance:
        words.append(f"maintenance {_share(rules.maintenance)}")
    words += [f"{name} {getattr(rules, name):g}" for name in ("lot", "tick") if getattr(rules, name)]
    if rules.min_notional:
        words.append(f"entries of {rules.min_notional:,g} or more")
    if rules.band is not None:
        words.append(f"band {_share(rules.band)}")
    words += _waiting_words(rules)
    if rules.path != "pessimistic":
        words.append(f"path {rules.path}")
    return words + _leaving_words(rules)


def _leaving_words(rules: "Rules") -> list[str]:
    """Return when positions end by the clock, by the session, or with the data."""
    words = []
    if rules.time_stop is not None:
        words.append(f"out after {rules.time_stop:,} bars")
    if rules.square_off:
        words.append(f"squared off at {rules.square_off}")
    if not rules.overnight:
        words.append("nothing overnight")
    if rules.close_at_end:
        words.append("closed at the end")
    if rules.delist_haircut:
        words.append(f"delisting costs {_share(rules.delist_haircut)}")
    return words


def _waiting_words(rules: "Rules") -> list[str]:
    """Return when entries are decided, how long they wait, and what fills them."""
    words = [f"entries {rules.entry_window}"] if rules.entry_window else []
    if rules.limit_through != 1:
        words.append(f"limits passed by {rules.limit_through} ticks")
    if rules.valid_bars is not None:
        words.append(f"entries rest {rules.valid_bars:,} bars")
    if rules.day:
        words.append("entries rest for the day")
    if rules.max_wait is not None:
        words.append(f"waits {rules.max_wait} bars at most")
    if rules.on_conflict != "nothing":
        words.append(f"on conflict {rules.on_conflict}")
    return words


def fee_words(rules: "Rules") -> str:
    """Return what a fill costs."""
    if not isinstance(rules.fee, float | int):
        return f"fee {rules.fee}"
    return f"fee {numbers.basis_points(rules.fee)} a side" if rules.fee else "fee 0"


def _slippage_words(rules: "Rules") -> str:
    """Return what slippage is."""
    if rules.slippage_kind == "fraction" or not rules.slippage:
        return numbers.basis_points(rules.slippage)
    return (
        f"half-spread {rules.slippage:g}" if rules.slippage_kind == "spread" else f"{_share(rules.slippage)} a volume"
    )


def _size_words(rules: "Rules") -> str:
    """Return how large an entry is."""
    if rules.sizing in ("cash", "units"):
        return f"{rules.size:,g}" + " units" * (rules.sizing == "units")
    return f"{_share(rules.size)}" + " of equity at risk" * (rules.sizing == "risk")


def _share(value: float) -> str:
    """Return a fraction in percent."""
    return f"{value * 100:,.6g} %"
