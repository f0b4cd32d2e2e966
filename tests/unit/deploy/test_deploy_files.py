"""The files of `deploy/` say only what the program knows, and agree with each other and with docs/deploy.md."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from tapehead.api.event_stream import PING_S
from tapehead.api.options import Options
from tapehead.api.serve import DRAIN_S, KEEP_ALIVE_S
from tests.house.commands import fault_in, refusal
from tests.house.tree import ROOT

DEPLOY = ROOT / "deploy"
UNITS = ("tapehead.service", "tapehead-nightly.service")
OF_OTHERS = {"NUMBA_CACHE_DIR", "FORWARDED_ALLOW_IPS", "PATH", "PYTHONDONTWRITEBYTECODE"}
"""Variables that are read by Numba, uvicorn and Python."""


def text(name: str) -> str:
    """Return a file of deploy/."""
    return (DEPLOY / name).read_text(encoding="utf-8")


def found_in(pattern: str, content: str) -> str:
    """Return the group of a pattern that must be there."""
    found = re.search(pattern, content, re.MULTILINE)
    assert found is not None, pattern
    return found[1]


def settings(name: str) -> dict[str, list[str]]:
    """Return what a unit sets, each key with its values."""
    found: dict[str, list[str]] = {}
    for line in text(name).splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def compose() -> dict[str, Any]:
    """Return the compose file."""
    found: dict[str, Any] = yaml.safe_load(text("compose.yaml"))
    return found


def directives(name: str) -> dict[str, str]:
    """Return nginx's directives, the last of each; durations and sizes as they stand."""
    return dict(re.findall(r"^\s*(\w+) ([^;]+);", text(name), re.MULTILINE))


def commands() -> Iterator[list[str]]:
    """Yield every command line of the program in deploy/ and docs/deploy.md, without the program's name."""
    for unit in UNITS:
        yield shlex.split(settings(unit)["ExecStart"][0])[1:]
    entry = json.loads(found_in(r"^ENTRYPOINT (.+)$", text("Containerfile")))
    told = json.loads(found_in(r"^CMD (.+)$", text("Containerfile")))
    assert entry == ["tapehead"]
    yield told
    yield [str(word) for word in compose()["services"]["tapehead"]["command"]]
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    for line in re.findall(r"^# sudo .* /opt/tapehead/bin/tapehead (.+)$", page, re.MULTILINE):
        yield shlex.split(line)


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_parses(words: list[str], tmp_path: Path) -> None:
    # A folder that must exist is one here.
    named = " ".join(str(tmp_path) if word.startswith("/var/lib/") else word for word in words)
    assert (fault_in(named), refusal(named)) == (None, None)


def test_every_variable_is_one_that_somebody_reads() -> None:
    given: set[str] = set(compose()["services"]["tapehead"]["environment"])
    for unit in UNITS:
        given |= {pair.partition("=")[0] for line in settings(unit)["Environment"] for pair in line.split()}
    given |= set(re.findall(r"^(?:ENV|   ) ?([A-Z_]+)=", text("Containerfile"), re.MULTILINE))
    assert {"TAPEHEAD_HOME", "TAPEHEAD_KEY_FILE", "TAPEHEAD_LOG"} < given
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    read = {name for name in given if name.startswith("TAPEHEAD_") and name.removesuffix("_FILE") in sources}
    assert given - read == OF_OTHERS


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_knows_every_line_of_the_units(unit: str, tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is absent: units are not parsed here")
    for each in UNITS:
        # The only thing of a machine that a unit names: its program.
        (tmp_path / each).write_text(text(each).replace("/opt/tapehead/bin/tapehead", "/bin/true"), encoding="utf-8")
    command = [program, "verify", "--man=no", "--recursive-errors=no", str(tmp_path / unit)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (0, "")


def test_the_unit_waits_longer_than_the_service_needs_to_end() -> None:
    # The streams' drain, then as long for the runs (Service.close).
    assert int(settings("tapehead.service")["TimeoutStopSec"][0]) > 2 * DRAIN_S
    assert int(compose()["services"]["tapehead"]["stop_grace_period"].removesuffix("s")) > 2 * DRAIN_S


def test_no_unit_and_no_image_runs_as_a_user_with_rights() -> None:
    unit = settings("tapehead.service")
    assert unit["User"] == ["tapehead"]
    assert (unit["NoNewPrivileges"], unit["CapabilityBoundingSet"]) == (["yes"], [""])
    assert settings("tapehead-nightly.service")["DynamicUser"] == ["yes"]
    image = text("Containerfile")
    user = re.findall(r"^USER (\S+)$", image, re.MULTILINE)[-1]
    assert image.rindex("\nUSER ") < image.index("\nENTRYPOINT ")
    service = compose()["services"]["tapehead"]
    assert service["user"] == user == "10750:10750"
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])


