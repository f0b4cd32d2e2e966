"""`python -m benchmarks`: run a workload, or write the page from kept results."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import (
    arrays,
    cold_postgres,
    cold_start,
    indicators,
    page,
    portfolio,
    postgres,
    scale,
    screen,
    storage,
    sweeps,
    table,
    universe,
)
from benchmarks.asked import Asked, Report
from benchmarks.beside import BesideReport
from benchmarks.fuzz import __main__ as fuzz
from benchmarks.indicator_report import IndicatorReport
from benchmarks.load import fairness, open_streams, over_http, plain
from benchmarks.load.report import ServiceReport
from benchmarks.machine import ROOT
from benchmarks.processes import DRIVERS, KEEPERS, LIBRARIES, PEERS, EngineFailed
from benchmarks.scale_report import ScaleReport
from benchmarks.sources import groups
from benchmarks.storage_report import StorageReport
from benchmarks.web import measure as web

Reports = Report | StorageReport | ServiceReport | IndicatorReport | ScaleReport | BesideReport
Workload = Callable[[Asked, Callable[[str], None]], Reports]
WORKLOADS: dict[str, Workload] = {
    "W1": cold_start.measure,
    "W2": arrays.measure,
    "W3": arrays.measure,
    "W4": sweeps.measure,
    "W5": universe.measure,
    "W6": sweeps.measure,
    "W7": indicators.measure,
    "W8": storage.measure,
    "W9": postgres.measure,
    "W10": open_streams.measure,
    "W11": scale.measure,
    "fairness": fairness.measure,
    "plain": plain.measure,
    "portfolio": portfolio.measure,
    "screen": screen.measure,
    "sources": groups.measure,
    "web": web.measure,
}
YEAR = 8_760
MILLION = 1_000_000
SIZES = {
    "W1": (1, YEAR),
    "W2": (1000, 1000),
    "W3": (1, MILLION),
    "W4": (1000, 5 * YEAR),
    "W5": (48, 5 * YEAR),
    "W6": (10_000, 200_000),
    "W7": (1, MILLION),
    "W8": (0, MILLION),
    "W9": (48, YEAR),
    "W11": (scale.SIZES[-1], YEAR),
    "portfolio": (500, YEAR),
    "screen": (10_000, 500),
}
"""Instruments, or pairs, and bars of each where nothing else is asked for."""
ALL = (
    Asked("W1", instruments=1, bars=YEAR),
    Asked("W2", instruments=1000, bars=1000, every_row=True),
    Asked("W3", instruments=1, bars=MILLION, every_row=True),
    Asked("W4", instruments=1000, bars=5 * YEAR, every_row=True),
    Asked("W5", instruments=48, bars=YEAR, every_row=True),
    Asked("W5", instruments=48, bars=5 * YEAR, every_row=True),
    Asked("W5", instruments=500, bars=5 * YEAR),
    Asked("W5", instruments=48, bars=5 * YEAR, peers=(), from_postgres=True),
    Asked("W6", instruments=10_000, bars=200_000, every_row=True, peers=()),
    Asked("W7", instruments=1, bars=MILLION, every_row=True, peers=LIBRARIES),
    Asked("W8", instruments=0, bars=MILLION, every_row=True, peers=KEEPERS),
    Asked("W9", instruments=48, bars=YEAR, peers=DRIVERS),
    Asked("W11", instruments=scale.SIZES[-1], bars=YEAR, peers=()),
)
LOAD = (
    Asked("W5", instruments=48, bars=5 * YEAR, over_http=True),
    Asked("W10", instruments=48, bars=YEAR, streams=1000),
    Asked("fairness", instruments=500, bars=YEAR),
    Asked("plain", instruments=48, bars=YEAR),
)
"""What a service does; needs the environment .venv-load, so `all` is without it."""
WEB = Asked("web", instruments=48, bars=5 * YEAR)
"""What the page does; needs a Chromium, so `all` is without it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked; the last line of stdout is one JSON object with --json."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["fuzz"]:
        return fuzz.main(arguments[1:])
    given = _parser().parse_args(arguments)
    if given.workload == "report":
        print(page.write(given.files).relative_to(ROOT))
        return 0
    try:
        for asked in _wanted(given):
            report = _measure(asked)(asked, _say)
            for line in table.lines(report) if isinstance(report, Report) else report.lines():
                print(line, file=sys.stderr if given.json else sys.stdout)
            if given.save:
                _keep(report, given.save)
            if given.json:
                print(json.dumps(report.line()), flush=True)
    except EngineFailed as error:
        _say(f"No figures: {error}")
        return 1
    return 0


def _measure(asked: Asked) -> Workload:
    """What measures a workload; W5 has three ways."""
    if asked.from_postgres:
        return cold_postgres.measure
    return over_http.measure if asked.over_http else WORKLOADS[asked.workload]


