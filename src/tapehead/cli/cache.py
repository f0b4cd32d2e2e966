"""`tapehead cache`: what functions returned and is kept, the tiers of bars, and how to clear them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from tapehead.cli.closing import plural
from tapehead.cli.commands import Group
from tapehead.cli.numbers import share
from tapehead.cli.session import Session
from tapehead.cli.sizes import size

if TYPE_CHECKING:
    from tapehead.library.cache_stats import CacheStats, NamespaceStats
    from tapehead.library.tier_times import TierTime
    from tapehead.ports.values import StoreFacts

_BARS = "bars"
"""Namespace of decoded bars; that of a function cannot be called so."""


@click.group(
    "cache",
    cls=Group,
    example="tapehead cache status",
    help="What functions under @tapehead.cached returned and is kept, and the tiers of bars.",
)
def cache() -> None:
    """Group the commands below."""


@cache.command(
    "status",
    example="tapehead cache status",
    help="What is kept by namespace, how often it was there when it was asked for, why it was not, and where it lies; "
    "then the tiers of bars, each with the time it takes to give one segment. Ends with 1 where a Redis is away.",
)
@click.pass_context
def status(context: click.Context) -> int:
    """Tell how the caches stand."""
    from tapehead.library.cache import open_cache
    from tapehead.library.tier_times import time_tiers

    session: Session = context.find_root().obj
    values = open_cache(home=session.home)
    try:
        stats = values.stats()
    finally:
        values.close()
    rows, tiers = time_tiers(session.store.house)
    away = stats.degraded or "; ".join(each.stats.degraded for each in tiers if each.stats.degraded)
    if session.json:
        session.put_document("cache", _document(stats, rows, tiers))
        return 1 if away else 0
    session.put(*_namespace_lines(stats.namespaces), "", *_store_lines(stats.stores), "", *_tier_lines(rows, tiers))
    return 1 if away else 0


@cache.command(
    "clear",
    example="tapehead cache clear --namespace quotes",
    help="Drop what is kept, with its counters: of the namespaces named, else of all functions. Keys of others in a "
    "Redis stay, whatever they are called. The namespace bars are the decoded bars in hot files and in Redis: they are "
    "never stale, and are dropped only where they are named.",
)
@click.option("--namespace", "namespaces", multiple=True, metavar="NAME", help="What to drop; may be given again.")
@click.pass_context
def clear(context: click.Context, namespaces: tuple[str, ...]) -> int:
    """Drop values."""
    from tapehead.library.cache import open_cache

    session: Session = context.find_root().obj
    values = open_cache(home=session.home)
    try:
        gone = {name: values.clear(name) for name in namespaces if name != _BARS}
        if not namespaces:
            gone = {"": values.clear()}
        away = values.stats().degraded
    finally:
        values.close()
    if _BARS in namespaces:
        gone[_BARS] = sum(tier.clear() for tier in session.store.house.kept)
    if session.json:
        session.put_document(
            "cache", {"cleared": sum(gone.values()), "namespaces": {k: v for k, v in gone.items() if k}}
        )
    else:
        session.put(
            *(f"{plural(count, 'value')} dropped{f' of {name}' if name else ''}" for name, count in gone.items())
        )
    if away:
        session.say(away, "What is kept there was not dropped.")
    return 1 if away else 0


def _namespace_lines(found: "Sequence[NamespaceStats]") -> list[str]:
    """Return a table of namespaces, each with the reasons of its misses below."""
    if not found:
        return ["Nothing is kept: no function under @tapehead.cached was called yet."]
    lines = [f"{'namespace':<22}{'items':>8}{'size':>12}{'hits':>10}{'hit %':>7}{'calls':>8}{'saved':>11}"]
    for each in found:
        part = "–" if each.hit_share is None else share(each.hit_share)
        numbers = f"{each.items:>8,}{size(each.size_bytes):>12}{each.hits:>10,}{part:>7}{each.made:>8,}"
        lines.append(f"{_cut(each.name, 21):<22}{numbers}{_seconds(each.saved_s):>11}")
        told = {**each.misses, "joined": each.joined, "failed": each.failed, "too large": each.too_large}
        why = ", ".join(f"{count:,} {name}" for name, count in told.items() if count)
        if why:
            lines.append(f"  misses: {why}")
    return lines


def _store_lines(stores: "Sequence[StoreFacts]") -> list[str]:
    """Return where values are kept, in the order in which it is asked."""
    if not stores:
        return ["Switched off: TAPEHEAD_CACHE_MB=0, and no TAPEHEAD_REDIS."]
    lines = []
    for each in stores:
        if each.name == "process":
            continue
        text = f"{size(each.size_bytes)} of {size(each.limit_bytes) if each.limit_bytes else 'no bound'}"
        if each.server:
            text += f", {each.server['policy']}, {each.server['evicted_keys']:,} evicted, {each.server['keys']:,} keys"
        lines += [f"{each.name:<8}{each.where}", f"        {each.degraded or text}"]
    return lines


def _tier_lines(rows: int, tiers: "Sequence[TierTime]") -> list[str]:
    """Return a table of tiers of bars."""
    lines = [f"{'tier of bars':<15}{'holds':>12}{'may hold':>12}{'a segment':>12}"]
    for stats, read_ms in tiers:
        held = ("–", "–") if stats.name == "store" else (size(stats.size_bytes), size(stats.limit_bytes))
        took = "–" if read_ms is None else f"{read_ms:.3f} ms"
        lines.append(f"{stats.name:<15}{held[0]:>12}{held[1]:>12}{took:>12}")
        if stats.degraded:
            lines.append(f"  {stats.degraded}")
    return [*lines, f"  a segment of {rows:,} bars" if rows else "  the store holds no bars yet"]


def _document(stats: "CacheStats", rows: int, tiers: "Sequence[TierTime]") -> dict[str, Any]:
    """Return plain values."""
    return {
        "namespaces": [
            {
                "name": each.name,
                "items": each.items,
                "size_bytes": each.size_bytes,
                "hits": each.hits,
                "hit_share": each.hit_share,
                "misses": dict(each.misses),
                "joined": each.joined,
                "made": each.made,
                "failed": each.failed,
                "too_large": each.too_large,
                "late": each.late,
                "made_s": each.made_s,
                "saved_s": each.saved_s,
                "stores": [{"store": one.store, "hits": one.hits, "hit_ms": one.hit_ms} for one in each.stores],
            }
            for each in stats.namespaces
        ],
        "stores": [
            {
                "name": each.name,
                "where": each.where,
                "size_bytes": each.size_bytes,
                "limit_bytes": each.limit_bytes,
                "degraded": each.degraded,
                "server": dict(each.server),
            }
            for each in stats.stores
        ],
        "segment_bars": rows,
        "tiers": [
            {
                "name": each.stats.name,
                "size_bytes": each.stats.size_bytes,
                "limit_bytes": each.stats.limit_bytes,
                "degraded": each.stats.degraded,
                "read_ms": each.read_ms,
            }
            for each in tiers
        ],
    }


def _seconds(value: float) -> str:
    """Return a time that was spared."""
    return f"{value:,.1f} s" if value < 100 else f"{value / 60:,.0f} min"


def _cut(text: str, width: int) -> str:
    """Return the end of a name that is too long: its beginning is the package."""
    return text if len(text) <= width else "." * 2 + text[-width + 2 :]
