"""promote_runs: runs with their results and events, and the ledger of trials, kept by another store as well."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tapehead.jobs.digest_rows import RowDigest, plain
from tapehead.jobs.foresee import RunPlan, Side
from tapehead.model.result import RunId
from tapehead.model.trials import KeptTrials, digest_of
from tapehead.ports.holdings import RUN_TABLES, Row, RunHoldings, RunMark

Say = Callable[[str, int, int], None]
Digests = Mapping[str, RowDigest]


class TakenRuns(NamedTuple):
    """Runs that were copied, by what their rows hash to by table, and those that somebody works on in the target."""

    digests: Mapping[RunId, Digests]
    held: Sequence[RunId]


def promote_runs(source: Side, target: Side, plan: RunPlan, say: Say) -> TakenRuns:
    """Take each run over in one transaction."""
    digests: dict[RunId, Digests] = {}
    held: list[RunId] = []
    for done, mark in enumerate(plan.taken):
        say("copying runs", done, len(plan.taken))
        with target.runs.claim(mark.run) as free, source.runs.holdings().moment():
            if not free:
                held.append(mark.run)
                continue
            digests[mark.run] = found = {table: RowDigest() for table in RUN_TABLES}
            target.runs.holdings().replace(mark.run, _pages(source.runs.holdings(), mark.run, found))
    return TakenRuns(digests, held)


def run_faults(source: Side, target: Side, taken: TakenRuns, there: Sequence[RunMark], say: Say) -> Iterator[str]:
    """Yield the runs of which the target's rows are not the source's; events that either pruned are left out."""
    runs = [*taken.digests, *(mark.run for mark in there)]
    for done, run in enumerate(runs):
        say("comparing runs", done, len(runs))
        known = taken.digests.get(run) or _digests(source.runs.holdings(), run)
        found = _digests(target.runs.holdings(), run)
        pruned = not known["events"].rows or not found["events"].rows
        for table in RUN_TABLES:
            if not known[table].equals(found[table]) and not (table == "events" and pruned):
                yield f"{table} of run {run} hash to {found[table]}, and must hash to {known[table]}"


def promote_trials(source: Side, target: Side, say: Say) -> int:
    """Add to the target's ledger the trials that it lacks; return how many those were."""
    added = done = 0
    counts = source.trials.counts()
    total = sum(one.trials for one in counts)
    for kept in _every(source, {(one.context.instrument, one.context.interval): None for one in counts}):
        added += target.trials.keep(kept)
        done += len(kept.trials)
        say("copying trials", done, total)
    return added


def trial_faults(source: Side, target: Side, say: Say) -> Iterator[str]:
    """Yield by series how many trials the target lacks, or has scored otherwise as those of the same run."""
    counts = source.trials.counts()
    places = {(one.context.instrument, one.context.interval): None for one in counts}
    for done, place in enumerate(places):
        say("comparing trials", done, len(places))
        held = dict(_scores(target, place))
        wrong = sum(1 for name, score in _scores(source, place) if not _is_same(held.get(name), score))
        if wrong:
            yield f"{wrong:,} trials of {' '.join(place)} are not in the target's ledger as they are in the source's"


Name = tuple[bytes, bytes]
Score = tuple[RunId, int, int, bytes]


def _is_same(held: Score | None, score: Score) -> bool:
    """Say whether a trial is there: with equal sums, unless another run of the target was the first to score it."""
    return held is not None and (held == score or held[0] != score[0])


def _scores(side: Side, place: tuple[str, str]) -> Iterator[tuple[Name, Score]]:
    """Yield each trial of a series: its context and its set, then who scored it, when, and its sums."""
    for kept in side.trials.read(*place):
        context = kept.context.digest()
        for k, named in enumerate(kept.trials.sets):
            score = (kept.run, kept.added_at, int(kept.trials.observations[k]), kept.trials.blocks[k].tobytes())
            yield (context, digest_of(named.encode())), score


def _every(side: Side, places: Mapping[tuple[str, str], None]) -> Iterator[KeptTrials]:
    """Yield the trials of series after series, each in the order they came."""
    for place in places:
        yield from side.trials.read(*place)


def _pages(runs: RunHoldings, run: RunId, digests: Digests) -> Iterator[tuple[str, Sequence[Row]]]:
    """Yield the rows of a run by table, and note what they hash to."""
    for table in RUN_TABLES:
        for page in runs.pages(run, table):
            rows = [plain(row) for row in page]
            for row in rows:
                digests[table].add(row)
            yield table, rows


def _digests(runs: RunHoldings, run: RunId) -> Digests:
    """Return what the rows of a run hash to by table."""
    found = {table: RowDigest() for table in RUN_TABLES}
    with runs.moment():
        for _ in _pages(runs, run, found):
            pass
    return found
