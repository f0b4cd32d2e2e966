"""The command `tapehead`: its list of commands, and how every way it can end becomes an exit code."""

import io
import json
import os
import re
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tapehead.cli.caret import caret_lines
from tapehead.cli.commands import Entry, LazyGroup
from tapehead.cli.session import Session
from tapehead.errors import SurroundingsError, TapeheadError

if TYPE_CHECKING:
    from tapehead.cli.session import Opener

DONE, INPUT, SURROUNDINGS, INTERRUPTED, READER_GONE = 0, 2, 3, 130, 141

ENTRIES = {
    "demo": Entry("tapehead.cli.demo", "demo", "A synthetic market, one strategy on all of it."),
    "import": Entry("tapehead.cli.importing", "import_", "Bars from files of any format into the store."),
    "undo": Entry("tapehead.cli.undo", "undo", "Take back one commit, such as an import."),
    "instruments": Entry("tapehead.cli.bars", "instruments", "What the store holds, with its coverage."),
    "bars": Entry("tapehead.cli.prices", "bars", "The bars of one instrument, at any coarser interval too."),
    "latest": Entry("tapehead.cli.latest", "latest", "One bar of every instrument: the newest, or of a moment."),
    "coverage": Entry("tapehead.cli.coverage", "coverage", "Which bars are held, empty or missing, drawn over time."),
    "universe": Entry("tapehead.cli.universe", "universe", "Named sets of instruments."),
    "screen": Entry("tapehead.cli.screen", "screen", "Instruments that an expression of indicators holds for."),
    "sql": Entry("tapehead.cli.sql", "sql", "One SELECT over bars, instruments, runs and trades."),
    "strategies": Entry("tapehead.cli.strategies", "strategies", "Strategies, their parameters and bounds."),
    "new": Entry("tapehead.cli.template", "new", "A strategy file to begin with, and its test."),
    "preset": Entry("tapehead.cli.preset", "preset", "Strategies with their parameters, saved and run by name."),
    "indicators": Entry("tapehead.cli.indicators", "indicators", "Indicators, their lines, parameters and warm-up."),
    "backtest": Entry("tapehead.cli.run", "backtest", "One strategy on many instruments, each result as it is done."),
    "portfolio": Entry("tapehead.cli.portfolio", "portfolio", "One strategy on many instruments, from one account."),
    "sweep": Entry("tapehead.cli.sweep", "sweep", "Many sets of parameters on many instruments, as a surface."),
    "runs": Entry("tapehead.cli.runs", "runs", "Kept runs."),
    "show": Entry("tapehead.cli.show", "show", "Results, trades, equity or receipt of a kept run."),
    "explain": Entry("tapehead.cli.explain", "explain", "Why a trade is what it is, and its money on each path."),
    "report": Entry("tapehead.cli.report", "report", "A tear sheet: one page that needs nothing but a browser."),
    "verify": Entry("tapehead.cli.runs", "verify", "Make a run again and compare every bit."),
    "store": Entry("tapehead.cli.store", "store", "Check, list, compare, sweep and export what is held."),
    "serve": Entry("tapehead.cli.serve", "serve", "The store over HTTP, results as server-sent events."),
    "keys": Entry("tapehead.cli.keys", "keys", "Who may use the service from beyond this machine."),
    "servers": Entry("tapehead.cli.servers", "servers", "A PostgreSQL and a Valkey of your own, without root."),
    "db": Entry("tapehead.cli.db", "db", "The database behind the store, and the step of its schema."),
    "cache": Entry("tapehead.cli.cache", "cache", "What cached functions returned, and the tiers of bars."),
    "doctor": Entry("tapehead.cli.doctor", "doctor", "Check home, disk, kernels and formats."),
}

root = LazyGroup(
    "tapehead",
    entries=ENTRIES,
    help="Test trading ideas on the whole market at once.",
    epilog="\b\nExample: tapehead backtest RsiReversion --universe demo --fee 10bps",
)


