"""warm_up_of: how many bars a run wants before its start; all sets of a sweep as many as the most demanding one."""

from tapehead.jobs.ask import ask_warm_up
from tapehead.jobs.search.choose import sets_of
from tapehead.library.warm_up import largest_warm_up, sample
from tapehead.model.grid import MOST_SETS, Grid
from tapehead.model.space import Space
from tapehead.model.spec import RunSpec
from tapehead.wiring.team import Team


def warm_up_of(spec: RunSpec, team: Team) -> int:
    """Ask strategies how many bars they want before the start; raises StrategyError, ParameterError."""
    if spec.grid is None:
        return ask_warm_up(team.strategy(spec.parameters), team.origin)
    space = Space.of(spec)
    if spec.search != "bayes":
        return largest_warm_up(team.members, sets_of(spec, space))
    asked = Grid.every(space) if space.size <= MOST_SETS else sample(space, spec.budget or 1, spec.seed)
    return largest_warm_up(team.members, asked)
