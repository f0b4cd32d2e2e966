"""The list of commands, the global options, and how every way to end becomes an exit code."""

import json
import os
import re
import shlex
import subprocess
import sys
from importlib import import_module

import click
import pytest

from tapehead.cli.main import ENTRIES, root
from tapehead.cli.session import Session
from tests.unit.cli.conftest import Call
from tests.unit.cli.scripted import RUN, BoomError, ScriptedStore

HEAVY = ("numpy", "numba", "pyarrow", "rich", "sqlite3")


def every_command() -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = [("tapehead", root)]
    for name in ENTRIES:
        command = root.get_command(click.Context(root), name)
        assert command is not None
        found.append((f"tapehead {name}", command))
        if isinstance(command, click.Group):
            found += [(f"tapehead {name} {sub}", one) for sub, one in command.commands.items()]
    return found


def loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sorted(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


ON_A_REAL_STORE = (
    "tapehead portfolio",
    "tapehead cache",
    "tapehead db",
    "tapehead keys",
    "tapehead latest",
    "tapehead new",
    "tapehead preset",
    "tapehead runs compare",
    "tapehead runs import",
    "tapehead screen",
    "tapehead serve",
    "tapehead sql",
    "tapehead store lines",
    "tapehead store promote",
    "tapehead store rows",
    "tapehead sweep",
)
"""What a scripted store cannot be; `tests/acceptance` runs these on real ones: test_examples.py, test_cli_sweep.py; and
test_cache.py beside this file; `runs import` stands in docs/guides/other-programs.md."""


@pytest.mark.parametrize(
    ("path", "command"), [each for each in every_command() if not each[0].startswith(ON_A_REAL_STORE)]
)
def test_every_command_has_help_and_an_example_that_runs(call: Call, path: str, command: click.Command) -> None:
    assert command.help
    assert command.help.strip().endswith(".")
    example = re.search(r"Example: tapehead (.*)", command.epilog or "")
    assert example is not None, path
    # The service at the end of the demo needs a real store, too.
    assert call(*shlex.split(example[1]), *(["--no-serve"] if path == "tapehead demo" else [])).code == 0


def test_the_table_of_commands_is_true() -> None:
    for name, entry in ENTRIES.items():
        command = getattr(import_module(entry.module), entry.attribute)
        assert command.name == name
        assert entry.help.endswith(".")


@pytest.mark.parametrize("words", [(), ("universe",)])
def test_without_a_command_the_help_is_no_error(call: Call, words: tuple[str, ...]) -> None:
    called = call(*words)
    assert (called.code, called.out) == (2, "")
    assert called.err.startswith("Usage: tapehead ")


def test_a_home_beside_ours_in_a_sentence_is_left_alone() -> None:
    session = Session()
    session.home = "mine"
    other = "Choose another: tapehead --home elsewhere/.tapehead doctor. "
    assert session.localise(f"{other}Or look: tapehead doctor").startswith(other)
    assert session.localise("tapehead doctor").endswith("tapehead --home mine doctor")


def test_help_loads_nothing_heavy() -> None:
    loaded = loaded_after("from tapehead.cli.main import main\nassert main(['--help']) == 0")
    assert not loaded & set(HEAVY)


HELP_OF_EACH = """
import sys
from tapehead.cli.main import main

for name in sys.argv[1:]:
    code = main([name, "--help"])
    print("after", name, code, *sorted({"numba", "pyarrow", "rich"} & set(sys.modules)))
"""


def test_the_help_of_no_command_loads_the_engine() -> None:
    """One process for all; the first line that names a module is that of the command which loads it."""
    command = [sys.executable, "-c", HELP_OF_EACH, *ENTRIES]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    after = [line for line in done.stdout.splitlines() if line.startswith("after ")]
    assert after == [f"after {name} 0" for name in ENTRIES]


@pytest.mark.parametrize(
    "words",
    [
        ["--home", "/x", "--json", "runs"],
        ["runs", "--json", "--home", "/x"],
        ["--json", "runs", "list", "--home", "/x"],
    ],
)
def test_global_options_stand_before_or_after_the_command(call: Call, store: ScriptedStore, words: list[str]) -> None:
    called = call(*words)
    assert called.code == 0
    assert json.loads(called.out)["runs"][0]["run"] == RUN
    assert store.home == "/x"
    assert store.closed


@pytest.mark.parametrize(
    ("given", "home"), [("/x/y", "/x/y"), ("file:///x/a%20b", "/x/a b"), ("postgresql://db/x", "postgresql://db/x")]
)
def test_a_store_is_a_folder_or_a_file_url(call: Call, store: ScriptedStore, given: str, home: str) -> None:
    assert call("--store", given, "runs").code == 0
    assert store.home == home


@pytest.mark.parametrize("option", ["--home", "--store"])
@pytest.mark.parametrize("url", ["mysql://db/x", "https://there"])
def test_a_store_behind_a_network_url_is_refused(call: Call, option: str, url: str) -> None:
    called = call(option, url, "runs")
    assert called.code == 2
    assert "a store lies in a folder or in a PostgreSQL" in called.err
    assert "tapehead --home FOLDER doctor" in called.err


def test_a_home_that_is_not_given_is_left_to_the_library(call: Call, store: ScriptedStore) -> None:
    call("runs")
    assert store.home is None


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--home", "/a", "--store", "/b", "runs"], "Two stores are named"),
        (["--home", "", "runs"], "--home is empty"),
        (["-q", "runs", "-v"], "contradict each other"),
        (["bactest"], "Did you mean 'backtest'?"),
        (["--jsn", "runs"], "Did you mean '--json'?"),
        (["runs", "remove"], "No such command 'remove'"),
        (["option"], "No such command 'option'."),
        (["--serve", "http://x", "runs"], "Did you mean '--server'?"),
    ],
)
def test_a_line_that_does_not_parse_gets_a_sentence(call: Call, words: list[str], sentence: str) -> None:
    called = call(*words)
    assert called.code == 2
    assert called.out == ""
    assert sentence in called.err
    assert re.search(r"See: tapehead .*--help|tapehead --home FOLDER doctor", called.err)


