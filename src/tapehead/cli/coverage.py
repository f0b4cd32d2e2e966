"""`tapehead coverage`: what is held, what is confirmed empty, what is missing, drawn over time."""

import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from tapehead.cli import numbers
from tapehead.cli.cells import cut, padded, width_of
from tapehead.cli.closing import next_lines, plural
from tapehead.cli.commands import Command
from tapehead.cli.ink import Ink
from tapehead.cli.live import Ticker
from tapehead.cli.session import Session
from tapehead.cli.table import display_names, headed, wrapped
from tapehead.library.documents.ledgers import aside_json, ledger_json
from tapehead.model.ledger import Gap, Ledger

if TYPE_CHECKING:
    from tapehead.library.ledgers import Covered
    from tapehead.model.segment import Quarantined

_DRAWN = {"#": "█", "+": "▄", "-": "·", "o": "○", " ": " "}
_PLAIN = {"#": "#", "+": "+", "-": ".", "o": "o", " ": " "}
_MEANING = {"#": "all there", "+": "some missing", "-": "all missing", "o": "confirmed empty"}
_ROWS = 20
_WHOLE = 3
_NAME_WIDTH = 15
_LEAST_STRIP = 21
_DAY_US = 86_400_000_000
_ASIDE_LIMIT = 1_000


@click.command(
    "coverage",
    cls=Command,
    example="tapehead coverage BTCUSDT --interval 1h --gaps",
    help="Show for each series which bars of its calendar are held, confirmed empty or missing; all series, most "
    "missing first, where none is named. Times are UTC.",
)
@click.argument("symbols", metavar="[SYMBOL]...", nargs=-1)
@click.option("--interval", metavar="1h", help="Only series of this one.")
@click.option("--universe", metavar="U", help="Only the members of this universe.")
@click.option("--gaps", is_flag=True, help="List every hole.")
@click.option("--quarantine", is_flag=True, help="List the rows that imports set aside.")
@click.pass_context
def coverage(
    context: click.Context,
    symbols: tuple[str, ...],
    interval: str | None,
    universe: str | None,
    gaps: bool,
    quarantine: bool,
) -> int:
    """Read times and flags, then draw."""
    session: Session = context.find_root().obj
    if symbols and universe is not None:
        raise click.UsageError("Symbols and --universe contradict each other; give one.", context)
    named = list(symbols) or None
    whole = 0 < len(symbols) <= _WHOLE
    width, ticker = session.size[0], Ticker(session)
    try:
        covered = session.store.coverage(
            named,
            universe=universe,
            interval=interval,
            runs=gaps or whole,
            cells=0 if session.json else _cells(width, whole),
            progress=ticker,
        )
    finally:
        ticker.clear()
    aside = session.store.quarantined(named, universe=universe, limit=_ASIDE_LIMIT) if quarantine else None
    if session.json:
        session.put_document("coverage", _document(covered, gaps, aside))
    elif not covered.ledgers:
        commands = [(("import", "PATH"), "CSV or Parquet files"), (("demo",), "a synthetic market of 48")]
        session.put("No bars yet.  Next:", *next_lines(commands, session))
    else:
        session.put(*_Page(session, covered).lines(gaps, whole))
    if aside is not None and not session.json:
        session.put("", *_aside_lines(aside, session))
    return 0


def _cells(width: int, wide: bool) -> int:
    """Return how many cells a strip has: the window for one series, what the columns beside it leave for a list."""
    if wide:
        return width - 4
    return max(width - _NAME_WIDTH - 30, _LEAST_STRIP)


