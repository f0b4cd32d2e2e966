"""exit_code: how the end of a run becomes the end of a command."""

from tapehead.cli.board import Board
from tapehead.library.remote.problems import error_from
from tapehead.model.events import Cancelled, Completed, Failed

_ALL_BAD_INPUT = ("strategy.", "input.")


def exit_code(board: Board) -> int:
    """Return 0, 1 when an instrument or the look-ahead test failed, 130 after Ctrl-C; raise what stopped the run."""
    ended = board.ended
    if isinstance(ended, Cancelled):
        return 130
    if isinstance(ended, Failed):
        raise error_from(ended.code, ended.text)
    if isinstance(ended, Completed) and ended.failed:
        if not ended.count:
            _raise_if_input(board)
        return 1
    told = ended.look_ahead if isinstance(ended, Completed) and ended.look_ahead is not None else {}
    if told.get("found"):
        return 1
    return 130 if told.get("stopped") else 0


def _raise_if_input(board: Board) -> None:
    """Raise the first failure when nothing came out because of what was asked."""
    for instrument, code, text in board.warnings:
        if code.startswith(_ALL_BAD_INPUT):
            raise error_from(code, text if instrument is None or instrument in text else f"{instrument}: {text}")
