"""connections: how the connections to the databases are used, looked at, measured and told."""

from collections.abc import Iterator, Sequence

from tapehead.api.measure.metrics import Reading
from tapehead.api.measure.readiness import Found
from tapehead.api.wire import operations as wire
from tapehead.database.alerts import Alert
from tapehead.database.figures import PoolFigures, said


def look_at(pools: Sequence[PoolFigures]) -> Found:
    """Look whether a connection is left of each database, and whether its replicas are asked."""
    wrong, told = [], []
    for each in pools:
        if each.load == "exhausted":
            waiting = f"{each.waiting} wait for one of them"
            wrong.append(f"{each.name}: all {each.limit} connections are out, {waiting}; held by {said(each.held)}")
        elif each.state not in ("ok", "new"):
            wrong.append(f"{each.name}: {each.state}, {each.text}")
        of = f" of {each.limit}" if each.limit else ""
        told.append(f"{each.name}: {each.in_use}{of} in use" + (" (80 % or more)" if each.load == "busy" else ""))
    return ("degraded", "; ".join(wrong)) if wrong else ("ok", "; ".join(told))


def readings(pools: Sequence[PoolFigures]) -> Iterator[Reading]:
    """Yield the figures of each database."""
    for each in pools:
        name = (each.name,)
        yield Reading("tapehead_connections_open", each.open, name)
        yield Reading("tapehead_connections_limit", each.limit, name)
        yield Reading("tapehead_connections_in_use", each.in_use, name)
        yield Reading("tapehead_connections_waiting", each.waiting, name)
        yield Reading("tapehead_connections_lent_total", each.lent, name)
        yield Reading("tapehead_connections_waited_total", each.waited, name)
        yield Reading("tapehead_connections_exhausted_total", each.exhausted, name)
        yield Reading("tapehead_connections_wait_seconds_total", each.mean_s * each.lent, name)
        yield Reading("tapehead_connections_wait_p95_seconds", each.p95_s, name)
        yield Reading("tapehead_connections_leaking", each.leaking, name)
        yield Reading("tapehead_database_asked", float(each.state in ("ok", "new")), name)


def to_wire(each: PoolFigures) -> wire.Connections:
    """Return figures as they travel."""
    return wire.Connections(
        name=each.name,
        where=each.where,
        load=each.load,
        share=round(each.share, 4),
        limit=each.limit,
        open=each.open,
        idle=each.idle,
        in_use=each.in_use,
        waiting=each.waiting,
        peak=each.peak,
        lent=each.lent,
        waited=each.waited,
        exhausted=each.exhausted,
        replaced=each.replaced,
        wait_mean_ms=round(each.mean_s * 1e3, 3),
        wait_p95_ms=round(each.p95_s * 1e3, 3),
        wait_longest_ms=round(each.longest_s * 1e3, 3),
        leaking=each.leaking,
        held=[
            wire.Holder(thread=one.thread, place=one.place, run=one.run or None, held_s=round(one.age_s, 3))
            for one in each.held
        ],
        advice=each.advice,
        state=each.state,
        text=each.text,
        behind=each.behind,
    )


def alert_to_wire(alert: Alert) -> wire.Alert:
    """Return an alert as it travels."""
    return wire.Alert(at=alert.at, kind=alert.kind, where=alert.where, text=alert.text)
