"""docs/benchmarks.md, written from kept results only; nothing in it is filled in by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import beside, indicator_report, scale_report, storage_report
from benchmarks.load import report as load_report
from benchmarks.machine import ROOT
from benchmarks.numbers import PUBLISHED, number, per_pair
from benchmarks.table import SWEEPS

PAGE = ROOT / "docs" / "benchmarks.md"
RESULTS = ROOT / "benchmarks" / "results"

PREFACE = """\
# Benchmarks

This page is written by `python -m benchmarks report` from the files in `benchmarks/results/`; nobody edits it by hand.
All workloads: `make bench`. One of any size, from the root of the clone:
`.venv/bin/python -m benchmarks W5 --seed 11 --instruments 20 --bars 9000`. The figures of this page anew:
`.venv/bin/python -m benchmarks all --save benchmarks/results`, then `.venv/bin/python -m benchmarks report`.

How to read it:

- W1 and W5: every engine gets the same bars, and every engine but Tapehead gets the signals ready made. Tapehead's
  time holds everything: plan, reading the store, RSI, crossings, simulation, metrics, results kept in the run store and
  streamed. The others' time holds simulation, trade records and metrics, from arrays that lie in memory in their best
  order. So a ratio says how many times as long the other tool takes for less.
- W2 and W3: every engine, Tapehead too, gets bars and ready-made signals as arrays in memory and gives contiguous
  arrays of closed trades (bars, prices, quantity, profit), open positions, final values and, in W3, eight metrics. In
  W2 every second instrument has decimal prices with ties, the others are random walks with all their digits. The stage
  `indicators` of W3 (two means and their crossings by Tapehead, equal to the signals handed over) is in no ratio.
- W4 and W6: one instrument and many pairs of periods. Every peer gets the crossings ready made and gives six metrics of
  every pair; Tapehead is given the periods, and its averages, crossings and checks are inside its time (stage
  `signals`, and part of `walk`). No peer has a stop, a target and a trail on one position, so W4 (b) and W6 run
  Tapehead alone, against a plain walk for 100 of the pairs. Where the time goes:
  [decision 026](decisions/026-where-the-time-of-a-sweep-goes.md).
