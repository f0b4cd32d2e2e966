"""load_strategy: by name, file and module; what an edit changes; what a file that does not load says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tapehead.errors import StrategyFileError, UnknownStrategyError
from tapehead.wiring.plugins import engine_digest, load_strategy, strategies_in, strategy_names
from tests.unit.library.market import RSI_BODY, write_strategy


def load_elsewhere(*named: str, first: str = "") -> str:
    """Source digests that a process of its own sees, after running `first`: a line each."""
    loading = f"for name in {named!r}:\n    print(load_strategy(name).source.hex())"
    text = f"{first}\nfrom tapehead.wiring.plugins import load_strategy\n{loading}"
    done = subprocess.run([sys.executable, "-W", "error", "-c", text], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_built_in_strategies_by_name() -> None:
    assert len(strategy_names()) >= 30
    assert {"BuyAndHold", "Donchian", "PairsSpread", "TurnOfMonth", "VolatilityTarget"} <= set(strategy_names())
    elsewhere = load_elsewhere(*strategy_names()).splitlines()
    for name, digest in zip(strategy_names(), elsewhere, strict=True):
        loaded = load_strategy(name)
        assert (loaded.made.__name__, loaded.name, loaded.origin) == (name, name, "")
        assert len(loaded.source) == 32
        assert loaded.source.hex() == digest


def test_a_name_that_is_nearly_right() -> None:
    with pytest.raises(UnknownStrategyError, match=r"No strategy 'SmaCros'\. Did you mean 'SmaCross'\?"):
        load_strategy("SmaCros")
    with pytest.raises(UnknownStrategyError) as caught:
        load_strategy("zzzz")
    assert "Did you mean" not in str(caught.value)


def test_a_file_may_leave_the_name_out_where_it_holds_one(tmp_path: Path) -> None:
    named = write_strategy(tmp_path / "mine.py", RSI_BODY)
    for text in (named, str(tmp_path / "mine.py")):
        loaded = load_strategy(text)
        assert (loaded.made.__name__, loaded.name) == ("Mine", "mine.py:Mine")
        assert loaded.origin == str(tmp_path / "mine.py")
    both = tmp_path / "two.py"
    both.write_text((tmp_path / "mine.py").read_text() + (tmp_path / "mine.py").read_text().replace("Mine", "Other"))
    assert [each.name for each in strategies_in(str(both))] == ["two.py:Mine", "two.py:Other"]
    with pytest.raises(UnknownStrategyError, match=r"holds: Mine, Other; write .*two\.py:Mine"):
        load_strategy(str(both))
    with pytest.raises(UnknownStrategyError, match="Did you mean 'Other'"):
        load_strategy(f"{both}:Othr")


def test_an_edit_counts_in_the_same_process(tmp_path: Path) -> None:
    named = write_strategy(tmp_path / "mine.py", RSI_BODY)
    first = load_strategy(named)
    assert load_strategy(named).made is first.made
    write_strategy(tmp_path / "mine.py", RSI_BODY.replace("30.0", "31.0"))
    second = load_strategy(named)
    assert second.source != first.source
    assert second.made is not first.made
    assert first.made.source == first.source
    write_strategy(tmp_path / "mine.py", RSI_BODY)
    assert load_strategy(named).source == first.source


def test_an_edit_of_what_it_imports_counts(tmp_path: Path) -> None:
    (tmp_path / "levels.py").write_text("LOW = 30.0\n")
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit" / "__init__.py").write_text("")
    (tmp_path / "kit" / "deep.py").write_text("HIGH = 70.0\n")
    body = "strength = rsi(bars.close, self.period)\nreturn Signals(enter=crossed_above(strength, LOW))\n"
    named = write_strategy(tmp_path / "mine.py", body)
    file = tmp_path / "mine.py"
    file.write_text("from levels import LOW\nfrom kit.deep import HIGH\n" + file.read_text())
    seen = [load_strategy(named).source]
    for path, text in (("levels.py", "LOW = 29.0\n"), ("kit/deep.py", "HIGH = 71.0\n"), ("kit/__init__.py", "#\n")):
        (tmp_path / path).write_text(text)
        loaded = load_strategy(named)
        seen.append(loaded.source)
        globals_of = loaded.made.signals.__globals__
        assert (globals_of["LOW"], globals_of["HIGH"]) == (29.0, 70.0 if path == "levels.py" else 71.0)
    assert len(set(seen)) == 4
    assert seen[-1].hex() == load_elsewhere(named)


QUICK_EDITS = """
import os, sys
from pathlib import Path
from tapehead.wiring.plugins import load_strategy

