"""warm_up_of, needs_of: how many bars a run wants before its start, and which other series; of a sweep all its sets."""

from tapehead.jobs.ask import ask_needs, ask_warm_up
from tapehead.jobs.search.choose import sets_of
from tapehead.library.ranking import warm_up_of_rank
from tapehead.library.warm_up import demanding_sets, largest_warm_up, sample
from tapehead.model.grid import MOST_SETS, Grid
from tapehead.model.need import Need
from tapehead.model.space import Space
from tapehead.model.spec import RunSpec
from tapehead.strategies.strategy import has_own_needs
from tapehead.wiring.team import Team


def warm_up_of(spec: RunSpec, team: Team) -> int:
    """Ask strategies how many bars they want before the start; raises StrategyError, ParameterError."""
    if spec.grid is None:
        own = ask_warm_up(team.strategy(spec.parameters), team.origin)
        return max(own, warm_up_of_rank(spec.portfolio))
    return largest_warm_up(team.members, _asked(spec))


def needs_of(spec: RunSpec, team: Team) -> tuple[Need, ...]:
    """Ask strategies which other series they read, each once; raises StrategyError, ParameterError."""
    if not any(has_own_needs(one.made) for one in team.members):
        return ()
    if spec.grid is None:
        return ask_needs(team.strategy(spec.parameters), team.origin)
    found: dict[Need, None] = {}
    for strategy, origin in demanding_sets(team.members, _asked(spec)):
        found |= dict.fromkeys(ask_needs(strategy, origin))
    return tuple(found)


def _asked(spec: RunSpec) -> Grid:
    """Return the sets of a sweep; where a search decides as it goes, those that it may come to."""
    space = Space.of(spec)
    if spec.search != "bayes":
        return sets_of(spec, space)
    return Grid.every(space) if space.size <= MOST_SETS else sample(space, spec.budget or 1, spec.seed)