def _parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Timings beside other tools, only where results agree.",
        epilog="python -m benchmarks fuzz --help: random cases through Tapehead and the peers, trade by trade",
    )
    parser.add_argument("workload", nargs="?", default="all", choices=[*WORKLOADS, "all", "load", "report"])
    parser.add_argument(
        "files", nargs="*", type=Path, help="for report: kept results; default benchmarks/results/*.json"
    )
    parser.add_argument("--seed", type=_at_least(0), default=7, help="names the synthetic market (default 7)")
    parser.add_argument(
        "--bars",
        type=_at_least(2),
        help="bars of each instrument (default 43800; W1, W9 and W11 8760, W2 1000, W3 and W7 1000000, W6 200000); for"
        " W8 of all (default 1000000)",
    )
    parser.add_argument(
        "--instruments",
        type=_at_least(1),
        help="number of instruments (default 48; W2 1000, W3 1; W1 and W7 have one, W8 as many as its bars need; the"
        " most of W11, 5000), of pairs for W4 (1000) and W6 (10000)",
    )
    parser.add_argument("--http", action="store_true", help="W5 asked of a service, through its socket")
    parser.add_argument("--postgres", action="store_true", help="W5 cold, from a PostgreSQL of its own")
    parser.add_argument("--group", choices=[*groups.GROUPS], help="one group of `sources`; all where none is named")
    parser.add_argument("--streams", type=_at_least(20), help="streams of W10 (default 1000)")
    parser.add_argument("--fresh", action="store_true", help="make the store anew")
    parser.add_argument(
        "--rows",
        choices=["headline", "all"],
        default="headline",
        help="next open on all cores, or each fill on one core and all; for W7 also a random walk",
    )
    parser.add_argument(
        "--peers",
        type=_peers,
        help=f"{','.join(PEERS)}; for W7 {','.join(LIBRARIES)}; for W8 {','.join(KEEPERS)}; for W9"
        f" {','.join(DRIVERS)}; or none",
    )
    parser.add_argument(
        "--json", action="store_true", help="one JSON object as the last line; the table goes to stderr"
    )
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="keep the results there, for report")
    return parser


def _wanted(given: argparse.Namespace) -> list[Asked]:
    """The workloads to run."""
    if given.workload == WEB.workload:
        return [replace(WEB, seed=given.seed, fresh=given.fresh)]
    served = _served(given)
    if served:
        return served
    if given.workload == "all":
        peers = {one.workload: _among(given.peers, one.workload) for one in ALL}
        return [replace(one, seed=given.seed, fresh=given.fresh, peers=peers[one.workload]) for one in ALL]
    if given.workload == "sources":
        return _of_sources(given)
    name = given.workload
    instruments, bars = SIZES[name]
    # One instrument, or as many as its bars need, whatever was asked.
    instruments = instruments if name in ("W1", "W7", "W8") else given.instruments or instruments
    asked = Asked(name, given.seed, instruments, given.bars or bars, given.fresh, peers=_among(given.peers, name))
    return [
        replace(
            asked,
            every_row=given.rows == "all" and name not in ("W1", "W9", "W11"),
            from_postgres=given.postgres and name == "W5",
        )
    ]


def _of_sources(given: argparse.Namespace) -> list[Asked]:
    """One group of the sources, or each of them."""
    named = [given.group] if given.group else list(groups.GROUPS)
    peers = () if given.peers == () else groups.THEIRS
    asked = Asked("sources", given.seed, given.instruments or 48, fresh=given.fresh, peers=peers)
    # Ten times five years would take longer than all the rest.
    bars = {name: given.bars or (YEAR if name == "growth" else 5 * YEAR) for name in named}
    return [replace(asked, bars=bars[name], group=name) for name in named]


def _served(given: argparse.Namespace) -> list[Asked]:
    """The workloads against a service that were asked for, each of a size of its own unless one is given."""
    name = given.workload
    wanted = [one for one in LOAD if name in (one.workload, "load") and (name != "W5" or given.http)]
    sizes = {key: getattr(given, key) for key in ("instruments", "bars", "streams") if getattr(given, key)}
    return [replace(one, seed=given.seed, fresh=given.fresh, **sizes) for one in wanted]


def _among(peers: tuple[str, ...] | None, workload: str) -> tuple[str, ...]:
    """The peers of a workload that were asked for; all of them where none was named."""
    alone: dict[str, tuple[str, ...]] = dict.fromkeys(("W11", "portfolio", "screen"), ())
    every = {"W7": LIBRARIES, "W8": KEEPERS, "W9": DRIVERS, **alone}.get(workload, PEERS)
    return every if peers is None else tuple(name for name in peers if name in every)


def _at_least(bound: int) -> type[int]:
    """An integer with a lower bound, for argparse."""

    def read(text: str) -> int:
        value = int(text)
        if value < bound:
            raise argparse.ArgumentTypeError(f"{text} is below {bound}")
        return value

    read.__name__ = f"integer of at least {bound}"
    return read  # type: ignore[return-value]  # argparse takes any function of a text


def _peers(text: str) -> tuple[str, ...]:
    """Names of peers, joined by commas; `none` for none."""
    names = () if text == "none" else tuple(text.split(","))
    every = dict.fromkeys((*PEERS, *LIBRARIES, *KEEPERS, *DRIVERS))
    for name in names:
        if name not in every:
            raise argparse.ArgumentTypeError(f"there is no peer '{name}'; there are {', '.join(every)}")
    return names


def _keep(report: Reports, folder: Path) -> None:
    """Write one result as a file."""
    folder.mkdir(parents=True, exist_ok=True)
    asked = report.asked
    way = "http" if asked.over_http else "postgres" if asked.from_postgres else asked.group
    name = f"{asked.workload}-{way}" if way else asked.workload
    path = folder / f"{name}-{asked.instruments}x{asked.bars}-seed{asked.seed}.json"
    path.write_text(json.dumps(report.kept(), indent=1) + "\n", encoding="utf-8")
    _say(f"kept: {path}")


def _say(line: str) -> None:
    """Talk goes to stderr."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
