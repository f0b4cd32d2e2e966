"""Teams: the strategies of a sweep are found again wherever their files lie."""

from pathlib import Path

import pytest

from tapehead.model.spec import RunSpec
from tapehead.wiring.team import load_team, team_of

CODE = """
from tapehead import Signals, crossed_above, crossed_below, param, sma, strategy


@strategy
class {name}:
    period: int = param(5, low=2, high=50)

    def signals(self, bars):
        mean = sma(bars.close, self.period)
        return Signals(enter=crossed_above(bars.close, mean), leave=crossed_below(bars.close, mean))
"""


@pytest.mark.parametrize("folder", ["ideas", "a + b", 'say "both"'])
def test_files_in_any_folder_are_found_again(tmp_path: Path, folder: str) -> None:
    wheres = []
    for name in ("Dip", "Rise"):
        path = tmp_path / folder / f"{name.lower()}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(CODE.format(name=name))
        wheres.append(f"{path}:{name}")
    team = load_team([*wheres, "SmaCross"])
    spec = RunSpec(team.name, {}, "1h", universe="all", grid={"strategy": tuple(one.name for one in team.members)})
    again = team_of(spec, team.origin)
    assert [one.name for one in again.members] == [one.name for one in team.members]
    assert (again.source, again.origin) == (team.source, team.origin)
