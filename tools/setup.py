"""Make .venv ready: environment, pinned packages, the project itself, compiled kernels.

Needs python3 (3.11 or newer, with venv) and nothing else. Safe to call again at any time: a finished set-up is
recognised in milliseconds, an interrupted one is made anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "setup.json"
UNFINISHED = VENV / "setup.unfinished"
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
# What decides where the kernel cache lies and what is in it; unless told otherwise it lies in .venv.
KERNEL_ENVIRONMENT = ("NUMBA_CACHE_DIR", "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES")
# Cache folders and processors the kernels were compiled for; a few, because one clone may serve several of either.
WARMED_KEPT = 8
STEPS = 7


class SetupError(Exception):
    """A step failed; the text says what to do next."""


def say(line: str) -> None:
    """Print one line at once, also into a pipe."""
    print(line, flush=True)


def digest(*parts: bytes) -> str:
    """SHA-256 over length-prefixed parts."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()


def environment_key() -> str:
    """Name the wanted content of the environment: pins, project file, this script."""
    return digest(*(path.read_bytes() for path in (LOCK, ROOT / "pyproject.toml", Path(__file__))))


def environment_place() -> str:
    """Where the environment lies and which interpreter it stands on; scripts in it name the first, links the second."""
    return f"{VENV} on {os.path.realpath(PYTHON)}"