def test_version(call: Call) -> None:
    assert re.fullmatch(r"tapehead \d+\.\d+\.\d+\n", call("--version").out)
    assert call("runs", "--version").out.startswith("tapehead ")


def test_an_error_of_tapehead_keeps_its_exit_code_and_shows_its_code_with_v(call: Call, store: ScriptedStore) -> None:
    store.error = BoomError("The disk is gone. Look: tapehead doctor")
    assert call("runs") == (3, "", "error: The disk is gone. Look: tapehead doctor\n")
    assert call("-v", "runs").err.endswith("\n  code test.boom\n")


def test_an_error_names_commands_that_run_on_this_home(call: Call, store: ScriptedStore) -> None:
    store.error = BoomError("The disk is gone. Look: tapehead doctor")
    assert call("--home", "a b", "runs").err == "error: The disk is gone. Look: tapehead --home 'a b' doctor\n"


def test_an_error_as_json_stands_on_standard_error(call: Call, store: ScriptedStore) -> None:
    store.error = BoomError("The disk is gone.")
    called = call("runs", "--json")
    assert called.out == ""
    assert json.loads(called.err) == {"schema": "tapehead.error/1", "code": "test.boom", "text": "The disk is gone."}
    assert json.loads(call("--json", "rnus").err)["code"] == "input.usage"


def test_an_error_of_the_system_is_surroundings(call: Call, store: ScriptedStore) -> None:
    store.error = PermissionError(13, "Permission denied", "/x")
    called = call("runs")
    assert called.code == 3
    assert called.err == "error: /x: Permission denied. Look at the surroundings: tapehead doctor\n"


def test_a_fault_of_ours_is_never_taken_for_a_check_that_said_no(call: Call, store: ScriptedStore) -> None:
    store.error = ZeroDivisionError("boom")
    called = call("runs")
    assert called.code == 3
    assert "Traceback" in called.err
    assert called.err.splitlines()[-1].startswith("error: Tapehead itself broke: ZeroDivisionError: boom.")


def test_ctrl_c_outside_a_run_is_130(call: Call, store: ScriptedStore) -> None:
    store.error = KeyboardInterrupt()  # type: ignore[assignment]  # what Ctrl-C raises
    called = call("runs")
    assert called.code == 130
    assert called.err.startswith("error: Stopped by Ctrl-C")


def test_a_reader_that_goes_away_is_no_error() -> None:
    script = (
        "import sys\nsys.argv[0] = 'tapehead'\nfrom tapehead.cli.main import main\n"
        "from tests.unit.cli.scripted import ScriptedStore\nstore = ScriptedStore()\n"
        "store.run_.script = store.run_.script[1:2] * 20000\n"
        "sys.exit(main(['--json', 'backtest', 'A', '--universe', 'x'], open_store=store.open))"
    )
    line = f'{sys.executable} -c "$SCRIPT" | head -1; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, env={**os.environ, "SCRIPT": script}, check=False
    )
    assert done.returncode == 141
    assert done.stderr == ""
    assert json.loads(done.stdout)["event"] == "result"


@pytest.mark.parametrize(
    "words",
    [
        ("db", "status", "postgresql://ann:s3cret@db/x"),
        ("--json", "undo", "postgresql://ann:s3/cr@s3cret@db/x"),
        ("show", "postgresql://db/x?sslmode=require&password=s3cret"),
        ("redis://:s3cret@cache",),
    ],
    ids=["word too many", "value", "query", "command"],
)
def test_a_url_in_the_wrong_place_is_told_without_its_password(call: Call, words: tuple[str, ...]) -> None:
    done = call(*words)
    assert done.code == 2
    assert "db/x" in done.err or "cache" in done.err
    assert "s3cret" not in done.out + done.err


def test_the_url_in_a_next_step_can_be_typed() -> None:
    text = Session().localise("It is away. See: tapehead --home postgresql:///x?host=/run&user=ann db status")
    assert text.endswith("tapehead --home 'postgresql:///x?host=/run&user=ann' db status")
