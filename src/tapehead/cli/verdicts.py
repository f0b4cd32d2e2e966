"""verdicts: what costs took and what hung on the order inside a bar, said once for a whole run."""

from collections.abc import Mapping, Sequence
from statistics import median, median_high, median_low
from typing import TYPE_CHECKING, Any

from tapehead.cli import numbers
from tapehead.cli.terms import fee_words

if TYPE_CHECKING:
    from tapehead.model.rules import Rules


def cost_text(metrics: Sequence[Mapping[str, Any]], rules: "Rules") -> str:
    """Return what fees cost at the median instrument and at which fee it breaks even; empty where nobody knows."""
    known = [one for one in metrics if one.get("return_without_fees") is not None]
    if not known:
        return ""
    words = []
    if rules.fee:
        taken = median(one["return_without_fees"] - one["total_return"] for one in known)
        words.append(f"{fee_words(rules).removeprefix('fee ')} cost {numbers.plain(taken * 100, 1)} % at the median")
    words += _even_words(known, "it" if words else "the median instrument")
    share = f" (told of {len(known):,} of {len(metrics):,} instruments)" if len(known) < len(metrics) else ""
    return "; ".join(words) + share


def _even_words(known: Sequence[Mapping[str, Any]], subject: str) -> list[str]:
    """Say at which fee the median instrument keeps its cash.

    The return falls as the fee rises, so half of them are at or above their cash up to the median of these fees. Where
    the two in the middle are one that keeps it up to a fee and one that never does, there is no fee between them.
    """
    lost = [-1.0 for one in known if one.get("break_even_fee") is None and one["return_without_fees"] < 0.0]
    fees = lost + [float(one["break_even_fee"]) for one in known if one.get("break_even_fee") is not None]
    if not fees:
        return []
    low, high = median_low(fees), median_high(fees)
    if high < 0.0:
        return [f"{subject} loses without any fee"]
    if low < 0.0:
        return [f"half break even at {numbers.basis_points(round(high, 6))} or above, half lose without any fee"]
    return [f"{subject} breaks even at {numbers.basis_points(round(median(fees), 6))}"]


def intrabar_text(metrics: Sequence[Mapping[str, Any]], path: str) -> str:
    """Return how many trades, and how much of the money they moved, hung on the order inside a bar."""
    trades = sum(one.get("trades") or 0 for one in metrics)
    unknown = sum(one.get("ambiguous_trades") or 0 for one in metrics)
    if not trades:
        return ""
    if not unknown:
        return f"none of {trades:,} trades depends on the order inside a bar"
    verb = "depends" if unknown == 1 else "depend"
    text = f"{unknown:,} of {trades:,} trades {verb} on the order inside a bar"
    if path != "both":
        return text
    band = [one for one in metrics if one.get("total_return_optimistic") is not None]
    low = median(one["total_return"] for one in band)
    high = median(one["total_return_optimistic"] for one in band)
    shares = [one["ambiguous_profit"] for one in band if one.get("ambiguous_profit") is not None]
    money = f", {numbers.plain(median(shares) * 100, 1)} % of what trades moved" if shares else ""
    return f"{text}{money}; median return {numbers.percent(low)} to {numbers.percent(high)} %"
