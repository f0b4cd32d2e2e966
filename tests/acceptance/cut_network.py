"""A program for a network of its own: a store behind a TCP way that is cut in the middle of a transaction.

`unshare -n python -m tests.acceptance.cut_network SOCKET URL` prints a document of what came of it.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress

from tapehead.database.outage import waited_s
from tapehead.library.store import open as open_store
from tapehead.model.events import Progress
from tapehead.testing.run_store import SPEC, sample_key

LIVENESS = "keepalives_idle=1&keepalives_interval=1&keepalives_count=1&tcp_user_timeout=1000"
_PIECE = 65_536


def loopback(state: str) -> None:
    """Bring the only network there is up, or down."""
    subprocess.run(["ip", "link", "set", "lo", state], check=True)


def lead_to(path: str) -> int:
    """Pass on what comes to a port to the Unix socket of a server outside; return the port."""
    listening = socket.create_server(("127.0.0.1", 0))

    def passed(one: socket.socket, other: socket.socket) -> None:
        # What the cut broke is told by the store.
        with suppress(OSError):
            while data := one.recv(_PIECE):
                other.sendall(data)

    def accept() -> None:
        while True:
            near, _ = listening.accept()
            far = socket.socket(socket.AF_UNIX)
            far.connect(path)
            for pair in ((near, far), (far, near)):
                threading.Thread(target=passed, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    port: int = listening.getsockname()[1]
    return port


def main() -> None:
    """Log events; at the third the network is cut before COMMIT, and comes back when the store waits for it."""
    path, url = sys.argv[1:]
    loopback("up")
    with open_store(url.replace("PORT", str(lead_to(path))) + f"?{LIVENESS}") as store:
        runs, log = store.house.runs, store.house.log
        run = runs.create(sample_key(), SPEC, 0)
        cuts: list[float] = []
        noticed: list[float] = []

        def come_back() -> None:
            while waited_s() is None:
                time.sleep(0.02)
            noticed.append(time.monotonic() - cuts[0])
            loopback("up")

        def keep(number: int) -> int:
            with runs.together("an event"):
                last = log.append(run, [Progress(run, number, 5, 1.0, 0.0)])
                if number == 3 and not cuts:
                    cuts.append(time.monotonic())
                    loopback("down")
                    threading.Thread(target=come_back, daemon=True).start()
                return last

        told = [runs.outlast(lambda number=number: keep(number)) for number in range(1, 6)]
        kept = [number for number, _ in log.read(run, 0, 100)]
    sys.stdout.write(json.dumps({"told": told, "kept": kept, "cuts": len(cuts), "noticed_s": noticed[0]}))


if __name__ == "__main__":
    main()
