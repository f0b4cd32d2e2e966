"""Break engine, store and event stream a line at a time and see each noticed: `python -m tests.mutants [WORD]`.

Works on a copy of src; nothing in the tree is changed. First every killer must pass on the copy as it is, since a test
that fails anyway notices nothing. WORD keeps only the mutants whose sentence or file contains it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.mutants.engine import ENGINE
from tests.mutants.mutant import UNCOMPILED, Mutant
from tests.mutants.store import STORE
from tests.mutants.stream import STREAM

ROOT = Path(__file__).resolve().parent.parent.parent
FAILED = 1
"""pytest's exit code for tests that ran and failed; others mean that nothing was tried."""


def passes(killer: str, source: Path, cache: Path) -> bool:
    """Run one test file on the package below `source`; raise when pytest could not run it."""
    env = {**os.environ, "PYTHONPATH": str(source), "NUMBA_CACHE_DIR": str(cache), "PYTHONDONTWRITEBYTECODE": "1"}
    if killer in UNCOMPILED:
        # A table has a handful of bars: uncompiled it takes seconds, a compiled mutant a minute.
        env["NUMBA_DISABLE_JIT"] = "1"
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider", killer]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode not in (0, FAILED):
        raise RuntimeError(f"{killer} did not run:\n{done.stdout}{done.stderr}")
    return done.returncode == 0


def compile_kernels(source: Path, cache: Path) -> None:
    """Compile what no mutant touches, so that no test waits for it."""
    env = {**os.environ, "PYTHONPATH": str(source), "NUMBA_CACHE_DIR": str(cache), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-m", "tapehead.kernels.warm"], env=env, cwd=ROOT, check=True, capture_output=True)


def survives(mutant: Mutant, source: Path, cache: Path) -> bool:
    """Apply a mutant, run its killer, and put the line back."""
    path = source / "tapehead" / mutant.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise RuntimeError(f"{mutant.file} holds {text.count(mutant.old)} times, not once: {mutant.old}")
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        return passes(mutant.killer, source, cache)
    finally:
        path.write_text(text, encoding="utf-8")


def main(word: str = "") -> int:
    """Print a line a mutant; return how many survived."""
    chosen = [mutant for mutant in (*ENGINE, *STORE, *STREAM) if word in mutant.says or word in mutant.file]
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        source, cache = Path(folder, "src"), Path(folder, "cache")
        shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
        killers = {mutant.killer for mutant in chosen}
        if killers - {*UNCOMPILED}:
            compile_kernels(source, cache)
        for killer in sorted(killers):
            if not passes(killer, source, cache):
                sys.stdout.write(f"{killer} fails without any mutant\n")
                return 1
        for mutant in chosen:
            alive = survives(mutant, source, cache)
            survivors += alive
            sys.stdout.write(f"{'SURVIVED' if alive else 'killed  '}  {mutant.says}  ({mutant.killer})\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(chosen) - survivors} of {len(chosen)} killed\n")
    return survivors


if __name__ == "__main__":
    sys.exit(min(main(*sys.argv[1:2]), 1))