def test_the_image_is_built_of_all_that_the_build_reads(tmp_path: Path) -> None:
    ignored = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").split() if "/" in line]
    given: set[str] = set()
    for line in re.findall(r"^COPY (?!--)(.+)$", text("Containerfile"), re.MULTILINE):
        *names, place = line.split()
        assert place == "./" or names == [place.removeprefix("./")]
        given |= set(names)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    built = project["tool"]["hatch"]["build"]
    assert given >= {"pyproject.toml", "requirements.lock", project["project"]["readme"]}
    folders = [built["hooks"]["custom"]["path"], *built["targets"]["wheel"]["packages"], "web"]
    assert given >= {*project["project"]["license-files"], *(Path(each).parts[0] for each in folders)}
    # The page's builder, run in what the image is given, finds the sources that it finds here.
    assert {"web/node_modules", "src/tapehead/api/page"} <= set(ignored)
    for name in ("tools", "web"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    there, here = page_builder(tmp_path), page_builder(ROOT)
    assert there.digest(there.sources()) == here.digest(here.sources())


def page_builder(root: Path) -> ModuleType:
    """Load tools/page.py of a source tree."""
    spec = spec_from_file_location("page_builder", root / "tools" / "page.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_image_writes_into_its_volume_only() -> None:
    image = text("Containerfile")
    volume = re.search(r"^VOLUME (\S+)$", image, re.MULTILINE)
    assert volume is not None
    for name in ("TAPEHEAD_HOME", "NUMBA_CACHE_DIR"):
        place = re.search(rf"\b{name}=(\S+)", image)
        assert place is not None
        assert place[1].startswith(volume[1])
    assert f"home:{volume[1]}" in compose()["services"]["tapehead"]["volumes"]


def test_the_health_check_asks_what_needs_no_key() -> None:
    assert "127.0.0.1:8750/livez'" in text("Containerfile")
    assert Options().port == 8750
    assert "| `GET /livez` | open |" in (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_compose_names_what_is_there() -> None:
    whole = compose()
    for service in whole["services"].values():
        assert set(service["networks"]) <= set(whole["networks"])
        assert {each["source"] for each in service.get("configs", ())} <= set(whole["configs"])
        assert {each["source"] for each in service.get("secrets", ())} <= set(whole["secrets"])
        assert set(service.get("depends_on", ())) <= set(whole["services"])
    assert (DEPLOY / whole["configs"]["nginx"]["file"]).exists()
    build = whole["services"]["tapehead"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == DEPLOY / "Containerfile"
    # What compose rewrites in nginx's configuration stands there, as do the places of the certificate.
    assert "server 127.0.0.1:8750;" in text("nginx.conf")
    for secret in whole["services"]["nginx"]["secrets"]:
        assert f"{secret['target']};" in text("nginx.conf")


def test_every_file_is_on_the_page() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    for path in DEPLOY.iterdir():
        assert f"`deploy/{path.name}`" in page, path.name


def test_nginx_waits_as_long_as_the_service_speaks() -> None:
    streams = text("nginx.conf").partition("# Event streams.")[2].partition("\n    }\n")[0]
    assert "proxy_buffering off;" in streams
    assert int(found_in(r"proxy_read_timeout (\d+)s;", streams)) >= 3 * PING_S
    upstream = text("nginx.conf").partition("upstream tapehead {")[2].partition("}")[0]
    assert int(found_in(r"keepalive_timeout (\d+)s;", upstream)) < KEEP_ALIVE_S
    assert "chunked_transfer_encoding" not in text("nginx.conf")


def test_nginx_bounds_what_the_service_bounds() -> None:
    found, options = directives("nginx.conf"), Options()
    sizes = [int(size) * 1024 ** (" kmg".index(unit)) for size, unit in re.findall(
        r"client_max_body_size (\d+)([kmg]);", text("nginx.conf")
    )]  # fmt: skip
    assert sizes == [options.body_bytes, options.upload_bytes]
    count, size = found["large_client_header_buffers"].split()
    assert int(count) * int(size.removesuffix("k")) * 1024 == options.header_bytes
    assert float(found["client_header_timeout"].removesuffix("s")) == options.header_s
    assert float(found["client_body_timeout"].removesuffix("s")) == options.body_s
    all_of_them = re.search(r"limit_conn tapehead_all (\d+);", text("nginx.conf"))
    assert all_of_them is not None
    assert int(all_of_them[1]) < options.connections
