"""read_settings: what the environment may say, its defaults and its bounds."""

from pathlib import Path

import pytest

from tapehead.errors import ParameterError
from tapehead.settings import MIB, PoolSettings, Settings, processors, read_settings


def test_defaults() -> None:
    assert read_settings({"HOME": "/somewhere"}) == Settings(Path("/somewhere/.tapehead"), 256 * MIB, 4096 * MIB, 0)


def test_what_is_given_wins_over_the_environment() -> None:
    given = {"HOME": "/somewhere", "TAPEHEAD_HOME": "/elsewhere"}
    assert read_settings(given).home == Path("/elsewhere")
    assert read_settings(given, "/here").home == Path("/here")
    assert read_settings({"HOME": "/somewhere", "TAPEHEAD_HOME": ""}).home == Path("/somewhere/.tapehead")
    assert read_settings({}, "relative").home == Path.cwd() / "relative"
    assert read_settings({}, "~/store").home == Path("~/store").expanduser()


def test_sizes_are_mebibytes_and_0_switches_off() -> None:
    given = {"TAPEHEAD_MEMORY_MB": "0", "TAPEHEAD_HOT_MB": " 7 ", "TAPEHEAD_WORKERS": "1024"}
    assert read_settings(given, "/h") == Settings(Path("/h"), 0, 7 * MIB, 1024)
    assert read_settings({"TAPEHEAD_WORKERS": " "}, "/h").workers == 0


@pytest.mark.parametrize("home", ["mysql://ann:word@host/bars", "file:///bars"])
def test_a_url_is_no_folder(home: str) -> None:
    with pytest.raises(ParameterError, match=r"home=\w+://\.\.\.: home must be a folder, or postgresql://"):
        read_settings({}, home)
    with pytest.raises(ParameterError, match=r"home=\w+://\.\.\.: home must be a folder, or postgresql://"):
        read_settings({"TAPEHEAD_HOME": home})


@pytest.mark.parametrize("name", ["TAPEHEAD_MEMORY_MB", "TAPEHEAD_HOT_MB", "TAPEHEAD_WORKERS"])
@pytest.mark.parametrize("text", ["-1", "1.5", "many", "²", "1e3", "999999999999"])
def test_anything_else_is_refused_with_the_bound(name: str, text: str) -> None:
    with pytest.raises(ParameterError, match=rf"{name}={text}: {name} must be a whole number from 0 to [\d,]+\."):
        read_settings({name: text}, "/h")


def test_sizes_and_waits_of_connections_are_one_word() -> None:
    assert read_settings({}, "/h").pool == PoolSettings()
    assert read_settings({"TAPEHEAD_POOL": "20"}, "/h").pool == PoolSettings(largest=20)
    given = {"TAPEHEAD_POOL": " 20, warm=4,overflow=10 ,wait=0.5,statement=0"}
    wanted = PoolSettings(smallest=4, largest=20, overflow=10, wait_s=0.5, statement_s=0.0)
    assert read_settings(given, "/h").pool == wanted
    assert read_settings({"TAPEHEAD_POOL": "2,warm=2"}, "/h").pool == PoolSettings(smallest=2, largest=2)
    for text, most in (("warm=40,20", 20), ("warm=11", 10)):
        with pytest.raises(ParameterError, match=rf"TAPEHEAD_POOL=warm=\d+: .* warm of at most {most},"):
            read_settings({"TAPEHEAD_POOL": text}, "/h")


@pytest.mark.parametrize("text", ["many", "-1", "0", "1", "1.5", "99999", "warm=", "warm=1.5", "wait=1e3", "size=3"])
def test_another_pool_is_refused_with_the_words_there_are(text: str) -> None:
    with pytest.raises(ParameterError, match=rf"TAPEHEAD_POOL={text}: .* from 2 to 1,024, .* 20,warm=4,overflow=10"):
        read_settings({"TAPEHEAD_POOL": f"20,{text}"}, "/h")


def test_replicas_are_urls_with_blanks_between_and_never_shown() -> None:
    urls = "postgresql://ann:word@one/bars  postgresql://ann:word@two/bars postgresql://ann:word@one/bars"
    settings = read_settings({"TAPEHEAD_REPLICAS": urls}, "/h")
    assert settings.replicas == ("postgresql://ann:word@one/bars", "postgresql://ann:word@two/bars")
    assert "word" not in repr(settings)


def test_there_is_a_processor() -> None:
    assert processors() >= 1


@pytest.mark.parametrize(
    ("groups", "files", "quota"),
    [
        ("0::/\n", {"cpu.max": "max 100000\n"}, None),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "50000 100000\n"}, 1),
        ("0::/elsewhere\n", {"cpu.max": "40000 100000\n"}, 1),
        ("5:cpuset:/\n4:cpu,cpuacct:/x\n", {"cpu,cpuacct/x/cpu.cfs_quota_us": "-1\n"}, None),
        (
            "4:cpu,cpuacct:/x\n",
            {"cpu,cpuacct/x/cpu.cfs_quota_us": "100000\n", "cpu,cpuacct/x/cpu.cfs_period_us": "100000\n"},
            1,
        ),
        ("0::/\n", {"cpu.max": "nonsense\n"}, None),
    ],
)
def test_processors_are_bound_by_the_quota_of_a_control_group(
    groups: str, files: dict[str, str], quota: int | None, tmp_path: Path
) -> None:
    for name, text in {"proc/self/cgroup": groups, **{f"sys/fs/cgroup/{at}": t for at, t in files.items()}}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    unbound = processors(tmp_path / "nothing")
    assert processors(tmp_path) == (unbound if quota is None else quota)


def test_a_store_in_postgresql_keeps_its_hot_files_in_the_folder_of_homes() -> None:
    url = "postgresql://ann:word@host/bars"
    for given, home in (({"TAPEHEAD_HOME": url}, None), ({"TAPEHEAD_HOME": "/data"}, url), ({}, url)):
        settings = read_settings({"HOME": "/people/ann", **given}, home)
        assert settings.url == url
        assert settings.home == Path((given.get("TAPEHEAD_HOME") == "/data" and "/data") or "/people/ann/.tapehead")
        assert "word" not in repr(settings)
