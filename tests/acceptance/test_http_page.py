"""docs/http.md: its lines of curl, Python and JavaScript are run, and its table of codes is the service's."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tapehead as th
from tapehead.api.problem import status_of
from tests.acceptance.browser import chromium
from tests.acceptance.cutting import cutting
from tests.serving import Served, serving_here

PAGE = (Path(__file__).resolve().parent.parent.parent / "docs" / "http.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8750"


def blocks(kind: str) -> list[str]:
    """The code of a kind on the page."""
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("page") / "home"
    with th.open(home) as store:
        store.demo(instruments=4, years=1)
    with serving_here(home) as found:
        yield found


@pytest.fixture(scope="module")
def digest(served: Served) -> str:
    """Of the run that every piece of the page asks for."""
    run = served.service.store.backtest("RsiReversion", universe="demo", fee="10bps").wait()
    found: str = run.receipt.digest
    return found


def typed(line: str, served: Served, **environment: str) -> list[dict[str, Any]]:
    """What a line of curl prints, as events; the page's address stands for the service's."""
    if shutil.which("curl") is None:
        pytest.skip("needs a program: curl (apt-get install curl)")
    env = {**os.environ, **environment}
    done = subprocess.run(
        ["bash", "-c", line.replace(ADDRESS, served.url)],
        capture_output=True,
        text=True,
        env=env,
        timeout=60,
        check=True,
    )
    return [json.loads(said[6:]) for said in done.stdout.splitlines() if said.startswith("data: ")]


def test_two_lines_of_curl_start_a_run_and_go_on_with_it(served: Served, digest: str) -> None:
    first, again, *_ = blocks("sh")
    events = typed(first, served)
    assert events[-1]["digest"] == digest
    whole = [event["id"] for event in events]
    assert [event["id"] for event in typed(again, served, RUN=events[0]["run"])] == whole[3:]


def test_two_lines_of_curl_sweep_and_ask_what_was_found(served: Served) -> None:
    _, _, sweep, surface, *_ = blocks("sh")
    events = typed(sweep, served)
    assert (events[-1]["event"], events[-1]["count"]) == ("completed", 6 * 4)
    line = f"echo -n 'data: '; {surface}"
    (told,) = typed(line, served, RUN=events[0]["run"])
    assert (told["sets"], len(told["cells"])) == (6, 6)
    assert told["best"]["parameters"] == events[-1]["best"]["parameters"]


def test_a_line_of_curl_trades_a_portfolio(served: Served) -> None:
    (line,) = [each for each in blocks("sh") if '"portfolio"' in each]
    events = typed(line, served)
    assert (events[-1]["event"], events[-1]["failed"]) == ("completed", 0)
    assert next(each["instrument"] for each in events if each["event"] == "result") == "portfolio:account"


def test_a_line_of_curl_asks_sql(served: Served) -> None:
    (line,) = [each for each in blocks("sh") if "/sql" in each]
    (told,) = typed(f"echo -n 'data: '; {line}", served)
    assert (told["count"], told["columns"]) == (4, ["symbol", "max(high)"])


@pytest.mark.parametrize("place", [0, 1], ids=["sync", "async"])
def test_the_python_of_the_page_runs(
    place: int, served: Served, digest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = blocks("python")
    assert len(code) == 2
    exec(compile(code[place].replace(ADDRESS, served.url), "http.md", "exec"), {"__name__": "page"})  # noqa: S102 - ours
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 5
    assert said[-1].split()[0] == digest


def test_the_javascript_of_the_page_follows_a_run_over_a_line_that_breaks(
    served: Served, digest: str, tmp_path: Path
) -> None:
    follow, begin = blocks("js")
    taken = begin.replace("console.log(event.id, event.event)", "told.push(event)")
    assert taken != begin
    with cutting(served.url, 2_500, 3, seed=5) as cutter, chromium(tmp_path) as browser:
        page = browser.page(online=True)
        # Of the same origin as what it asks for, as every page that may ask.
        page.visit(f"{cutter.url}/livez")
        told = page.ask(f"(async () => {{ const told = [];\n{follow}\n{taken}\nreturn told; }})()")
        assert cutter.cuts == 3
        assert [event["event"] for event in told].count("result") == told[-1]["count"] == 4
        assert told[-1]["digest"] == digest
        run = told[0]["run"]
        numbers = [number for number, _ in served.service.house.log.read(run, 0, 1000)]
        assert [event["id"] for event in told] == [f"{run}/{number}" for number in numbers]


def test_the_table_of_codes_is_the_service_s() -> None:
    from tapehead.api.problem import _STATUS

    told = {
        code: int(row[1])
        for row in re.finditer(r"^\| (\d{3}) \| (.*) \|$", PAGE, re.MULTILINE)
        for code in re.findall(r"`([a-z_.]+)`", row[2])
    }
    assert told == _STATUS
    assert status_of("input.request") == 422
