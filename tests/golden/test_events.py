"""Event bytes: canonical JSON under the names of the contract, section 3, numbered within the run."""

from __future__ import annotations

import numpy as np

from tapehead.model.events import (
    Cancelled,
    Completed,
    Event,
    Failed,
    Progress,
    Result,
    Started,
    Tiled,
    Warned,
    to_bytes,
)
from tapehead.model.result import Metrics, RunResult
from tapehead.model.tile import no_cells

RUN = "01JD8Q7K000000000000000000"
RESULT = RunResult(
    run=RUN,
    instrument="binance:SOLUSDT",
    interval="1h",
    parameters={"period": 14},
    metrics=Metrics({"total_return": 4.126, "trades": 88, "calmar": None}),
    why={"calmar": "too_short"},
    flags=("short_history",),
    equity=np.array([10_000.0, 51_260.0]),
    final_equity=51_260.0,
    decisions=b"\0" * 32,
    segments=(),
    trades=None,
    elapsed_us=900,
)
EXPECTED: list[tuple[Event, int, str]] = [
    (
        Started(RUN, {"strategy": "BuyAndHold", "interval": "1h"}, 48, 3),
        1,
        (
            '{"event":"started","id":"RUN/1","run":"RUN","snapshot":3,'
            '"spec":{"interval":"1h","strategy":"BuyAndHold"},"total":48}'
        ),
    ),
    (
        Result(RUN, RESULT, 4.1),
        17,
        (
            '{"bars":0,"decisions":"' + "00" * 32 + '","equity":[10000.0,51260.0],"event":"result",'
            '"final_equity":51260.0,"first":null,"flags":["short_history"],"id":"RUN/17",'
            '"instrument":"binance:SOLUSDT","interval":"1h","last":null,"metrics":{"calmar":null,"total_return":4.126,"trades":88},'
            '"parameters":{"period":14},"t_ms":4.1,"why":{"calmar":"too_short"}}'
        ),
    ),
    (
        Tiled(RUN, no_cells(RUN, "binance:SOLUSDT", "1h", 8, 16, 8), 4.5, lambda _: {}),
        17,
        (
            '{"count":0,"event":"tile","hi":16,"id":"RUN/17","instrument":"binance:SOLUSDT","interval":"1h",'
            '"lo":8,"t_ms":4.5}'
        ),
    ),
    (
        Progress(RUN, 38, 48, 31e6, 10.5),
        18,
        '{"bars_per_s":31000000.0,"done":38,"eta_ms":10.5,"event":"progress","id":"RUN/18","total":48}',
    ),
    (
        Warned(RUN, "demo:É", "store.no_bars", "No bars for É 1h."),
        19,
        '{"code":"store.no_bars","event":"warning","id":"RUN/19","instrument":"demo:É","text":"No bars for É 1h."}',
    ),
    (
        Failed(RUN, "store.locked", "Held by another.", 2),
        20,
        '{"code":"store.locked","count":2,"event":"failed","id":"RUN/20","text":"Held by another."}',
    ),
    (
        Cancelled(RUN, "run.cancelled", "Cancelled.", 2),
        21,
        '{"code":"run.cancelled","count":2,"event":"cancelled","id":"RUN/21","text":"Cancelled."}',
    ),
    (
        Cancelled(
            RUN,
            "run.cancelled",
            "Cancelled.",
            2,
            {"walk": 1.5, "plan": 0.25},
            {"read": 490},
            executor={"kind": "serial", "workers": 1},
        ),
        22,
        (
            '{"code":"run.cancelled","count":2,"event":"cancelled","executor":{"kind":"serial","workers":1},'
            '"id":"RUN/22","stages_bytes":{"read":490},"stages_ms":{"plan":0.25,"walk":1.5},"text":"Cancelled."}'
        ),
    ),
    (
        Cancelled(RUN, "run.cancelled", "Cancelled.", 2, outcome={"profitable": 1, "median_return": -0.25}),
        22,
        (
            '{"code":"run.cancelled","count":2,"event":"cancelled","id":"RUN/22","median_return":-0.25,"profitable":1,'
            '"text":"Cancelled."}'
        ),
    ),
    (
        Completed(RUN, 48, 0, "ab" * 32, 4.1, 58.7, 2_049_312, "9f31c2e0"),
        50,
        '{"bars":2049312,"count":48,"degraded":[],"digest":"' + "ab" * 32 + '","event":"completed","failed":0,'
        '"first_ms":4.1,"id":"RUN/50","last_ms":58.7,"look_ahead":null,"receipt":"9f31c2e0","reused":false,"run":"RUN"}',
    ),
]


def test_every_event_is_its_bytes() -> None:
    for event, number, expected in EXPECTED:
        assert to_bytes(event, number) == expected.replace("RUN", RUN).encode()


def test_every_kind_of_event_is_here() -> None:
    assert {type(event) for event, _, _ in EXPECTED} == set(Event.__args__)


def test_metrics_read_as_attributes_too() -> None:
    assert RESULT.metrics.total_return == 4.126
