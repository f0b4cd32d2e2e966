"""Whoever is named by TAPEHEAD_ALERT hears of alerts: a real command, a real URL; what fails holds nobody up."""

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import tapehead as th
from tapehead.database import alert_hook
from tapehead.database.alert_hook import AlertHook
from tapehead.database.alerts import Alerts
from tapehead.errors import ParameterError
from tapehead.settings import read_settings

PATIENCE_S = 20.0


class Listener:
    """A service that is told: keeps bodies, answers with a status once its gate is open."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.status, self.gate = 204, threading.Event()
        self.gate.set()
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                listener.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                listener.gate.wait(PATIENCE_S)
                self.send_response(listener.status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_words: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?token=s3cret"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.gate.set()
    made.server.shutdown()
    made.server.server_close()


def told(where: str, tell: Callable[[Alerts], None]) -> None:
    """Tell alerts to a hook, and wait until it is through with them."""
    alerts = Alerts()
    hook = AlertHook(alerts, where)
    tell(alerts)
    if hook._thread is not None:
        hook._waiting.put(None)
        hook._thread.join(PATIENCE_S)
    hook.close()
    alerts.tell("wait", "after", "nobody hears this")


def test_a_url_is_told_and_its_token_is_said_to_nobody(listener: Listener, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    told(listener.url, lambda alerts: alerts.tell("held", "postgresql://me@db/market", "left at x.py:1"))
    (heard,) = listener.heard
    assert (heard["schema"], heard["kind"], heard["text"]) == ("tapehead.alert/1", "held", "left at x.py:1")
    for status, sentence in ((500, "it answered 500"), (307, "it answered 307")):
        listener.status = status
        told(listener.url, lambda alerts: alerts.tell("wait", "db", "long"))
        assert sentence in caplog.text
    listener.server.server_close()
    told("http://127.0.0.1:9/x?token=s3cret", lambda alerts: alerts.tell("wait", "db", "long"))
    assert "was not told of 'wait'" in caplog.records[-2].getMessage()
    assert "nothing answered" in caplog.text
    assert "s3cret" not in caplog.text
    assert len(listener.heard) == 3


def test_who_tells_never_waits_and_what_is_too_much_is_counted(
    listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    listener.gate.clear()

    def many(alerts: Alerts) -> None:
        for number in range(60):
            alerts.tell("wait", "db", str(number))
        listener.gate.set()

    told(listener.url, many)
    texts = [int(one["text"]) for one in listener.heard]
    assert texts == sorted(texts)
    assert 20 <= len(texts) <= 22
    assert f"was not told of {60 - len(texts)} alerts" in caplog.text


def test_a_command_is_told_and_one_that_fails_or_hangs_is_ended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = tmp_path / "heard it"
    program = f"import sys; open({str(heard)!r}, 'a').write(sys.stdin.read())"
    told(f'{sys.executable} -c "{program}"', lambda alerts: alerts.tell("replica", "db", "away; $HOME `x`"))
    assert json.loads(heard.read_text())["text"] == "away; $HOME `x`"
    told(f"{sys.executable} -c 'import sys; sys.exit(\"no bell\")'", lambda alerts: alerts.tell("wait", "db", "a"))
    assert "its command ended with 1: no bell" in caplog.text
    told(str(tmp_path / "absent"), lambda alerts: alerts.tell("wait", "db", "b"))
    assert "its command does not start: No such file or directory" in caplog.text
    monkeypatch.setattr(alert_hook, "_PATIENCE_S", 0.2)
    told("sh -c 'sleep 60 & wait'", lambda alerts: alerts.tell("wait", "db", "c"))
    assert "took longer than 0.2 s and was ended" in caplog.text


def test_an_open_store_tells_whom_the_environment_names(
    tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPEHEAD_ALERT", listener.url)
    with th.open(tmp_path / "home") as store:
        assert "s3cret" not in repr(store.house.settings)
        store.house.alerts.tell("wait", "bars.db", "a writer waits")
    assert [one["text"] for one in listener.heard] == ["a writer waits"]
    assert not [one for one in threading.enumerate() if one.name == "tapehead-alerts"]


@pytest.mark.parametrize("text", ["ftp://host/s3cret", "'s3cret", "https://", "bell\ns3cret"])
def test_what_is_neither_is_refused_and_not_said(text: str) -> None:
    with pytest.raises(ParameterError, match=r"a command with its words, or a URL") as caught:
        read_settings({"TAPEHEAD_ALERT": text}, "/h")
    assert "s3cret" not in str(caught.value)
