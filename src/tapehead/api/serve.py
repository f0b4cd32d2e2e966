"""serve: the service on a socket, from the first request to the drained last one."""

import socket

import uvicorn

from tapehead.api.layers import make_layers
from tapehead.api.options import Options
from tapehead.api.service import Service
from tapehead.errors import ParameterError, SurroundingsError
from tapehead.library.store import Store

LOOPBACK = ("127.0.0.1", "::1", "localhost")
DRAIN_S = 5
BACKLOG = 2048


def bind(host: str, port: int, *, fall_back: bool) -> socket.socket:
    """Return a socket that listens; where the port is taken and `fall_back` is set, one on a free port.

    Raises
    ------
    SurroundingsError
        The address cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for wanted in (port, 0) if fall_back and port else (port,):
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, wanted))
        except OSError as error:
            listening.close()
            if fall_back and wanted:
                continue
            raise SurroundingsError(
                f"{host}:{wanted} cannot be bound: {error.strerror}. Take a free port: tapehead serve --port free"
            ) from error
        listening.listen(BACKLOG)
        return listening
    raise ParameterError(name="port", value=port, bound="free, or a number from 1 to 65535")


class Server(uvicorn.Server):
    """uvicorn that lets streams say `retry` before it waits for connections to end."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, then end."""
        self._service.hub.drain()
        await super().shutdown(sockets)


def make_server(store: Store, options: Options) -> tuple[Server, Service]:
    """Return a server over a store, not yet bound, and its service, not yet opened."""
    service = Service(store)
    config = uvicorn.Config(
        make_layers(service, options),
        loop="uvloop",
        http="httptools",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_S,
        timeout_keep_alive=75,
    )
    return Server(config, service), service
