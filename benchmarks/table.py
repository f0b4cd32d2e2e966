"""The human form of a report: one line a row and engine, losses like wins."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.asked import PeerRow, Report, Row
from benchmarks.numbers import PUBLISHED, number, per_pair

HEAD = ("fill", "cores", "engine", "warm ms", "ratio", "cold ms", "first ms", "peak MB", "runs", "layout", "parity")
SWEEPS = ("W4", "W6")
RIGHT = {"ns a bar and pair", "warm ms", "ratio", "cold ms", "first ms", "peak MB", "runs"}


def lines(report: Report) -> Iterator[str]:
    """Yield the lines of the table and what has to be said about it."""
    asked = report.asked
    size = f"{asked.instruments} {'pairs ' if asked.workload in SWEEPS else ''}x {asked.bars} bars of 1h"
    yield f"{asked.workload}  seed {asked.seed}, {size}  {report.machine}  {report.commit}"
    head = HEAD
    cells = [cell for row in report.rows for cell in _cells(row, asked.workload)]
    if asked.workload in SWEEPS:
        head = (*HEAD, "ns a bar and pair")
        times = [ms for row in report.rows for ms in (row.last_ms, *(peer.ms for peer in row.peers.values()))]
        told = (number(per_pair(ms, asked.instruments, asked.bars)) for ms in times)
        cells = [(*cell, ns) for cell, ns in zip(cells, told, strict=True)]
    cells = [head, *cells]
    widths = [max(len(line[i]) for line in cells) for i in range(len(head))]
    for line in cells:
        padded = zip(head, line, widths, strict=True)
        yield "  ".join(text.rjust(n) if name in RIGHT else text.ljust(n) for name, text, n in padded).rstrip()
    for row in report.rows:
        if row.stages_ms:
            stages = "  ".join(f"{name} {number(value)}" for name, value in row.stages_ms.items())
            yield f"stages in ms, {f'{row.kind} {row.fill}'.strip()}, {row.cores} cores: {stages}"
    missing = [name for name in asked.peers if name not in report.rows[0].peers]
    if missing and asked.workload != "W6":
        yield f"not run here: {', '.join(missing)}; benchmarks/setup_peers.sh makes their environment .venv-peers"
    for name, difference in dict(_known(report)).items():
        yield f"known: {name}: {difference}; see docs/divergences.md"
    if asked.workload in PUBLISHED:
        yield f"published, not run here: {PUBLISHED[asked.workload]}"
    yield f"store: {report.store}"


def _cells(row: Row, workload: str) -> Iterator[tuple[str, ...]]:
    """Ours, then every peer."""
    warm = None if workload == "W1" else row.last_ms
    first, memory = number(row.first_ms), row.peak_rss_mb
    yield _line(row, "tapehead", warm, "", row.cold_ms, first, memory, row.repeats, row.layout, row.parity)
    for name, peer in row.peers.items():
        ratio = "" if peer.ratio is None else f"{peer.ratio:.3g}x"
        warm = None if workload == "W1" else peer.ms
        parity = ", ".join([peer.parity, *(f"except {known}" for known in peer.known)])
        yield _line(row, name, warm, ratio, peer.cold_ms, "", peer.peak_rss_mb, peer.repeats, peer.layout, parity)


def _line(
    row: Row,
    engine: str,
    warm: float | None,
    ratio: str,
    cold: float | None,
    first: str,
    memory: float,
    repeats: int,
    layout: str,
    parity: str,
) -> tuple[str, ...]:
    """One line of the table as text."""
    return (
        f"{row.kind} {row.fill}".strip(),
        row.cores,
        engine,
        number(warm),
        ratio,
        number(cold),
        first,
        number(memory),
        str(repeats),
        layout,
        parity,
    )


def _known(report: Report) -> Iterator[tuple[str, str]]:
    """Known divergences of the peers, with the first difference seen."""
    peers: list[PeerRow] = [peer for row in report.rows for peer in row.peers.values()]
    for peer in reversed(peers):
        yield from peer.known.items()
