"""What every test may ask for, and the rule about skips."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

pytest_plugins = ["tests.servers", "tests.clusters"]

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = Path(os.environ.get("TAPEHEAD_TEST_DATA") or ROOT.parent / "shared" / "data")


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Give the path of a file of the shared data, or skip by its name."""

    def find(relative: str) -> Path:
        path = SHARED_DATA / relative
        if not path.exists():
            pytest.skip(f"shared data is absent: {path} (set TAPEHEAD_TEST_DATA)")
        return path

    return find


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their argument: a gzip header holds the second it was made in, and two workers would differ."""
    return argname if isinstance(val, bytes) else None


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """In CI a server or a browser that is missing is a failure; absent shared data stays a skip with its name."""
    if os.environ.get("CI", "").lower() not in ("1", "true", "yes"):
        return
    if not report.skipped or hasattr(report, "wasxfail") or not isinstance(report.longrepr, tuple):
        return
    reason = report.longrepr[2].removeprefix("Skipped: ")
    if reason.startswith("needs "):
        report.outcome = "failed"
        report.longrepr = f"skipped, and CI may not skip this: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report
