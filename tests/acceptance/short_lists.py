"""What lists and events tell of a run with given rows, on every way out of a service."""

import json
from typing import Any

import tapehead as th
from tapehead.model.short_spec import short_spec
from tests.acceptance.http_answers import client
from tests.acceptance.program import tapehead


def check_that_lists_are_short(url: str, run: str, spec: dict[str, Any], beside: str) -> None:
    """Lists and events tell given rows by their number; the run's own route has them, and it is made from them."""
    short = short_spec(spec)
    assert [short["portfolio"][name]["rows"] for name in ("weights", "facts")] == [2, 1]
    with client(url) as http:
        assert http.get("/runs?limit=1").json()["runs"][0]["spec"] == short
        assert http.get(f"/runs/{run}").json()["spec"] == spec
        assert http.get(f"/runs/{run}/compare/{beside}").json()["a"]["spec"] == short
        started = next(line for line in http.get(f"/runs/{run}/events").text.splitlines() if line.startswith("data"))
        assert json.loads(started.partition(":")[2])["spec"] == short
    for words, found in ((["runs", "list"], short), (["show", run], spec)):
        told = tapehead("--server", url, "--json", *words).document
        assert (told["runs"][0] if words[0] == "runs" else told["run"])["spec"] == found
    with th.connect(url) as store:
        assert store.run(run).verify().verdict == "identical"
