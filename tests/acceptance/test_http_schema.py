"""The whole OpenAPI, asked by schemathesis in a short form; `make fuzz-http` is the long one."""

from pathlib import Path

from tapehead.api.access.scopes import RULES
from tests.fuzz_http.__main__ import fuzz

LEFT_OUT = 3
# The page with what it is made of, which is what is open beside /livez, and the OpenAPI itself.
UNLISTED = sum(rule.scope == "open" and rule.template != "/livez" for rule in RULES) + 1


def test_no_route_breaks_or_answers_what_it_does_not_declare(tmp_path: Path) -> None:
    # /runs/stream takes what /runs takes; a verification and a query are a process each time: all in the long form.
    found = fuzz(tmp_path, cases=2, seed=1, phases=("examples", "coverage"), without="/verify$|/runs/stream$|/sql$")
    assert found.code == 0, found.said[-6000:]
    assert f"Tested: {len(RULES) - LEFT_OUT - UNLISTED}" in found.said
    assert not found.broken
