"""AlertHook: tells a command or a URL of each alert, in a thread of its own and for a bounded time."""

import json
import os
import queue
import shlex
import signal
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from http.client import HTTPException
from typing import Final

from tapehead.database.alerts import Alert, Alerts

_WAITING: Final = 20
_PATIENCE_S: Final = 10.0
_AT_END_S: Final = 2.0
_LONGEST: Final = 200


class AlertHook:
    """Hands alerts on as JSON: on the standard input of a command, or as the body of a POST.

    Parameters
    ----------
    alerts : Alerts
        Those of an open store.
    where : str
        A URL that begins with `http`, or a command with its words, without a shell. Never logged: it may hold a token.

    Notes
    -----
    Whoever tells an alert never waits: at most 20 stand in a queue, the rest are dropped and counted. Each is handed on
    once, within 10 s; what fails is logged as a warning, and is not tried again, as the next alert says how things are.
    """

    def __init__(self, alerts: Alerts, where: str) -> None:
        self._where = where
        self._waiting: queue.Queue[Alert | None] = queue.Queue(_WAITING)
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._dropped = 0
        self._unlisten = alerts.listen(self._hear)

    def close(self) -> None:
        """Hand on what waits, for 2 s at most."""
        self._unlisten()
        with self._guard:
            thread = self._thread
        if thread is not None and thread.is_alive():
            with suppress(queue.Full):
                self._waiting.put_nowait(None)
            thread.join(_AT_END_S)

    def _hear(self, alert: Alert) -> None:
        """Put an alert into the queue."""
        with self._guard:
            if self._thread is None:
                # At the first alert, which most processes never see.
                self._thread = threading.Thread(target=self._go_on, name="tapehead-alerts", daemon=True)
                self._thread.start()
        try:
            self._waiting.put_nowait(alert)
        except queue.Full:
            self._dropped += 1

    def _go_on(self) -> None:
        """Hand on one after another."""
        while (alert := self._waiting.get()) is not None:
            began = time.monotonic()
            try:
                wrong = self._hand_on(alert)
            except (OSError, ValueError, HTTPException) as error:
                wrong = type(error).__name__
            self._log(alert, wrong, time.monotonic() - began)

    def _hand_on(self, alert: Alert) -> str:
        """Tell of an alert; return what went wrong, empty where nothing did."""
        told = {"at": alert.at, "kind": alert.kind, "where": alert.where, "text": alert.text}
        body = json.dumps({"schema": "tapehead.alert/1", **told}).encode()
        return _post(self._where, body) if is_url(self._where) else _call(shlex.split(self._where), body)

    def _log(self, alert: Alert, wrong: str, seconds: float) -> None:
        """Log what went wrong, and what was dropped meanwhile."""
        import logging

        log = logging.getLogger("tapehead.database")
        dropped, self._dropped = self._dropped, 0
        if wrong:
            log.warning("TAPEHEAD_ALERT was not told of '%s' after %.1f s: %s", alert.kind, seconds, wrong)
        if dropped:
            log.warning("TAPEHEAD_ALERT was not told of %d alerts: more came than it took", dropped)


def is_url(where: str) -> bool:
    """Say whether alerts go to a URL, and not to a command."""
    return where.startswith(("http://", "https://"))


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows nothing: an alert is for whoever was named."""

    def redirect_request(self, *_args: object, **_words: object) -> None:
        """Return no request."""


def _post(url: str, body: bytes) -> str:
    """Send a body; return what went wrong."""
    heads = {"Content-Type": "application/json", "User-Agent": "tapehead"}
    request = urllib.request.Request(url, body, heads, method="POST")  # noqa: S310 - http or https, as was checked
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=_PATIENCE_S):
            return ""
    except urllib.error.HTTPError as error:
        with error:
            return f"it answered {error.code}"
    except OSError as error:
        return f"nothing answered ({type(error).__name__})"


def _call(words: list[str], body: bytes) -> str:
    """Run a command with a body on its standard input; return what went wrong."""
    with tempfile.TemporaryFile() as said:
        try:
            # A group of its own: what the command starts ends with it.
            process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True
            )
        except OSError as error:
            return f"its command does not start: {error.strerror}"
        with process:
            try:
                process.communicate(body, _PATIENCE_S)
            except subprocess.TimeoutExpired:
                with suppress(OSError):
                    os.killpg(process.pid, signal.SIGKILL)
                return f"its command took longer than {_PATIENCE_S:g} s and was ended"
        if process.returncode == 0:
            return ""
        said.seek(0)
        lines = said.read(64 * 1024).decode(errors="replace").strip().splitlines() or ["it said nothing"]
        return f"its command ended with {process.returncode}: {lines[-1][:_LONGEST]}"
