"""What each route needs: the program's table knows every route, and docs/security.md says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts

import tapehead
from tapehead.api.access.scopes import RULES, Rule, Table
from tapehead.api.app import make_app
from tapehead.api.openapi import _whole as whole
from tapehead.api.options import Options
from tapehead.api.routes.page import ADDRESSES
from tapehead.api.service import Service
from tests.house.tree import ROOT

ROW = re.compile(r"^\| `([A-Z]+) (/[^`]*)` \| `?(\w+)`? \|$", re.MULTILINE)


def routes(home: Path) -> set[tuple[str, str]]:
    """Every method and template that the application answers to; HEAD is answered by the gate."""
    with tapehead.open(home) as store:
        app = make_app(Service(store), Options())
        return {
            (method, str(each.path))
            for each in iter_route_contexts(app.routes)
            for method in each.methods or ()
            if method != "HEAD"
        }


def test_the_table_knows_every_route_and_no_other(tmp_path: Path) -> None:
    known = [(rule.method, rule.template) for rule in RULES]
    assert len(known) == len(set(known))
    assert set(known) == routes(tmp_path / "home")


def test_the_page_says_what_the_table_says() -> None:
    page = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    assert [tuple(found) for found in ROW.findall(page)] == [tuple(rule) for rule in RULES]


def test_every_operation_of_the_openapi_says_its_scope(tmp_path: Path) -> None:
    with tapehead.open(tmp_path / "home") as store:
        found = whole(make_app(Service(store), Options()))
    said = {
        (method.upper(), path): (operation.get("x-scope"), operation.get("security"))
        for path, item in found["paths"].items()
        for method, operation in item.items()
    }
    scopes = {(rule.method, rule.template.replace(":path}", "}")): rule.scope for rule in RULES}
    assert said == {place: (scopes[place], [] if scopes[place] == "open" else [{"key": []}, {}]) for place in said}
    assert found["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


def test_what_writes_needs_more_than_reading() -> None:
    loose = [rule for rule in RULES if rule.method != "GET" and rule.scope in ("open", "read")]
    assert not loose
    assert {rule.template for rule in RULES if rule.scope == "open"} == {
        "/livez",
        "/icon.svg",
        "/licences.md",
        "/assets/{name:path}",
        *ADDRESSES,
    }
    assert not any(rule.template.startswith("/api") for rule in RULES if rule.scope == "open")


@pytest.mark.parametrize("order", [1, -1])
def test_the_strictest_of_several_templates_counts(order: int) -> None:
    rules = [Rule("GET", "/a/{x:path}", "read"), Rule("GET", "/a/b", "admin"), Rule("POST", "/a/b", "run")]
    table = Table(rules[::order])
    assert [rule.scope for path in ("/a/b", "/a/c") if (rule := table.find("GET", path))] == ["admin", "read"]
    assert table.find("HEAD", "/a/b") == table.find("GET", "/a/b")
    assert table.find("DELETE", "/a/b") is None
    assert table.find("GET", "/b") is None
    assert table.methods("/a/b") == ("GET", "HEAD", "POST")
    assert table.methods("/a/c") == ("GET", "HEAD")
    assert table.methods("/b") == ()