assert not sys.dont_write_bytecode
folder = Path(sys.argv[1])
sys.path.insert(0, sys.argv[1])
for low in ("30.0", "31.0", "32.0"):
    (folder / "levels.py").write_text(f"LOW = {low}\\n")
    text = (folder / "mine.py").read_text()
    for name in ("edited.py", "edited_module.py"):
        (folder / name).write_text(f"HERE = {low}\\n" + text)
        for file in (folder / name, folder / "levels.py"):
            os.utime(file, (1_600_000_000, 1_600_000_000))
    for named in (f"{folder}/edited.py:Mine", "edited_module:Mine"):
        seen = load_strategy(named).made.signals.__globals__
        assert (seen["HERE"], seen["LOW"]) == (float(low), float(low)), (named, low, seen["HERE"], seen["LOW"])
"""


def test_edits_within_one_second_that_keep_the_size_count(tmp_path: Path) -> None:
    """Python takes a .pyc for fresh by the second and the size of its source."""
    write_strategy(tmp_path / "mine.py", RSI_BODY)
    (tmp_path / "mine.py").write_text("from levels import LOW\n" + (tmp_path / "mine.py").read_text())
    words = [sys.executable, "-c", QUICK_EDITS, str(tmp_path)]
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(words, capture_output=True, text=True, env=plain, check=False)
    assert done.returncode == 0, done.stderr


def test_two_folders_may_each_have_a_helper_of_one_name(tmp_path: Path) -> None:
    made = {}
    for folder, low in (("one", 10.0), ("two", 20.0), ("one", 10.0)):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "helper_of_mine.py").write_text(f"LOW = {low}\n")
        named = write_strategy(tmp_path / folder / f"in_{folder}.py", RSI_BODY)
        file = Path(named.rpartition(":")[0])
        file.write_text(
            "from helper_of_mine import LOW\n" + file.read_text().removeprefix("from helper_of_mine import LOW\n")
        )
        loaded = load_strategy(named)
        assert loaded.made.signals.__globals__["LOW"] == low
        assert made.setdefault(folder, loaded.source) == loaded.source
    assert len(set(made.values())) == 2


def test_what_it_does_not_import_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "aside.py").write_text("X = 1\n")
    named = write_strategy(tmp_path / "mine.py", RSI_BODY)
    other = write_strategy(tmp_path / "other.py", RSI_BODY, name="Other")
    alone = load_elsewhere(named)
    assert load_strategy(other).source != load_strategy(named).source
    assert load_strategy(named).source.hex() == alone
    first = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nimport aside"
    assert load_elsewhere(named, first=first) == alone


def test_the_script_that_runs_stays_where_it_is(tmp_path: Path) -> None:
    named = write_strategy(tmp_path / "mine.py", RSI_BODY)
    (tmp_path / "aside.py").write_text("X = 1\n")
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, aside\nfrom tapehead.wiring.plugins import load_strategy\n"
        f"print(load_strategy({named!r}).source.hex())\n"
        "assert sys.modules['__main__'].__file__ == __file__ and sys.modules['aside'] is aside\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == load_strategy(named).source.hex()


def test_a_folder_may_move(tmp_path: Path) -> None:
    sources = []
    for folder in (tmp_path / "here", tmp_path / "there" / "deeper"):
        folder.mkdir(parents=True)
        sources.append(load_strategy(write_strategy(folder / "mine.py", RSI_BODY)).source)
    assert sources[0] == sources[1]


def test_a_module_brings_its_whole_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "ideas_of_mine"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "numbers.py").write_text("LOW = 30.0\n")
    write_strategy(package / "dip.py", RSI_BODY)
    monkeypatch.syspath_prepend(tmp_path)
    loaded = load_strategy("ideas_of_mine.dip:Mine")
    assert (loaded.name, loaded.origin) == ("ideas_of_mine.dip:Mine", str(package / "dip.py"))
    dip = (package / "dip.py").read_text()
    (package / "dip.py").write_text("from ideas_of_mine.numbers import LOW\n" + dip)
    edited = load_strategy("ideas_of_mine.dip:Mine")
    assert edited.source != loaded.source
    assert edited.made.signals.__globals__["LOW"] == 30.0
    (package / "numbers.py").write_text("LOW = 31.0\n")
    again = load_strategy("ideas_of_mine.dip:Mine")
    assert again.made.signals.__globals__["LOW"] == 31.0
    assert len({loaded.source, edited.source, again.source}) == 3
    assert load_strategy("ideas_of_mine.dip:Mine").made is again.made
    for text, cause in (
        ("ideas_of_mine.absent:Mine", "ModuleNotFoundError"),
        ("ideas_of_mine.dip:Absent", "AttributeError"),
        ("ideas_of_mine.numbers:LOW", "not decorated with @strategy"),
    ):
        with pytest.raises(StrategyFileError, match=cause):
            load_strategy(text)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("import tapehead\n\nimport nowhere_to_be_found\n", "line 3: ModuleNotFoundError: No module named"),
        ("x = 1\ny = x / 0\n", "line 2: ZeroDivisionError"),
        ("x = 1\nif x\n", "line 2: expected ':'"),
        ("import sys\nsys.exit(3)\n", "line 2: SystemExit: 3"),
        ("x = 1\n", "no class in it is decorated with @strategy"),
        ("", "no class in it is decorated with @strategy"),
        ("from tapehead import strategy\n\n\n@strategy\nclass Mine:\n    pass\n", "signals"),
        ("\0\0\0", "null bytes"),
    ],
)
def test_a_file_that_does_not_load_says_where(tmp_path: Path, text: str, cause: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text)
    with pytest.raises(StrategyFileError) as caught:
        load_strategy(f"{file}:Mine")
    assert cause in str(caught.value)
    assert str(file) in str(caught.value)
    assert f"tapehead strategies {file}" in str(caught.value)
    named = write_strategy(file, RSI_BODY)
    assert load_strategy(named).made.__name__ == "Mine"


def test_a_class_without_signals_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("from tapehead import strategy\n\n\n@strategy\nclass Mine:\n    pass\n")
    with pytest.raises(StrategyFileError) as raised:
        load_strategy(f"{path}:Mine")
    assert str(raised.value) == (
        f"{path} does not load as a strategy: line 4: class Mine has no method signals(self, bars). "
        f"Mend the file, then list what it holds: tapehead strategies {path}"
    )


def test_a_helper_with_a_fault_is_named(tmp_path: Path) -> None:
    (tmp_path / "levels.py").write_text("LOW = = 1\n")
    (tmp_path / "mine.py").write_text("import levels\n")
    with pytest.raises(StrategyFileError, match=r"levels\.py, line 1: invalid syntax"):
        load_strategy(str(tmp_path / "mine.py"))


def test_no_such_file(tmp_path: Path) -> None:
    for text in (f"{tmp_path}/absent.py:Mine", f"{tmp_path}:Mine.py"):
        with pytest.raises(StrategyFileError, match=r"there is no such file|it is a folder"):
            load_strategy(text)


def test_the_engine_is_named_by_what_decides_a_number(tmp_path: Path) -> None:
    import shutil

    import tapehead

    package = Path(tapehead.__file__).parent
    copy = tmp_path / "tapehead"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    text = "import sys\nsys.path.insert(0, sys.argv[1])\nfrom tapehead.wiring.plugins import engine_digest\n"
    text += "import tapehead\nassert tapehead.__file__.startswith(sys.argv[1])\nprint(engine_digest().hex())"

    def digest() -> str:
        words = [sys.executable, "-c", text, str(tmp_path)]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()

    assert digest() == engine_digest().hex()
    for decides in ("kernels/walk.py", "jobs/task.py", "strategies/strategy.py"):
        before = digest()
        with (copy / decides).open("a") as file:
            file.write("# edited\n")
        assert digest() != before, decides
    before = digest()
    for shows in ("cli/table.py", "library/run.py", "strategies/sma_cross.py", "stores/codec.py"):
        with (copy / shows).open("a") as file:
            file.write("# edited\n")
    assert digest() == before
