"""schemathesis over the whole OpenAPI of a real service: no 5xx, no undeclared answer, nothing that does not fit taken.

`make fuzz-http N=200 SEED=7`; the suite runs a short form (tests/acceptance/test_http_schema.py).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import tapehead as th
from tests.serving import serving

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "use_after_free",
    "ensure_resource_availability",
)
PHASES = ("examples", "coverage", "fuzzing", "stateful")
# To refuse a query by its length, before it is looked into, is to refuse it.
CONFIGURATION = (
    "checks.negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 431]\n"
)


class Found(NamedTuple):
    """How a fuzz ended, and what it and the service said."""

    code: int
    said: str
    log: str

    @property
    def broken(self) -> list[str]:
        """Lines of the log that tell of a fault in the service."""
        return [line for line in self.log.splitlines() if '"level":"error"' in line]


def fuzz(
    folder: Path, *, cases: int, seed: int, phases: tuple[str, ...] = PHASES, only: str = "", without: str = ""
) -> Found:
    """Serve a small synthetic market below `folder` and let schemathesis ask it, `cases` times an operation.

    `only` and `without` are patterns of paths.
    """
    home, log = folder / "home", folder / "log"
    with th.open(home) as store:
        store.demo(instruments=3, years=1)
    words = ["--checks", ",".join(CHECKS), "--phases", ",".join(phases), "--max-examples", str(cases)]
    words += ["--seed", str(seed), "--continue-on-failure", "--no-shrink", "--request-timeout", "60", "--no-color"]
    words += ["--warnings", "off", *(["--include-path-regex", only] if only else [])]
    words += ["--exclude-path-regex", without] if without else []
    (folder / "schemathesis.toml").write_text(CONFIGURATION, encoding="utf-8")
    program = str(Path(sys.executable).parent / "schemathesis")
    with log.open("w", encoding="utf-8") as err, serving(home, stderr=err) as served:
        place = f"{served.url}/api/openapi.json"
        done = subprocess.run(
            [program, "run", place, *words], capture_output=True, text=True, cwd=folder, check=False, timeout=3600
        )
    return Found(done.returncode, done.stdout + done.stderr, log.read_text(encoding="utf-8"))


def main() -> int:
    """Fuzz, tell, and return 1 where something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz_http", description=__doc__)
    parser.add_argument("--cases", type=int, default=100, help="of each operation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="pattern of paths, such as /runs")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = fuzz(Path(folder), cases=given.cases, seed=given.seed, only=given.only)
    sys.stdout.write(f"{found.said}\n")
    sys.stdout.writelines(f"{line}\n" for line in found.broken)
    return int(bool(found.code or found.broken))


if __name__ == "__main__":
    sys.exit(main())