def processor() -> str:
    """Model and features of the processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return "\n".join(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))


def kernel_key() -> str:
    """Name the compiled kernels: sources, constants they import, processor, place of the cache."""
    source = ROOT / "src" / "tapehead"
    files = sorted([*source.glob("kernels/**/*.py"), *source.glob("layout/**/*.py")])
    named = [part for path in files for part in (str(path.relative_to(source)).encode(), path.read_bytes())]
    around = "\n".join(f"{name}={os.environ.get(name)}" for name in KERNEL_ENVIRONMENT)
    return digest(*named, around.encode(), processor().encode())


def read_stamp() -> dict[str, Any]:
    """What the last finished set-up wrote; empty when there is none that still holds."""
    if UNFINISHED.exists() or not PYTHON.exists() or not (VENV / "bin" / "tapehead").exists():
        return {}
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) and stamp.get("place") == environment_place() else {}


def write_stamp(environment: str, kernels: list[str]) -> None:
    """Replace the stamp in one step."""
    fresh = STAMP.with_suffix(".part")
    content = {"environment": environment, "kernels": kernels, "place": environment_place()}
    fresh.write_text(json.dumps(content), encoding="utf-8")
    fresh.replace(STAMP)


def surroundings() -> dict[str, str]:
    """Environment of the installers: quiet, system certificates trusted, the user's own index kept."""
    env = {**os.environ, "UV_SYSTEM_CERTS": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    env["VIRTUAL_ENV"] = str(VENV)
    for name in ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"):
        env.pop(name, None)
    configured = pip_settings()
    named = any(env.get(name) for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"))
    bundle = next((path for path in BUNDLES if Path(path).exists()), None)
    if bundle and not named and "cert" not in configured:
        env["PIP_CERT"] = bundle
    index = configured.get("index-url")
    if index and not any(env.get(name) for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_CONFIG_FILE")):
        env["UV_DEFAULT_INDEX"] = index
    return env


def pip_settings() -> dict[str, str]:
    """Settings the user gave pip, by their last name; uv does not read them."""
    listed = subprocess.run([str(PYTHON), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    settings = {}
    for line in listed.stdout.splitlines():
        name, _, value = line.partition("=")
        settings[name.rpartition(".")[2]] = value.strip("'\"")
    return settings


class Progress:
    """Numbers the steps and times them."""

    def __init__(self) -> None:
        self.number = 0

    def step(self, title: str, *commands: list[str], env: dict[str, str] | None = None, hint: str) -> None:
        """Run the commands in order until one works; print one line."""
        self.number += 1
        begun = time.monotonic()
        output = ""
        for position, command in enumerate(commands):
            code, output = run(command, env)
            if code == 0:
                way = " (with pip)" if position else ""
                say(f"set-up {self.number}/{STEPS}  {title}{way}  {time.monotonic() - begun:.1f} s")
                return
        tail = "\n".join(f"    {line}" for line in output.strip().splitlines()[-12:])
        raise SetupError(f"{tail}\nset-up {self.number}/{STEPS}  {title}: did not work. {hint}")

    def skip(self, title: str, reason: str) -> None:
        """Say why a step is left out."""
        self.number += 1
        say(f"set-up {self.number}/{STEPS}  {title}: {reason}")


def run(command: list[str], env: dict[str, str] | None) -> tuple[int, str]:
    """Run to the end; exit status and what was said."""
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        return 127, str(error)
    return done.returncode, done.stdout


def pinned(name: str) -> str:
    """The lines of one package in requirements.lock."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    begin = next((i for i, line in enumerate(lines) if line.startswith(f"{name}==")), None)
    if begin is None:
        raise SetupError(f"requirements.lock holds no {name}. Get the file again: git checkout requirements.lock")
    end = begin + 1
    while end < len(lines) and lines[end].startswith(" "):
        end += 1
    return "\n".join(lines[begin:end]) + "\n"


def make_environment(progress: Progress) -> None:
    """A new venv, marked unfinished until everything is in it."""
    if VENV.is_symlink() or VENV.is_file():
        raise SetupError(".venv is not a folder of its own. Move it away and call again: make setup")
    shutil.rmtree(VENV, ignore_errors=True)
    progress.step(
        f"environment .venv, Python {platform.python_version()}",
        [sys.executable, "-m", "venv", str(VENV)],
        hint="Python's venv module is wanted; on Debian and Ubuntu: apt install python3-venv. Then: make setup",
    )


def install(progress: Progress) -> None:
    """Everything that comes from outside, then the project itself."""
    env = surroundings()
    pip = [str(PYTHON), "-m", "pip"]
    uv = [str(PYTHON), "-m", "uv", "pip"]
    wanted = VENV / "uv.lock.txt"
    wanted.write_text(pinned("uv"), encoding="utf-8")
    by_uv = True
    try:
        progress.step(
            "installer uv",
            [*pip, "install", "--quiet", "--require-hashes", "--no-deps", "-r", str(wanted)],
            env=env,
            hint="",
        )
    except SetupError:
        by_uv = False
        say(f"set-up {progress.number}/{STEPS}  installer uv: could not be installed, going on with pip (slower)")
    with_pip = [*pip, "install", "--quiet", "--require-hashes", "-r", str(LOCK)]
    with_uv = [*uv, "sync", "--quiet", "--require-hashes", "--python", str(PYTHON), str(LOCK)]
    progress.step(
        "packages of requirements.lock",
        *([with_uv] if by_uv else []),
        with_pip,
        env=env,
        hint="The package index must be reachable; behind a proxy set HTTPS_PROXY, with an index of your own set "
        "PIP_INDEX_URL. Then: make setup",
    )
    editable = ["install", "--quiet", "--no-deps", "--no-build-isolation"]
    progress.step(
        "tapehead itself, editable",
        *([[*uv, *editable, "--python", str(PYTHON), "--editable", "."]] if by_uv else []),
        [*pip, *editable, "--editable", "."],
        env=env,
        hint="pyproject.toml or the source tree is not whole: git status, then: make setup",
    )
    # -q -q: a template that is not valid Python is nothing to stop for; -f is not wanted, fresh files are left alone.
    site = VENV / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    progress.step(
        "bytecode",
        [str(PYTHON), "-c", COMPILE, str(site), str(ROOT / "src")],
        hint="The disk may be full: df -h . Then: make setup",
    )


# compileall says False for packages that ship templates or test files in no Python's syntax: not our failure.
COMPILE = (
    "import compileall, sys\n"
    "for folder in sys.argv[1:]:\n"
    "    compileall.compile_dir(folder, quiet=2, workers=0, maxlevels=40)\n"
)


def warm(progress: Progress) -> None:
    """Compile all kernels once, so that no first row waits for a compiler."""
    progress.step(
        "kernels compiled",
        [str(PYTHON), "-m", "tapehead.kernels.warm"],
        hint="The lines above name the kernel. See it alone: .venv/bin/python -m tapehead.kernels.warm",
    )


def page_built() -> bool:
    """Whether the page is built of what lies in web/ now."""
    # -I leaves this folder out of the path.
    sys.path.insert(0, str(ROOT / "tools"))
    import page

    return page.is_built()


def build_page(progress: Progress) -> None:
    """Build what changed in web/; an editable install did it the first time."""
    progress.step(
        "page built",
        [str(PYTHON), str(ROOT / "tools" / "page.py")],
        env=surroundings(),
        hint="See it alone: .venv/bin/python tools/page.py",
    )


def ready(begun: float) -> None:
    """Bring .venv to the wanted state by the shortest way."""
    progress = Progress()
    wanted, kernels = environment_key(), kernel_key()
    stamp = read_stamp()
    current, warmed = stamp.get("environment") == wanted, list(stamp.get("kernels", []))
    if current and kernels in warmed:
        if not page_built():
            progress.number = STEPS - 1
            build_page(progress)
        return
    if current:
        progress.number = STEPS - 2
    else:
        if stamp:
            progress.skip("environment .venv", "is there, brought up to date")
        else:
            make_environment(progress)
        UNFINISHED.touch()
        install(progress)
        warmed = []
        write_stamp(wanted, warmed)
        UNFINISHED.unlink()
    if page_built():
        progress.skip("page", "is built")
    else:
        build_page(progress)
    warm(progress)
    write_stamp(wanted, [*warmed[1 - WARMED_KEPT :], kernels])
    say(f"set-up done in {time.monotonic() - begun:.1f} s")


def check_python() -> None:
    """Refuse an interpreter that is too old; step out of the environment that is about to be replaced."""
    if sys.version_info < (3, 11):
        raise SetupError(
            f"Tapehead needs Python 3.11 or newer; {sys.executable} is {platform.python_version()}. "
            "Name another one: make setup PYTHON=python3.12"
        )
    if Path(sys.prefix).resolve() == VENV.resolve():
        # Called from the activated environment: it cannot replace itself, so its own interpreter goes on from outside.
        base = os.path.realpath(sys.executable)
        os.execv(base, [base, "-I", "-B", str(Path(__file__).resolve())])  # noqa: S606 - no shell: our own file by our own interpreter


def main() -> int:
    """Set up under a lock, so that two calls at once do not meet."""
    begun = time.monotonic()
    try:
        check_python()
        # The lock is on this file itself: nothing to leave behind, and a killed set-up frees it.
        with Path(__file__).open("rb") as own:
            try:
                fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("set-up is running here in another process; waiting for it")
                fcntl.flock(own, fcntl.LOCK_EX)
            ready(begun)
    except SetupError as error:
        say(str(error))
        return 3
    except KeyboardInterrupt:
        say("set-up stopped; make setup starts it again")
        return 130
    except OSError as error:
        say(f"set-up: {error}. Free the place or the right, then: make setup")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