class _Page:
    """The lines of one call for one window."""

    def __init__(self, session: Session, covered: "Covered") -> None:
        self.session, self.covered = session, covered
        self.width = session.size[0]
        self.ink = Ink(session.colored)
        self.signs = _signs(sys.stdout.encoding)

    def lines(self, gaps: bool, whole: bool) -> list[str]:
        """Return a block a series where a few instruments were named, else a line a series; then the holes."""
        if whole:
            lines = [line for one in self.covered.ledgers for line in [*self._block(one), ""]]
        else:
            lines = [*self._list(), ""]
        lines.append(self._legend())
        return [*lines, "", *self._gaps()] if gaps else lines

    def _strip(self, strip: str) -> str:
        """Return a strip in signs, colour where there is something to look at."""
        drawn = ""
        for letter, run in _runs(strip):
            text = self.signs[letter] * run
            drawn += self.ink.bad(text) if letter == "-" else self.ink.warn(text) if letter == "+" else text
        return drawn

    def _scale(self, cells: int) -> str:
        """Return the first and the last day over a strip."""
        first, last = (numbers.moment(ts)[:10] for ts in (self.covered.start, self.covered.end - 1))
        return first + last.rjust(cells - len(first))

    def _block(self, one: Ledger) -> list[str]:
        """Return everything about one series."""
        ink = self.ink
        span = f"{numbers.moment(one.first)} to {numbers.moment(one.last)} UTC"
        words = [one.series.instrument, str(one.series.interval), span, f"calendar {one.calendar}"]
        steps = one.bars - one.outside + one.empty + one.missing
        missing = [run for run in one.runs if not run.empty]
        longest = max(missing, key=lambda run: run.bars, default=None)
        lines = [
            *headed(words, self.width, ink),
            f"  {ink.head(self._scale(len(one.strip)))}",
            f"  {self._strip(one.strip)}",
            _fact("bars", one.bars, _share(one.bars - one.outside, steps)),
            _fact("missing", one.missing, "" if longest is None else _in_gaps(one, longest)),
            _fact("confirmed empty", one.empty),
        ]
        odd = {"suspect": one.suspect, "partial": one.partial, "untraded": one.untraded}
        lines += [_fact(name, count) for name, count in odd.items() if count]
        if one.outside:
            lines.append(_fact("outside", one.outside, f"in no session of {one.calendar}"))
        return lines

    def _list(self) -> list[str]:
        """Return a line a series, most missing first, and the sum of all."""
        ledgers = sorted(
            self.covered.ledgers, key=lambda one: (-one.missing, one.series.instrument, one.series.interval)
        )
        shown = ledgers if self.session.verbose else ledgers[:_ROWS]
        names = display_names([one.series.instrument for one in ledgers])
        wide = max(10, min(max(width_of(names[one.series.instrument]) for one in shown), _NAME_WIDTH))
        cells = len(shown[0].strip)
        titles = f"{'instrument':<{wide}}  {'':<4}  {self._scale(cells)}  {'bars':>10}  {'missing':>8}"
        lines = [self.ink.head(titles)]
        for one in shown:
            name = padded(cut(names[one.series.instrument], wide), wide)
            missing = f"{one.missing:>8,}"
            lines.append(
                f"{name}  {one.series.interval!s:<4}  {self._strip(one.strip)}  {one.bars:>10,}  "
                f"{self.ink.warn(missing) if one.missing else missing}"
            )
        if len(shown) < len(ledgers):
            lines.append(self.ink.head(f"{len(ledgers) - len(shown):,} more series; -v shows all"))
        return [*lines, "", *wrapped(_sums(ledgers), self.width)]

    def _legend(self) -> str:
        """Return what the signs mean, those that are drawn."""
        drawn = {letter for one in self.covered.ledgers for letter in one.strip}
        words = [f"{self.signs[letter]} {text}" for letter, text in _MEANING.items() if letter in drawn]
        cells = max(len(one.strip) for one in self.covered.ledgers)
        days = (self.covered.end - self.covered.start) / cells / _DAY_US
        size = (
            f"{days:.0f} days"
            if days >= 2
            else f"{days * 24:.1f} hours"
            if days * 24 >= 1
            else f"{days * 1440:.0f} min"
        )
        return self.ink.head("   ".join([*words, f"a cell is {size}"]))

    def _gaps(self) -> list[str]:
        """Return every hole, series by series in order of time."""
        rows = [(one, run) for one in self.covered.ledgers for run in one.runs]
        if not rows:
            return ["No holes."]
        shown = rows if self.session.verbose else rows[: 2 * _ROWS]
        lines = []
        last = None
        for one, run in shown:
            if one is not last:
                lines.append(f"{self.ink.strong(one.series.instrument)} {one.series.interval}")
                titles = ("first day", "last day") if _is_daily(one) else ("from (UTC)", "to (UTC)")
                lines.append(self.ink.head(f"  {titles[0]:<19}  {titles[1]:<19}  {'bars':>9}"))
                last = one
            what = "confirmed empty" if run.empty else "missing"
            start, end = _bounds(one, run)
            lines.append(f"  {start:<19}  {end:<19}  {run.bars:>9,}  {what}")
        if len(shown) < len(rows):
            lines.append(self.ink.head(f"  {len(rows) - len(shown):,} more holes; -v shows all"))
        return lines


