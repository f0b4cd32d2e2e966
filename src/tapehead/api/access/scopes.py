"""scopes: what each route needs; the one table. docs/security.md shows it, and a test holds the two equal."""

import re
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from starlette.routing import compile_path

from tapehead.ports.access import Scope

Needed = Scope | Literal["open"]
"""`open` needs no key anywhere."""


class Rule(NamedTuple):
    """What one route needs."""

    method: str
    template: str
    scope: Needed


RULES: Final = (
    Rule("GET", "/livez", "open"),
    Rule("GET", "/readyz", "read"),
    Rule("GET", "/metrics", "read"),
    Rule("GET", "/", "open"),
    Rule("GET", "/sweep", "open"),
    Rule("GET", "/sweep/{rest:path}", "open"),
    Rule("GET", "/runs", "open"),
    Rule("GET", "/runs/{rest:path}", "open"),
    Rule("GET", "/compare/{rest:path}", "open"),
    Rule("GET", "/market", "open"),
    Rule("GET", "/market/{rest:path}", "open"),
    Rule("GET", "/screen", "open"),
    Rule("GET", "/data", "open"),
    Rule("GET", "/operations", "open"),
    Rule("GET", "/icon.svg", "open"),
    Rule("GET", "/licences.md", "open"),
    Rule("GET", "/assets/{name:path}", "open"),
    Rule("GET", "/api/openapi.json", "read"),
    Rule("GET", "/api/v1/operations", "read"),
    Rule("GET", "/api/v1/database", "read"),
    Rule("GET", "/api/v1/instruments", "read"),
    Rule("GET", "/api/v1/coverage", "read"),
    Rule("GET", "/api/v1/screen", "read"),
    Rule("GET", "/api/v1/presets", "read"),
    Rule("POST", "/api/v1/presets", "write"),
    Rule("GET", "/api/v1/presets/{name}", "read"),
    Rule("DELETE", "/api/v1/presets/{name}", "write"),
    Rule("GET", "/api/v1/universes", "read"),
    Rule("POST", "/api/v1/universes", "write"),
    Rule("GET", "/api/v1/universes/{name:path}", "read"),
    Rule("DELETE", "/api/v1/universes/{name:path}", "write"),
    Rule("GET", "/api/v1/bars/{symbol:path}", "read"),
    Rule("GET", "/api/v1/latest", "read"),
    Rule("POST", "/api/v1/sql", "run"),
    Rule("GET", "/api/v1/commits", "read"),
    Rule("GET", "/api/v1/commits/{number}", "read"),
    Rule("POST", "/api/v1/undo/{number}", "write"),
    Rule("POST", "/api/v1/imports", "write"),
    Rule("POST", "/api/v1/demo", "write"),
    Rule("GET", "/api/v1/demo", "read"),
    Rule("GET", "/api/v1/indicators", "read"),
    Rule("GET", "/api/v1/indicators/{name}", "read"),
    Rule("GET", "/api/v1/indicators/{name}/series", "read"),
    Rule("GET", "/api/v1/strategies", "read"),
    Rule("GET", "/api/v1/strategies/{name}", "read"),
    Rule("GET", "/api/v1/runs/{run}/events", "read"),
    Rule("POST", "/api/v1/runs", "run"),
    Rule("POST", "/api/v1/runs/stream", "run"),
    Rule("POST", "/api/v1/runs/trades", "run"),
    Rule("POST", "/api/v1/runs/{run}/cancel", "run"),
    Rule("POST", "/api/v1/runs/{run}/resume", "run"),
    Rule("GET", "/api/v1/runs/{run}/timings", "read"),
    Rule("GET", "/api/v1/runs", "read"),
    Rule("GET", "/api/v1/runs/{run}", "read"),
    Rule("DELETE", "/api/v1/runs/{run}", "write"),
    Rule("GET", "/api/v1/runs/{run}/results", "read"),
    Rule("GET", "/api/v1/runs/{run}/results/{symbol:path}", "read"),
    Rule("GET", "/api/v1/runs/{run}/results/{symbol:path}/trades/{number}/explain", "read"),
    Rule("GET", "/api/v1/runs/{run}/surface", "read"),
    Rule("GET", "/api/v1/runs/{run}/surface/{number}", "read"),
    Rule("GET", "/api/v1/runs/{run}/tiles/{lo}/{symbol:path}", "read"),
    Rule("GET", "/api/v1/runs/{run}/receipt", "read"),
    Rule("POST", "/api/v1/runs/{run}/verify", "run"),
    Rule("GET", "/api/v1/runs/{a}/compare/{b}", "read"),
    Rule("GET", "/api/v1/runs/{a}/compare/{b}/trades/{symbol:path}", "read"),
    Rule("GET", "/api/v1/runs/{run}/report", "read"),
    Rule("GET", "/api/v1/ledger", "read"),
    Rule("GET", "/api/v1/events", "read"),
    Rule("GET", "/api/v1/audit", "admin"),
    Rule("GET", "/api/v1/log-levels", "admin"),
    Rule("PUT", "/api/v1/log-levels", "admin"),
    Rule("POST", "/api/crypto/backtest/stream", "run"),
    Rule("GET", "/api/crypto/cryptocurrencies", "read"),
    Rule("GET", "/api/data/{symbol:path}", "read"),
)


class Table:
    """The rules, found by method and path.

    Where several templates fit a path the strictest rule counts, so that the order of routes lets nobody in.
    """

    def __init__(self, rules: Iterable[Rule] = RULES) -> None:
        self._rules = [(compile_path(rule.template)[0], rule) for rule in rules]
        self._of_method: dict[str, list[tuple[re.Pattern[str], Rule]]] = {}
        for regex, rule in self._rules:
            self._of_method.setdefault(rule.method, []).append((regex, rule))

    def find(self, method: str, path: str) -> Rule | None:
        """Return what a request needs, HEAD what GET does; None where there is no such route."""
        rules = self._of_method.get("GET" if method == "HEAD" else method, ())
        found = [rule for regex, rule in rules if regex.match(path)]
        return max(found, key=_strictness) if found else None

    def methods(self, path: str) -> tuple[str, ...]:
        """Return the methods that a path takes; where several templates fit, those of the one with fewest blanks."""
        found = [rule for regex, rule in self._rules if regex.match(path)]
        fewest = min((rule.template.count("{") for rule in found), default=0)
        held = {rule.method for rule in found if rule.template.count("{") == fewest}
        return tuple(sorted(held | {"HEAD"} if "GET" in held else held))


def _strictness(rule: Rule) -> int:
    """Return how much a rule asks for."""
    return ("open", "read", "run", "write", "admin").index(rule.scope)
