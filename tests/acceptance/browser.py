"""A real Chromium, spoken to through the pipe of its DevTools: what it logs, shows and asks for.

It has no network; a page that is `online` reaches this machine.
"""

import base64
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from tools.chromium import HOW_TO_GET_IT, find_chromium

PATIENCE_S = 60
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--proxy-server=127.0.0.1:9",
    "--remote-debugging-pipe",
)

# Gives the pipes the numbers that Chromium looks at; first out of the way of those numbers themselves.
STARTER = """
import fcntl, os, sys
pipes = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3]]
for pipe, number in zip(pipes, (3, 4)):
    os.dup2(pipe, number)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Page:
    """One tab."""

    def __init__(self, browser: "Browser", session: str, *, online: bool = False) -> None:
        self._browser, self._session = browser, session
        self.complaints: list[str] = []
        self.asked_for: list[str] = []
        for domain in ("Runtime", "Log", "Network", "Page"):
            self._call(f"{domain}.enable")
        self._call(
            "Network.emulateNetworkConditions", offline=not online, latency=0, downloadThroughput=0, uploadThroughput=0
        )

    def open(self, path: Path, width: int = 1280, *, dark: bool = False) -> None:
        """Show a file in a window of a width, and wait until it is there."""
        scheme = "dark" if dark else "light"
        self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600
        )
        self._call("Page.navigate", url=path.as_uri())
        self._browser.until(self._session, "Page.loadEventFired", self._note)

    def visit(self, url: str) -> None:
        """Show what a service of this machine gives, and wait until it is there."""
        self._call("Page.navigate", url=url)
        self._browser.until(self._session, "Page.loadEventFired", self._note)

    def wait_for(self, expression: str) -> None:
        """Wait until a piece of JavaScript gives something true."""
        end = time.monotonic() + PATIENCE_S
        while not self.ask(f"Boolean({expression})"):
            assert time.monotonic() < end, f"never true within {PATIENCE_S} s: {expression}"
            time.sleep(0.02)

    def ask(self, expression: str) -> Any:
        """Return what a piece of JavaScript gives, in the end, run by the tools and not by the page."""
        found = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def picture(self, path: Path) -> None:
        """Keep the whole page as a picture."""
        size = self._call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 12_000), "scale": 1}
        shot = self._call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(shot["data"]))

    def printed(self) -> bytes:
        """Return the page as it would be printed, a PDF."""
        made = self._call("Page.printToPDF", printBackground=False, preferCSSPageSize=True)
        return base64.b64decode(made["data"])

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer; take in what happens meanwhile."""
        return self._browser.call(method, self._session, self._note, **parameters)

    def _note(self, event: dict[str, Any]) -> None:
        """Keep what the page complains of and what it asks for."""
        method, told = event["method"], event["params"]
        if method == "Runtime.exceptionThrown":
            self.complaints.append(str(told["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(str(told["args"]))
        elif method == "Log.entryAdded":
            self.complaints.append(f"{told['entry']['level']}: {told['entry']['text']}")
        elif method == "Network.requestWillBeSent":
            self.asked_for.append(told["request"]["url"])


class Browser:
    """A process of Chromium; commands and events are JSON ended by a zero byte, on its descriptors 3 and 4."""

    def __init__(self, program: str, profile: Path) -> None:
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        command = [sys.executable, "-c", STARTER, str(theirs_in), str(theirs_out), program, *FLAGS]
        command += [f"--user-data-dir={profile}", "about:blank"]
        env = {**os.environ, "HOME": str(profile), "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
        self._process = subprocess.Popen(
            command, pass_fds=(theirs_in, theirs_out), env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._left, self._number = b"", 0

    def page(self, *, online: bool = False) -> Page:
        """Open a tab."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        return Page(self, self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"], online=online)

    def close(self) -> None:
        """End it."""
        with suppress(OSError):
            os.close(self._out)
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._in)

    def call(self, method: str, session: str | None = None, note: Any = None, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its answer."""
        self._number += 1
        number = self._number
        said: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session:
            said["sessionId"] = session
        os.write(self._out, json.dumps(said).encode() + b"\0")
        for message in self._messages():
            if message.get("id") == number:
                assert "error" not in message, f"{method}: {message['error']}"
                return message["result"]
            self._pass_on(message, session, note)
        raise AssertionError(f"{method}: Chromium has ended")

    def until(self, session: str, method: str, note: Any) -> None:
        """Wait for an event."""
        for message in self._messages():
            self._pass_on(message, session, note)
            if message.get("method") == method and message.get("sessionId") == session:
                return
        raise AssertionError(f"{method}: Chromium has ended")

    def _pass_on(self, message: dict[str, Any], session: str | None, note: Any) -> None:
        """Give an event to the tab it is of."""
        if note is not None and "method" in message and message.get("sessionId") == session:
            note(message)

    def _messages(self) -> Iterator[dict[str, Any]]:
        """Yield messages as they come."""
        last = time.monotonic() + PATIENCE_S
        while True:
            head, found, rest = self._left.partition(b"\0")
            if found:
                self._left = rest
                yield json.loads(head)
                continue
            ready, _, _ = select.select([self._in], [], [], max(last - time.monotonic(), 0))
            assert ready, f"Chromium said nothing for {PATIENCE_S} s"
            piece = os.read(self._in, 1 << 16)
            if not piece:
                return
            self._left += piece


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """Start Chromium with an empty profile in a folder, or skip where there is none; end it."""
    program = find_chromium()
    if program is None:
        pytest.skip(f"needs a browser: Chromium ({HOW_TO_GET_IT})")
    browser = Browser(program, folder)
    try:
        yield browser
    finally:
        browser.close()
