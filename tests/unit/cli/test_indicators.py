"""`tapehead indicators`: the list, one of them, and what is said of a name that is none."""

import json

from tapehead.indicators.catalogue import INDICATORS
from tests.unit.cli.conftest import Call


def test_the_list_has_each_with_its_summary(call: Call) -> None:
    lines = call("indicators").out.splitlines()
    assert [line.split()[0] for line in lines if line[:1].strip() and line != "Next:"] == [
        row.name for row in INDICATORS
    ]
    assert max(map(len, lines)) <= 80
    assert lines[-2:] == ["Next:", "  tapehead indicators ad      parameters, lines and warm-up"]


def test_one_is_described(call: Call) -> None:
    assert call("indicators", "bollinger").out.splitlines() == [
        "bollinger",
        "  Mean of the last `period` values, and `width` standard deviations above and",
        "  below it",
        "  call      th.bollinger(values, period=20, width=2.0, ddof=0)",
        "  is        bollinger(x, n, width, ddof): middle the mean, upper and lower width",
        "            deviations from it. ddof 0 is Bollinger's, 1 that of data frames",
        "  gives     upper, middle, lower",
        "  warm-up   19 bars at the defaults (period - 1)",
        "  source    John Bollinger, Bollinger on Bollinger Bands, 2001, chapter 7",
        "  as        TA-Lib 0.8.2, to 7e-14 of its largest figure: its sums run on",
        "            through all bars",
        "  parameter         kind      default       low      high",
        "  period            int            20         1         -",
        "  width             float           2         0         -",
        "  ddof              int             0         0         1",
    ]
    assert "  warm-up   known from the first bar on" in call("indicators", "obv").out.splitlines()
    assert "  warm-up   1 bar at the defaults (1)" in call("indicators", "true_range").out.splitlines()


def test_every_one_fits_in_80_columns(call: Call) -> None:
    for row in INDICATORS:
        assert max(map(len, call("indicators", row.name).out.splitlines())) <= 80


def test_json_is_one_document(call: Call) -> None:
    document = json.loads(call("--json", "indicators").out)
    assert document["schema"] == "tapehead.indicators/1"
    assert [row["name"] for row in document["indicators"]] == [row.name for row in INDICATORS]
    assert json.loads(call("--json", "indicators", "roc").out)["indicators"] == [
        {
            "name": "roc",
            "summary": "Change against the value `period` bars ago, in percent",
            "call": "roc(values, period=10)",
            "inputs": ["values"],
            "parameters": [{"name": "period", "kind": "int", "default": 10, "low": 1, "high": None}],
            "outputs": ["roc"],
            "warm_up": {"bars": 10, "rule": "period"},
            "definition": "roc(x, n): 100 · (x/x[−n] − 1); unknown where x[−n] is 0",
            "source": "arithmetic",
            "compared": [{"tool": "TA-Lib 0.8.2", "difference": 0.0, "why": "equal to the last bit"}],
        }
    ]


def test_a_name_that_is_none(call: Call) -> None:
    unknown = call("indicators", "bolinger")
    assert (unknown.code, unknown.out) == (2, "")
    assert unknown.err == ("error: No indicator 'bolinger'. Did you mean 'bollinger'? List them: tapehead indicators\n")
    assert "Did you mean 'macd'?" in call("indicators", "MACD").err
    assert json.loads(call("--json", "indicators", "xyzzy").err)["code"] == "indicator.unknown"
