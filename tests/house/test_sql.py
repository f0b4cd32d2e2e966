"""The SQL by which PostgreSQL's schema moves passes its linter; ways back may drop what the way there made."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.tree import ROOT

CONFIG = ROOT / ".squawk.toml"
STEPS = sorted((ROOT / "src/tapehead/database/migrations/sql").glob("*.sql"))
BACK = ("ban-drop-column", "ban-drop-function", "ban-drop-table")


def lint(files: list[Path], *beside: str) -> str:
    """What the linter says, empty where nothing; rules of the command line take the place of those of the file."""
    rules = [*tomllib.loads(CONFIG.read_text(encoding="utf-8"))["excluded_rules"], *beside]
    program = Path(sys.executable).with_name("squawk")
    words = [program, "--config", CONFIG, "--exclude", ",".join(rules), "--reporter", "gcc", *files]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)
    return done.stdout if done.returncode else ""


def test_steps_and_ways_back_are_clean() -> None:
    back = [file for file in STEPS if "_no_" in file.name]
    assert lint([file for file in STEPS if file not in back]) == ""
    assert lint(back, *BACK) == ""


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("ALTER TABLE runs ALTER COLUMN state TYPE VARCHAR(9)", "changing-column-type"),
        ("ALTER TABLE runs ADD CONSTRAINT c CHECK (failed >= 0)", "constraint-missing-not-valid"),
        ("ALTER TABLE runs RENAME COLUMN state TO now", "renaming-column"),
        ("DROP TABLE runs", "ban-drop-table"),
    ],
)
def test_what_stops_others_is_seen(tmp_path: Path, statement: str, rule: str) -> None:
    (tmp_path / "step.sql").write_text(f"{statement};\n")
    assert rule in lint([tmp_path / "step.sql"])


def test_every_step_has_its_file_and_every_file_its_step() -> None:
    versions = ROOT / "src/tapehead/database/migrations/versions"
    told = "".join(file.read_text(encoding="utf-8") for file in versions.glob("step_*.py"))
    assert [file.name for file in STEPS if file.name not in told] == []