- W7: indicators at their usual periods on one core, each call for itself: nothing is remembered from one to the next,
  and every line is an output. Read-only arrays are handed over, as Tapehead's bars hold them; one that may be written
  to is copied first. `error` is the largest difference from the definition in 50 digits, on the first 250,000 bars;
  what it is a share of, and why it is large where it is: [divergences](divergences.md#in-indicators).
  Where the time goes: [decision 027](decisions/027-where-the-time-of-an-indicator-goes.md).
- No time stands here unless closed trades (bars, prices, quantities, profits), open positions and final value agree
  with a plain-Python twin that shares no code with Tapehead (`benchmarks/twin.py`), within 1e-8 for money; so do the
  metrics total_return, max_drawdown, sharpe, win_rate and trades (W3: sortino, profit_factor and expectancy too),
  but for the differences by name in [divergences](divergences.md). In W4 a trade whose profit is below 1e-12 of
  what was traded may count as won or not: it broke even, and the last digit of an amount has its sign.
- Warm is the median of a few runs in one process; cold is from the start of a process to its last value, with the
  compiled kernels of all tools already on disk. `first ms` is the time to the first streamed result.
- Each peer runs in the layout that was fastest here: for vectorbt both engines, chunks of 1 to 100 columns, one thread
  or all; for RaptorBT one thread or all; for backtesting.py one process a core.
- W8 hands the same arrays (seven columns: time, four prices, volume, one byte of flags) to every keeper. Each gives
  them back as contiguous arrays, every column summed inside the clock; no time stands where one bit differs. Hot is
  the median of reads in one process; cold opens the store and reads it once after the page cache was dropped. `hot`
  of Tapehead reads the files of its hot tier; its stages tell the tier in memory above them (`memory`), segments
  decoded from the page cache (`decode`), and a first read that also fills the hot tier. Write is durable on return,
  an append too; a file format appends by one more file, the cheapest way it has. Every peer stands here in each of
  its layouts. Where Tapehead's time goes, and why not further down:
  [decision 015](decisions/015-where-the-time-of-the-store-goes.md).
- W9, W5 from PostgreSQL and `sources` (`make bench W=sources`; one group: `--group P4`) start a PostgreSQL, and where a
  group wants one a Valkey, of their own, as `tapehead servers start` does; all that is committed is on disk. `took`
  is less where it is better, in every unit; `× ours` is against our best answer to the line. `sources` rebuilds what
  the designs that Tapehead began with publish of databases and caches, in our own code after their text; their claims,
  of their machines, stand in a column of their own, and no figure where the answers are not ours. No other tool runs
  `layers`; why there is no TimescaleDB beside us: [decision 033](decisions/033-why-there-is-no-timescaledb.md). Where
  the time goes, and what is missed: [decision 034](decisions/034-where-the-time-of-a-server-store-goes.md).
- W11 is W5 at five sizes, a year of 1h each, on a store of its own each. Results are let go as they come; what the run
  kept of a hundred instruments is then compared with the twin, and the digests of all runs with each other. `no tier`
  is one cold run with `TAPEHEAD_MEMORY_MB=0`.
- What a service does (`make load`) is asked over TCP by clients on the same machine, which share its cores with it. W5
  over HTTP: from the request, on a new connection, to the last result in the client's hands; what the service kept is
  compared with the twin, and what came with what it kept, by count and digest. W10, fairness and the plain routes say
  below what was asked. Where the time of W5 over HTTP goes:
  [decision 019](decisions/019-where-the-time-over-http-goes.md).
- What the page does (`make bench-web`) is measured in a Chromium without a screen, which draws on the processor, on the
  machine of the service. A row counts when the frame that holds it was painted; a press whose table shows other numbers
  than the service keeps gives no times.
- Peak memory is that of the process (and of its largest worker, where it has any), arrays included.
"""


TITLES = {
    "W1": "a cold process, first result printed",
    "W2": "in on every even bar, out on every odd one, arrays in memory",
    "W3": "a cross of two means, arrays in memory",
    "W4": "a sweep over pairs of averages, (a) all-in long, (b) long and short with stop, target, trail and slippage",
    "W5": "RSI on every instrument of the store",
    "W6": "a big sweep over pairs of averages, all-in long",
}


OF_THEIR_OWN: dict[str, Callable[[dict[str, Any]], Iterator[str]]] = {
    "W7": lambda one: indicator_report.restored(one).section(),
    "W8": lambda one: storage_report.restored(one).section(),
    "W11": lambda one: scale_report.restored(one).section(),
}
"""The sections that no two workloads share."""


def write(paths: Sequence[Path]) -> Path:
    """Write the page from kept results; without paths from all of `benchmarks/results/`."""
    held = [json.loads(path.read_text(encoding="utf-8")) for path in (paths or sorted(RESULTS.glob("*.json")))]
    held.sort(key=_place)
    PAGE.write_text("\n".join([PREFACE, *_body(held)]).rstrip() + "\n", encoding="utf-8")
    return PAGE


def _place(one: dict[str, Any]) -> tuple[int, str, bool, int]:
    """Where a result stands: W2 before W10, no number last; in process before over HTTP; small before large."""
    asked = one["asked"]
    name = asked["workload"]
    return len(name), name, "figures" in one or "entries" in one, asked["instruments"] * asked["bars"]


def _body(held: Iterable[dict[str, Any]]) -> Iterator[str]:
    """One section a result."""
    nothing = True
    pins = dict(re.findall(r"^([a-z-]+)(?:\[[a-z]+\])?==([\d.]+)", _pins(), re.MULTILINE))
    yield "Peers: " + ", ".join(f"{name} {version}" for name, version in pins.items()) + ".\n"
    for one in held:
        nothing = False
        if "entries" in one:
            yield from beside.restored(one).section()
        elif "figures" in one:
            yield from load_report.restored(one).section()
        else:
            yield from OF_THEIR_OWN.get(one["line"]["id"], _section)(one)
    if nothing:
        yield "No results have been kept yet.\n"


def _section(one: dict[str, Any]) -> Iterator[str]:
    """Heading, machine, table, stages."""
    asked, line = one["asked"], one["line"]
    title = TITLES[line["id"]]
    many = "instrument" if asked["instruments"] == 1 else "instruments"
    sweeps = line["id"] in SWEEPS
    if sweeps:
        many = "pairs"
    yield f"## {line['id']}: {title}, {asked['instruments']} {many} × {asked['bars']:,} bars of 1h\n"
    yield f"{one['machine']}. Commit {one['commit']}, seed {asked['seed']}. Parity: {line['parity']}.\n"
    if line["bars_per_s"]:
        span = "from plan to the last streamed result"
        if line["id"] in ("W2", "W3"):
            span = "in memory"
        elif sweeps:
            span = "times pairs"
        yield f"{line['bars_per_s'] / 1e6:.3g} M bars/s {span}.\n"
    if line["id"] in PUBLISHED:
        yield f"Published, not run here: {PUBLISHED[line['id']]}.\n"
    more = " ns a bar and pair |" if sweeps else ""
    yield f"| fill | cores | engine | warm ms | × ours | cold ms | first ms | peak MB | layout | parity |{more}"
    yield "|---|---|---|--:|--:|--:|--:|--:|---|---|" + ("--:|" if sweeps else "")
    for row in one["rows"]:
        times = [row["last_ms"], *(peer["ms"] for peer in row["peers"].values())]
        for text, ms in zip(_rows(row, cold_only=line["id"] == "W1"), times, strict=True):
            ns = number(per_pair(ms, asked["instruments"], asked["bars"]))
            yield f"{text} {ns} |" if sweeps else text
    yield ""
    for row in one["rows"]:
        if row["stages_ms"]:
            stages = " · ".join(f"{name} {number(value)}" for name, value in row["stages_ms"].items())
            yield f"Stages, ms ({_filled(row)}, {row['cores']} cores): {stages}.\n"
    known = {
        name: text for row in one["rows"] for peer in row["peers"].values() for name, text in peer["known"].items()
    }
    for name, text in known.items():
        yield f"[{name}](divergences.md#{name}) here: {text}.\n"


def _rows(row: dict[str, Any], *, cold_only: bool) -> Iterator[str]:
    """Ours and the peers as lines of the table."""
    warm = "" if cold_only else number(row["last_ms"])
    ours = [_filled(row), row["cores"], "**tapehead**", warm, "", number(row["cold_ms"]), number(row["first_ms"])]
    yield "| " + " | ".join([*ours, number(row["peak_rss_mb"]), row.get("layout", ""), row["parity"]]) + " |"
    for name, peer in row["peers"].items():
        ratio = "-" if peer["ratio"] is None else f"{peer['ratio']:.3g}"
        warm = "" if cold_only else number(peer["ms"])
        parity = ", ".join([peer["parity"], *(f"except {known}" for known in peer["known"])])
        cells = [
            _filled(row),
            row["cores"],
            name,
            warm,
            ratio,
            number(peer["cold_ms"]),
            "",
            number(peer["peak_rss_mb"]),
        ]
        yield "| " + " | ".join([*cells, peer["layout"], parity]) + " |"


def _filled(row: dict[str, Any]) -> str:
    """What was asked, where a workload asks two things, and at which price orders fill."""
    return f"{row.get('kind', '')} {row['fill']}".strip()


def _pins() -> str:
    """The exact versions of the peers."""
    lists = (ROOT / "benchmarks" / f"{name}-requirements.in" for name in ("peers", "keepers"))
    return "\n".join(path.read_text(encoding="utf-8") for path in lists)
