"""Examples of help texts that need more than a scripted store: keys, a service, runs to compare, SQL, PostgreSQL."""

import os
import re
import shlex
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import click

from tapehead.cli.keys import keys
from tapehead.cli.latest import latest
from tapehead.cli.portfolio import portfolio
from tapehead.cli.runs import runs
from tapehead.cli.screen import screen
from tapehead.cli.serve import serve
from tapehead.cli.sql import sql
from tapehead.cli.store import store
from tests.acceptance.program import PROGRAM, environment, tapehead, write_bars

PATIENCE_S = 60.0


def example(command: click.Command) -> list[str]:
    """Return the words of a command's example, without the program."""
    found = re.search(r"Example: tapehead (.*)", command.epilog or "")
    assert found is not None
    return shlex.split(found[1])


def test_a_key_is_made_listed_and_taken_back(tmp_path: Path) -> None:
    made = tapehead(*example(keys.commands["create"]), home=tmp_path)
    assert made.code == 0, made.err
    assert tapehead(*example(keys), home=tmp_path).code in (0, 2), "a second key of that name is made or refused"
    listed = tapehead(*example(keys.commands["list"]), home=tmp_path)
    assert (listed.code, "ci" in listed.out) == (0, True)
    revoked = tapehead(*example(keys.commands["revoke"]), home=tmp_path)
    assert revoked.code == 0, revoked.err


def test_two_runs_are_compared(market: Path) -> None:
    ids = [
        tapehead("--json", "backtest", name, "--universe", "crypto", home=market).events[-1]["run"]
        for name in ("SmaCross", "RsiReversion")
    ]
    words = example(runs.commands["compare"])
    named = iter(ids)
    words = [next(named) if re.fullmatch("01[0-9A-Z]{6}", word) else word for word in words]
    compared = tapehead(*words, home=market)
    assert compared.code == 0, compared.err
    assert all(run[:8] in compared.out for run in ids)
    # As many as a run may have: what `--top N shows all` says parses for every N.
    assert tapehead("runs", "compare", *ids, "--top", "5000", home=market).code == 0


def test_a_service_is_begun_shown_and_ended(tmp_path: Path) -> None:
    shown, browser = tmp_path / "shown", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {shlex.quote(str(shown))}.part && mv {shown}.part {shown}\n')
    browser.chmod(0o755)
    words = ["free" if word == "8750" else word for word in example(serve)]
    assert "--open" in words
    command = [str(PROGRAM), "--home", str(tmp_path / "home"), *words]
    env = {**environment(), "BROWSER": str(browser)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
    try:
        end = time.monotonic() + PATIENCE_S
        while not shown.exists():
            assert process.poll() is None
            assert time.monotonic() < end, "the browser was not started"
            time.sleep(0.02)
        live = f"{shown.read_text()}/livez"
        with urllib.request.urlopen(live, timeout=PATIENCE_S) as answer:  # noqa: S310 - http, ours, just begun
            assert answer.read() == b'{"alive":true}'
        os.kill(process.pid, signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
        process.wait(10)
    assert process.returncode == 0
    assert shown.read_text() in out


def test_the_newest_bars_are_listed_and_asked_for_by_sql(tmp_path: Path) -> None:
    assert tapehead("demo", "--instruments", "3", "--no-serve", home=tmp_path / "home").code == 0
    told = tapehead(*example(latest), home=tmp_path / "home")
    assert (told.code, "BTCUSDT" in told.out) == (0, True), told.err
    asked = tapehead(*example(sql), home=tmp_path / "home")
    assert (asked.code, "BTCUSDT" in asked.out) == (0, True), asked.err
    screened = tapehead(*example(screen), home=tmp_path / "home")
    assert (screened.code, "of 3 instruments" in screened.out) == (0, True), screened.err
    shared = tapehead(*example(portfolio), home=tmp_path / "home")
    assert (shared.code, "Account: " in shared.out) == (0, True), shared.err
    kept = tapehead(*example(store.commands["lines"]), home=tmp_path / "home")
    assert (kept.code, "rsi(close, period=14)" in kept.out) == (0, True), kept.err
    foreseen = tapehead(*example(store.commands["promote"]), home=tmp_path / "home", cwd=tmp_path)
    assert (foreseen.code, (tmp_path / "market-copy").exists()) == (0, False), foreseen.err


def test_a_series_has_rows_for_sql_and_has_them_no_more(tmp_path: Path, postgres: str) -> None:
    assert tapehead("import", write_bars(tmp_path / "binance"), home=postgres).code == 0
    switch = store.commands["rows"]
    assert isinstance(switch, click.Group)
    begun = tapehead(*example(switch.commands["on"]), home=postgres)
    assert begun.code == 0, begun.err
    listed = tapehead(*example(switch), home=postgres)
    assert ("BTCUSDT" in listed.out, "ETHUSDT" in listed.out) == (True, True), listed.err
    assert tapehead(*example(switch.commands["off"]), home=postgres).code == 0
