"""comparison: two runs of a service side by side."""

from collections.abc import Mapping
from typing import Any

from tapehead.jobs.compare import Setting, TradePair, pairs
from tapehead.library.compare import Comparison, TradesApart
from tapehead.library.remote.asked_runs import results
from tapehead.library.remote.asking import Asking, get
from tapehead.library.remote.records import receipt_of, record_from


def comparison(a: str, b: str, instruments: int, trades: int) -> Asking[Comparison]:
    """Return what the service finds between two runs, with every result of both, whose trades are not fetched."""
    body = yield from get("runs", a, "compare", b, instruments=instruments, trades=trades, limit=1)
    left, right = body["a"], body["b"]
    both = (yield from results(left["run"], "instrument", None)), (yield from results(right["run"], "instrument", None))
    return Comparison(
        a=record_from(left, receipt_of(left)),
        b=record_from(right, receipt_of(right)),
        settings=tuple(Setting(**one) for one in body["differing"]),
        reasons=tuple(body["reasons"]),
        results=tuple(pairs(*both)),
        trades=tuple(_trades_from(one) for one in body["trades"]),
        apart=body["instruments_differing"],
    )


def _trades_from(body: Mapping[str, Any]) -> TradesApart:
    """Return the trades of one instrument that differ."""
    listed = tuple(
        TradePair(one["side"], one["entry_time"], one["a"], one["b"], tuple(one["differing"])) for one in body["trades"]
    )
    return TradesApart(body["instrument"], tuple(body["reasons"]), listed, body["more"])