def _runs(strip: str) -> list[tuple[str, int]]:
    """Return each letter with how often it stands there in a row."""
    found: list[tuple[str, int]] = []
    for letter in strip:
        if found and found[-1][0] == letter:
            found[-1] = (letter, found[-1][1] + 1)
        else:
            found.append((letter, 1))
    return found


def _signs(encoding: str | None) -> dict[str, str]:
    """Return the signs that the output's encoding has."""
    try:
        "".join(_DRAWN.values()).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _PLAIN
    return _DRAWN


def _fact(name: str, count: int, text: str = "") -> str:
    """Return a count with its name and what is to be said of it."""
    return f"  {name:<16}{count:>12,}{f'   {text}' if text else ''}"


def _share(part: int, whole: int) -> str:
    """Return a share, never rounded up to all of it."""
    return "" if not whole else f"{int(part / whole * 10_000) / 100:.2f} % of the grid"


def _in_gaps(one: Ledger, longest: Gap) -> str:
    """Say in how many holes the missing bars are, and where the longest is."""
    start, _ = _bounds(one, longest)
    if one.gaps == 1:
        return f"in 1 hole from {start}"
    return f"in {one.gaps:,} holes, the longest {longest.bars:,} from {start}"


def _is_daily(one: Ledger) -> bool:
    """Say whether the bars of a series are days or longer, so that their days say enough."""
    return one.series.interval.us >= _DAY_US


def _bounds(one: Ledger, run: Gap) -> tuple[str, str]:
    """Return where a hole begins and ends; of daily bars its first and its last day."""
    if _is_daily(one):
        return numbers.moment(run.start)[:10], numbers.moment(run.end - 1)[:10]
    return numbers.moment(run.start), numbers.moment(run.end)


def _sums(ledgers: Sequence[Ledger]) -> list[str]:
    """Return the sums over all series, those that are not zero."""
    sums = {
        name: sum(getattr(one, name) for one in ledgers)
        for name in ("bars", "missing", "gaps", "empty", "suspect", "partial", "untraded", "outside")
    }
    words = [f"{len(ledgers):,} series", f"{sums['bars']:,} bars"]
    words.append(f"{sums['missing']:,} missing in {plural(sums['gaps'], 'hole')}")
    named = {"empty": "confirmed empty", "outside": "outside sessions"}
    return words + [
        f"{sums[name]:,} {named.get(name, name)}"
        for name in ("empty", "suspect", "partial", "untraded", "outside")
        if sums[name]
    ]


def _aside_lines(rows: "Sequence[Quarantined]", session: Session) -> list[str]:
    """Return the rows that were set aside: where they stand, when, why, and what they say."""
    if not rows:
        return ["Nothing was set aside."]
    width, ink = session.size[0], Ink(session.colored)
    shown = rows if session.verbose else rows[:_ROWS]
    lines = []
    for row in shown:
        time = "no time" if row.ts is None else f"{numbers.moment(row.ts)} UTC"
        words = [f"{row.path}:{row.row}", row.series.symbol or "no symbol", time, row.reason]
        first, *rest = wrapped(words, width)
        lines += [first, *(f"    {line}" for line in rest)]
        lines.append(ink.head(f"    {textwrap.shorten(row.values, width - 4, placeholder=' ..')}"))
    if len(shown) < len(rows):
        more = f"at least {len(rows) - len(shown):,}" if len(rows) == _ASIDE_LIMIT else f"{len(rows) - len(shown):,}"
        lines.append(
            ink.head(f"{more} more rows were set aside; -v shows {'the first 1,000' if 'at' in more else 'all'}")
        )
    return lines


def _document(covered: "Covered", gaps: bool, aside: "Sequence[Quarantined] | None") -> dict[str, Any]:
    """Return plain values."""
    body: dict[str, Any] = {
        "snapshot": covered.snapshot,
        "coverage": [ledger_json(one, gaps) for one in covered.ledgers],
    }
    if aside is not None:
        body["quarantine"] = [aside_json(row) for row in aside]
    return body
