"""screen: which instruments an expression holds for, by the newest bar that each has closed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.jobs.screen_fill import Place
from tapehead.jobs.screen_frame import ScreenFrame
from tapehead.jobs.screen_lines import TIME, ScreenLine
from tapehead.model.expression import TEXTS, Condition, Operand, Ranked, Term, terms_of, value_of
from tapehead.model.sessions import DAY_US

QUIET_US: Final = 30 * DAY_US
"""Who had no bar for longer counts as ended, as in a universe by filter; at longest intervals for two of their bars."""
TIMES: Final = (ScreenLine(TIME), 0)
CLOSE: Final = (ScreenLine("close"), 0)
BARS: Final = (ScreenLine("bars"), 0)
NO_NUMBER: Final = "a sum that divides by 0 or is too large"
"""In the place of a line, where all lines are known."""


@dataclass(frozen=True, slots=True)
class Question:
    """An expression that was read, and what orders its answer.

    `shown` are the operands that stand beside each instrument, by the text they were asked by; `lines` says what each
    term but a fact is. `by` orders, the largest first unless `ascending`; `top` keeps as many. Without it names order.
    """

    condition: Condition | None
    lines: dict[str, ScreenLine]
    shown: dict[str, Operand]
    by: Operand | None = None
    top: int | None = None
    ascending: bool = False

    def places(self) -> list[Place]:
        """Return every line that it needs, each once, with its bars before the newest."""
        terms = [*(self.condition.terms() if self.condition is not None else ())]
        for operand in (*self.shown.values(), self.by):
            terms += terms_of(operand) if operand is not None else ()
        found = {(one.name, one.back): (self.lines[one.name], one.back) for one in terms if one.name not in TEXTS}
        return list({(TIME, 0): TIMES, ("close", 0): CLOSE, ("bars", 0): BARS, **found}.values())


@dataclass(frozen=True, slots=True)
class Missing:
    """Of how many instruments a line is not known, and how many bars those have."""

    line: str
    instruments: int
    fewest_bars: int
    most_bars: int


@dataclass(frozen=True, slots=True, eq=False)
class Screening:
    """What an expression holds for.

    `columns` are as long as there are matches: `instrument`, `ts` (open of the newest closed bar, us UTC), `close`,
    then those of the question. `asked` instruments were looked at: `matched` it holds for (before `top`), of `unknown`
    it cannot be told because of `missing`, `quiet` have had no bar for a month, `absent` have none. `newest` is when
    the newest bar of all that were judged opened (us UTC), None where there is none.
    """

    columns: dict[str, NDArray[Any]]
    asked: int
    matched: int
    unknown: int
    quiet: int
    absent: int
    missing: tuple[Missing, ...]
    newest: int | None = None

    def behind(self) -> NDArray[np.int64]:
        """Return how much older than the newest bar of all the bar of each match is, us; of most matches 0."""
        ages: NDArray[np.int64] = (self.newest or 0) - self.columns[TIME]
        return ages


def judge(frame: ScreenFrame, rows: NDArray[np.intp], question: Question) -> Screening:
    """Tell whom of `rows` an expression holds for; every line it needs is known in the frame of those with bars."""
    asked = len(rows)
    held = frame.has_bars[rows]
    rows, absent = rows[held], int((~held).sum())
    times = frame.columns[TIME, 0].values[rows]
    limit = max(QUIET_US, 2 * frame.interval.us)
    begun = np.isfinite(times)
    fresh = begun & (frame.newest - times - frame.interval.us <= limit)
    gone, absent = int((begun & ~fresh).sum()), absent + int((~begun).sum())
    rows = rows[fresh]
    values = _values(frame, rows)
    held, known = np.ones(len(rows), np.bool_), np.ones(len(rows), np.bool_)
    if question.condition is not None:
        truth = question.condition.judge(values)
        known = np.broadcast_to(truth.known, len(rows))
        held = np.broadcast_to(truth.holds, len(rows)) & known
    chosen = _ordered(np.flatnonzero(held), question, values)
    some = rows[chosen]
    columns: dict[str, NDArray[Any]] = {
        "instrument": np.array([frame.roster.names[row] for row in some], np.str_),
        TIME: frame.columns[TIME, 0].values[some].astype(np.int64),
        "close": frame.columns["close", 0].values[some],
    }
    for name, operand in question.shown.items():
        columns[name] = np.broadcast_to(np.asarray(value_of(operand, values)), len(rows))[chosen]
    missing = tuple(_missing(frame, rows[~known], question)) if not known.all() else ()
    counts = asked, int(held.sum()), int((~known).sum()), gone, absent
    return Screening(columns, *counts, missing, int(times[fresh].max()) if fresh.any() else None)


def _values(frame: ScreenFrame, rows: NDArray[np.intp]) -> Callable[[Term], Any]:
    """Return what gives a term by instrument."""

    def value(term: Term) -> Any:
        if term.name in TEXTS:
            return frame.roster.words(term.name)[rows]
        return frame.columns[term.name, term.back].values[rows]

    return value


def _ordered(chosen: NDArray[np.intp], question: Question, values: Callable[[Term], Any]) -> NDArray[np.intp]:
    """Order matches, the largest first; names order equal ones, and who has no number comes last, or not at all."""
    if question.by is None:
        return chosen[: question.top]
    scores = np.asarray(value_of(question.by, values), np.float64)[chosen]
    order = np.argsort(scores if question.ascending else -scores, kind="stable")
    if question.top is not None:
        order = order[: min(question.top, int(np.isfinite(scores).sum()))]
    return chosen[order]


def _missing(frame: ScreenFrame, rows: NDArray[np.intp], question: Question) -> Iterator[Missing]:
    """Yield which lines are not known of some instruments; then of how many all are, and a sum of them is not."""
    terms: Sequence[Term] = list(question.condition.terms()) if question.condition is not None else []
    bars = frame.columns["bars", 0].values[rows]
    explained = np.zeros(len(rows), np.bool_)
    for name in dict.fromkeys(term.name for term in terms if term.name not in TEXTS):
        backs = {term.back for term in terms if term.name == name}
        lacks = np.logical_or.reduce([~np.isfinite(frame.columns[name, back].values[rows]) for back in backs])
        explained |= lacks
        if lacks.any():
            yield Missing(name, int(lacks.sum()), int(bars[lacks].min()), int(bars[lacks].max()))
    if not explained.all():
        rest = bars[~explained]
        yield Missing(NO_NUMBER, len(rest), int(rest.min()), int(rest.max()))


def is_number(operand: Operand) -> bool:
    """Say whether an operand is a number by instrument, and no word or constant."""
    if isinstance(operand, Ranked):
        return True
    return any(term.name not in TEXTS for term in terms_of(operand))
