"""serve_demo: the end of the demo, its store over HTTP: that it lives, and one stream as a client sees it."""

import signal
import threading
import urllib.request
from importlib.util import find_spec
from types import FrameType

from tapehead.cli.serve import PORT, address, serving
from tapehead.cli.session import Session
from tapehead.errors import SurroundingsError

_HOST = "127.0.0.1"
_PATIENCE_S = 30.0
_FIRST = 2


def can_serve() -> bool:
    """Say whether the packages of the service are installed; without them the demo ends after its run."""
    return all(find_spec(name) for name in ("fastapi", "uvicorn", "httptools", "uvloop"))


def serve_demo(session: Session, run: str, *, stay: bool) -> None:
    """Serve the store, show what `/livez` and the run's stream answer, and `stay` until Ctrl-C or end at once."""
    bind, make_server, make_options = serving()
    listening = bind(_HOST, PORT, fall_back=True)
    port = listening.getsockname()[1]
    url = address(_HOST, port)
    with make_server(session.store, make_options(host=_HOST, port=port)).serve_beside([listening]):
        session.put("", f"$ curl {url}/livez", *_lines(session, _fetch(f"{url}/livez")))
        stream = f"{url}/api/v1/runs/{run}/events"
        session.put(f"$ curl -N {stream}", *_lines(session, _shortened(_fetch(stream))))
        if stay:
            session.put("", f"Serving {session.store.where}. The run, on its page:", f"  {url}/runs/{run}")
            session.put("Ctrl-C ends it; what is kept stays kept.")
            _wait_for_the_end()
        else:
            again = session.command("serve")
            session.put(
                "", "The service has ended with the demo. To serve until Ctrl-C, and look at the run on its page:"
            )
            session.put(f"  {again}", f"  {address(_HOST, PORT)}/runs/{run}")


def _fetch(url: str) -> str:
    """Return what an address of the service answers, to its end."""
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE_S) as answer:  # noqa: S310 - http, ours, just bound
            text: str = answer.read().decode()
    except OSError as error:
        raise SurroundingsError(f"{url} does not answer: {error}. Check the surroundings: tapehead doctor") from error
    return text


def _shortened(stream: str) -> str:
    """Return the first events of a stream and its last one, with how many lie between."""
    frames = [frame for frame in stream.split("\n\n") if frame.startswith("id: ")]
    between = len(frames) - _FIRST - 1
    if between < 1:
        return "\n".join(frames)
    return "\n".join([*frames[:_FIRST], f"... {between} more events ...", frames[-1]])


def _lines(session: Session, text: str) -> list[str]:
    """Return the lines of a text, cut where the window ends."""
    width = session.size[0]
    return [line if len(line) <= width else f"{line[: width - 3]}..." for line in text.splitlines()]


def _wait_for_the_end() -> None:
    """Return at Ctrl-C or TERM."""
    told = threading.Event()

    def tell(_number: int, _frame: FrameType | None) -> None:
        told.set()

    before = {number: signal.signal(number, tell) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        told.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
