"""verdicts: what costs took and what hung on the order inside a bar, said once for a whole run."""

from collections.abc import Mapping, Sequence
from statistics import median
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
    # The return falls as the fee rises, so half of them are at or above their cash up to the median of these fees.
    even = median([-1.0 if fee is None else float(fee) for fee in (one.get("break_even_fee") for one in known)])
    subject = "it" if words else "the median instrument"
    if even < 0:
        words.append(f"{subject} loses without any fee")
    else:
        words.append(f"{subject} breaks even at {numbers.basis_points(round(even, 6))}")
    share = "" if len(known) == len(metrics) else f" ({len(known):,} of {len(metrics):,} instruments traded)"
    return "; ".join(words) + share


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
