"""Lists over HTTP come by the page: each says how many rows by default and at most, and goes on by a cursor."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

import tapehead
from tapehead.api.app import make_app
from tapehead.api.openapi import _whole as whole
from tapehead.api.options import Options
from tapehead.api.service import Service

_NOW = "what there is at one moment, of which the service keeps so many"
_ACT = "what one act did, told whole and once"
_PROOF = "a proof is of all or of nothing"
_ONE = "facts of one thing, as many as it has of them"
_NAMES = "names of what the sums are of"
WHOLE = {
    "GET /readyz": {"degraded": _NOW, "dependencies": _NOW},
    "GET /api/v1/operations": {"tiers": _NOW, "databases": _NOW, "alerts": _NOW, "runs": _NOW},
    "GET /api/v1/database": {"sessions": _NOW, "replicas": _NOW},
    "GET /api/v1/log-levels": {"all": _NOW},
    "PUT /api/v1/log-levels": {"all": _NOW},
    "POST /api/v1/universes": {"symbols": _ACT},
    "POST /api/v1/imports": {"files": _ACT, "instruments": _ACT},
    "POST /api/v1/runs/trades": {"instruments": _ACT, "warnings": _ACT, "guesses": _ACT},
    "POST /api/v1/undo/{number}": {"series": _ACT, "gone": _ACT, "back": _ACT},
    "POST /api/v1/runs/{run}/verify": {"changed": _PROOF},
    "GET /api/v1/runs/{run}/receipt": {"stamps": _PROOF, "segments": _PROOF, "references": _PROOF},
    "GET /api/v1/commits/{number}": {"log": "one commit"},
    "GET /api/v1/indicators/{name}": {"indicators": "one"},
    "GET /api/v1/strategies/{name}": {"strategies": "one"},
    "GET /api/v1/indicators/{name}/series": {"ts": "bounded by `points`", "lines": "bounded by `points`"},
    "GET /api/v1/runs/{run}/results/{symbol}/trades/{number}/explain": {"orders": _ONE},
    "GET /api/v1/runs/{run}/surface": dict.fromkeys(
        ("parts", "cells", "columns", "names", "points", "plateau"), "a map, whose cells mean something by their places"
    ),
    "POST /api/v1/sql": {"columns": _ONE, "rows": "bounded by `rows`"},
    "GET /api/data/{symbol}": {"": "refused beyond 200,000 bars, as an old script asks for no second page"},
}
"""Lists that are no pages, and why: by route and field."""
BESIDE = {
    "GET /api/v1/universes/{name}": {"by_year": _ONE},
    "GET /api/v1/coverage": {"quarantine": "bounded by `aside`"},
    "GET /api/v1/ledger": {"runs": _NAMES, "strategies": _NAMES},
    "GET /api/v1/runs/{run}/results/{symbol}": {"months": _ONE, "costs": _ONE},
    "GET /api/v1/runs/{a}/compare/{b}": {
        "differing": _ONE,
        "reasons": _ONE,
        "trades": "bounded by `instruments` and `trades`",
    },
    "GET /api/v1/runs/{a}/compare/{b}/trades/{symbol}": {"reasons": _ONE},
}
"""Lists that stand whole beside the rows of a page."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The OpenAPI of a service."""
    with tapehead.open(tmp_path_factory.mktemp("pages") / "home") as store:
        return whole(make_app(Service(store), Options()))


def lists_in(schema: dict[str, Any], models: dict[str, Any], *, deep: bool = True) -> Iterator[str]:
    """Names of the fields that hold lists, or columns of lists; empty for a list that is the whole answer."""
    if "$ref" in schema:
        yield from lists_in(models[schema["$ref"].rpartition("/")[2]], models, deep=deep)
        return
    for name in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(name, ()):
            yield from lists_in(one, models, deep=deep)
    if schema.get("type") == "array":
        yield ""
    for name, one in schema.get("properties", {}).items() if deep else ():
        inner = [one, *_values_of(one, models)]
        if any(found == "" for each in inner for found in lists_in(each, models, deep=False)):
            yield name


def _values_of(schema: dict[str, Any], models: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What a mapping or a set of columns holds."""
    if "$ref" in schema:
        model = models[schema["$ref"].rpartition("/")[2]]
        if model.get("title", "").endswith(("Columns", "Line")):
            yield from model.get("properties", {}).values()
    for name in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(name, ()):
            yield from _values_of(one, models)
    if isinstance(schema.get("additionalProperties"), dict):
        yield schema["additionalProperties"]


def wrong_in(found: dict[str, Any]) -> list[str]:
    """What is wrong with the lists of an OpenAPI."""
    wrong, models = [], found["components"]["schemas"]
    for path, item in found["paths"].items():
        for method, operation in item.items():
            route = f"{method.upper()} {path}"
            answers = [each for code, each in operation["responses"].items() if code in ("200", "201", "202")]
            schemas = [each.get("content", {}).get("application/json", {}).get("schema", {}) for each in answers]
            lists = {name for schema in schemas for name in lists_in(schema, models)}
            rows = lists - set(WHOLE.get(route, ())) - set(BESIDE.get(route, ()))
            asked = {one["name"]: one["schema"] for one in operation.get("parameters", ()) if one["in"] == "query"}
            limit = asked.get("limit", {})
            paged = "cursor" in asked and "default" in limit and limit["default"] <= limit.get("maximum", 0)
            if rows and not paged:
                wrong.append(f"{route} gives {', '.join(sorted(rows))} without cursor, or limit with default and most")
            stale = {*WHOLE.get(route, ()), *BESIDE.get(route, ())} - lists
            wrong += [f"{route} has no list {name}" for name in sorted(stale)]
            if not rows and paged:
                wrong.append(f"{route} takes a cursor and has no rows")
    known = {f"{method.upper()} {path}" for path, item in found["paths"].items() for method in item}
    return wrong + [f"{route} is no route" for route in sorted({*WHOLE, *BESIDE} - known)]


def test_every_list_comes_by_the_page_or_says_why_it_is_whole(told: dict[str, Any]) -> None:
    assert wrong_in(told) == []


@pytest.mark.parametrize("lost", ["cursor", "default", "maximum"])
def test_a_list_that_loses_its_page_is_found(told: dict[str, Any], lost: str) -> None:
    found = deepcopy(told)
    operation = found["paths"]["/api/v1/runs"]["get"]
    if lost == "cursor":
        operation["parameters"] = [one for one in operation["parameters"] if one["name"] != "cursor"]
    else:
        (limit,) = (one["schema"] for one in operation["parameters"] if one["name"] == "limit")
        del limit[lost]
    assert [line.partition(" gives ")[0] for line in wrong_in(found)] == ["GET /api/v1/runs"]