def main(argv: Sequence[str] | None = None, *, open_store: "Opener | None" = None) -> int:
    """Run one command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Words after the program's name; default `sys.argv[1:]`.
    open_store : callable, optional
        Opens a store from a home; default `tapehead.library.store.open`.

    Returns
    -------
    int
        0 done, 1 a check said no, 2 input, 3 surroundings, 130 interrupted, 141 the reader of our output went away.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    session = Session(open_store)
    for name in ("stdout", "stderr"):
        # A shell may start us with `>&-`; Python then has None there, and what is said is said to nobody.
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - open as long as we run
    try:
        code = _run(words, session)
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes once more at exit and would complain there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    return code


def _run(words: list[str], session: Session) -> int:
    """Run the words; tell what went wrong; return the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        with root.make_context("tapehead", words, obj=session) as context:
            answer = root.invoke(context)
            return answer if isinstance(answer, int) else DONE
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.exceptions.NoArgsIsHelpError as help_:
        print(help_.format_message(), file=sys.stderr, flush=True)
        return INPUT
    except click.ClickException as error:
        return _tell(session, words, "input.usage", _usage(error), INPUT)
    except (KeyboardInterrupt, click.Abort):
        return _tell(session, words, "interrupted", "Stopped by Ctrl-C; what was finished before is kept.", INTERRUPTED)
    except BrokenPipeError:
        raise
    except TapeheadError as error:
        return _tell(session, words, error.code, str(error), error.exit_code, error.facts)
    except OSError as error:
        text = f"{error.filename or 'The system'}: {error.strerror or error}. Look at the surroundings: tapehead doctor"
        return _tell(session, words, SurroundingsError.code, text, SURROUNDINGS)
    except Exception as error:  # noqa: BLE001 - the last stop: 1 would say that a check said no
        if type(error).__module__ == "sqlite3":
            text = f"A database of the store cannot be used: {error}. Move it away, or look at another: tapehead doctor"
            return _tell(session, words, SurroundingsError.code, text, SURROUNDINGS)
        traceback.print_exc()
        text = f"Tapehead itself broke: {type(error).__name__}: {error}. Check the surroundings: tapehead doctor"
        return _tell(session, words, "internal", text, SURROUNDINGS)
    finally:
        session.close()


def _usage(error: click.ClickException) -> str:
    """Return a sentence for a command line that does not parse, with where to look."""
    text = error.format_message().strip()
    if isinstance(error, (click.NoSuchOption, click.NoSuchCommand)) and error.possibilities:
        text = f"{error.message} Did you mean '{error.possibilities[0]}'?"
    text = text if text.endswith((".", "?", ")")) or "tapehead " in text else f"{text}."
    context = getattr(error, "ctx", None)
    return text if "tapehead " in text else f"{text} See: {context.command_path if context else 'tapehead'} --help"


def _without_secrets(text: str) -> str:
    """Return a sentence without the passwords of URLs in it: one of a wrong word of the command line repeats that."""
    text = re.sub(r"(\w://[^\s:/@]*:)(?!PASSWORD@)\S*@", r"\1***@", text)
    return re.sub(r"([?&]\w*password=)[^\s&]*", r"\1***", text)


def _tell(
    session: Session, words: list[str], code: str, text: str, exit_code: int, facts: Mapping[str, Any] | None = None
) -> int:
    """Write an error on standard error and return its exit code; of an expression also the place that is wrong."""
    told = facts or {}
    at = told.get("at")
    place = {"position": told["position"]} if isinstance(at, int) else {}
    sys.stdout.flush()
    text = _without_secrets(session.localise(text))
    if session.json or "--json" in words:
        line = json.dumps({"schema": "tapehead.error/1", "code": code, "text": text, **place}, ensure_ascii=False)
    else:
        marked = caret_lines(str(told["line"]), at, session.size[0]) if isinstance(at, int) else ()
        caret = "".join(f"\n  {each}" for each in marked)
        line = f"error: {text}{caret}" + (f"\n  code {code}" if session.verbose else "")
    print(line, file=sys.stderr, flush=True)
    return exit_code
