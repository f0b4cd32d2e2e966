"""serve: the service on a socket, from the first request to the drained last one."""

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

import uvicorn

from tapehead.api.access.binding import check_binding
from tapehead.api.access.connection import make_protocol
from tapehead.api.layers import make_layers
from tapehead.api.options import Options
from tapehead.api.service import Service
from tapehead.errors import SurroundingsError
from tapehead.library.store import Store

DRAIN_S = 5
BACKLOG = 2048
KEEP_ALIVE_S = 75
_START_S = 60.0


def bind(host: str, port: int, *, fall_back: bool) -> socket.socket:
    """Return a socket that listens at a port, 0 being any; with `fall_back` at any where that one is taken.

    Raises
    ------
    SurroundingsError
        The address cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        if fall_back and port:
            return bind(host, 0, fall_back=False)
        raise SurroundingsError(
            f"{host}:{port} cannot be bound: {error.strerror or error}. Take a free port: tapehead serve --port free"
        ) from error
    return listening


class Server(uvicorn.Server):
    """uvicorn over a service; before connections are waited for, streams say `retry` and runs are let go."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self.service = service
        self._shown: Callable[[], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin, then show."""
        await super().startup(sockets)
        if self.started and self._shown is not None:
            self._shown()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, then end."""
        self.service.hub.drain()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let the first Ctrl-C or TERM end the service in order and the second at once; that is its normal end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """End in order; at once when asked again."""
        self.force_exit = self.should_exit
        self.should_exit = True

    def serve_until_told(self, sockets: Sequence[socket.socket], shown: Callable[[], None] | None = None) -> None:
        """Serve in this thread until told to end; `shown` is called once requests are taken."""
        self._shown = shown
        self.run(sockets=list(sockets))

    @contextlib.contextmanager
    def serve_beside(self, sockets: Sequence[socket.socket]) -> Iterator[None]:
        """Serve in a thread while the block goes on, then end in order; SurroundingsError where it cannot start."""
        up = threading.Event()
        name = "tapehead-serve"
        thread = threading.Thread(target=self.serve_until_told, args=(sockets, up.set), name=name, daemon=True)
        thread.start()
        try:
            if not up.wait(_START_S):
                raise SurroundingsError("The service did not start. Look at the surroundings: tapehead doctor")
            yield
        finally:
            self.should_exit = True
            thread.join()


def make_server(store: Store, options: Options) -> Server:
    """Return a server over an open store, not yet started.

    Raises
    ------
    ParameterError
        Requests would need a key, and no usable one exists.
    """
    check_binding(options, store)
    service = Service(store, workers=options.workers, event_days=options.event_days)
    config = uvicorn.Config(
        make_layers(service, options),
        loop="uvloop",
        http=make_protocol(options),
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=DRAIN_S,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    return Server(config, service)
