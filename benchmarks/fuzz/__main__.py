"""`python -m benchmarks fuzz`: run cases, say what they came to, and write it down with `--publish`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from benchmarks.fuzz import page
from benchmarks.fuzz.case import TIERS
from benchmarks.fuzz.judge import UNEXPLAINED
from benchmarks.fuzz.run import Tally, fuzz
from benchmarks.processes import PEERS, PEERS_PYTHON, EngineFailed


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 where every difference has its name, 1 where one has none, 3 where a peer cannot run."""
    given = _parser().parse_args(arguments)
    peers = () if given.peers == "none" else tuple(given.peers.split(","))
    if peers and not PEERS_PYTHON.exists():
        _say("There is no .venv-peers; benchmarks/setup_peers.sh peers makes it, --peers none does without")
        return 3
    numbers = range(given.cases) if given.at is None else [given.at]
    try:
        tally = fuzz(numbers, given.seed, peers, _say, tier=given.tier)
    except EngineFailed as error:
        _say(f"No verdict: {error}")
        return 3
    for line in page.lines(tally):
        print(line, file=sys.stderr if given.json else sys.stdout)
    if given.publish:
        _say(f"written: {page.write(tally)}")
    if given.json:
        print(json.dumps(_line(tally)), flush=True)
    return 1 if tally.unexplained else 0


def _parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks fuzz", description="Random markets through Tapehead and live peers, trade by trade."
    )
    parser.add_argument("--cases", type=int, default=500, help="how many (default 500)")
    parser.add_argument("--seed", type=int, default=1, help="names the cases (default 1)")
    parser.add_argument("--at", type=int, help="only this case")
    parser.add_argument(
        "--tier", type=int, choices=TIERS, help="1 alternating, 2 conflicts, 3 stops and shorts; default all"
    )
    parser.add_argument("--peers", default=",".join(PEERS), help=f"{','.join(PEERS)}; none: against the rules only")
    parser.add_argument("--publish", action="store_true", help="write the result into docs/divergences.md")
    parser.add_argument(
        "--json", action="store_true", help="one JSON object as the last line; the table goes to stderr"
    )
    return parser


def _line(tally: Tally) -> dict[str, object]:
    """The result as JSON."""
    return {
        "id": "fuzz",
        "seed": tally.seed,
        "cases": tally.cases,
        "seconds": round(tally.seconds, 1),
        "verdicts": {f"{engine} {kind}": count for (engine, kind), count in sorted(tally.kinds.items())},
        "known": {f"{engine} {name}": count for (engine, name), count in sorted(tally.names.items())},
        "unexplained": tally.count(UNEXPLAINED),
    }


def _say(line: str) -> None:
    """Talk goes to stderr."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
