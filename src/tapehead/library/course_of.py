"""course_of: what a portfolio is made with, from the bench of its instruments."""

from tapehead.jobs.pool import Pool
from tapehead.jobs.portfolio import Course
from tapehead.jobs.task import Bench
from tapehead.library.ranking import ranking_of


def course_of(bench: object, pool: Pool) -> Course:
    """Return what a portfolio is made with."""
    assert isinstance(bench, Bench)  # noqa: S101 - what `prepare` makes
    return Course(bench, pool, ranking_of(bench.plan.spec.portfolio))
