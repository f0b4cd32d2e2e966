"""MessageParser: server-sent events out of bytes as they come, cut anywhere."""

from typing import NamedTuple

from tapehead.errors import IncompleteStreamError

LONGEST_BYTES = 64 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


class Message(NamedTuple):
    """One message: the id in force, its event (`message` where none is given) and its data, lines joined by LF."""

    id: str
    event: str
    data: bytes


class MessageParser:
    """Reads one connection's stream, as the HTML standard says: section 9.2, Server-sent events.

    Attributes
    ----------
    last_id : str
        The id of the last message that has one; empty before it.
    retry_ms : int or None
        What the stream wishes to be waited before a new connection; None where it has no wish.
    """

    def __init__(self) -> None:
        self.last_id = ""
        self.retry_ms: int | None = None
        self._left = b""
        self._begun = False
        self._after_cr = False
        self._id = ""
        self._event = ""
        self._data: list[bytes] = []

    def feed(self, data: bytes) -> list[Message]:
        """Take the next bytes, any number of them; return the messages that they end.

        A message that the stream's end cuts is never returned.

        Raises
        ------
        IncompleteStreamError
            A line is longer than LONGEST_BYTES.
        """
        if not self._begun:
            data = self._left + data
            self._left = b""
            if len(data) < len(_BOM) and _BOM.startswith(data):
                self._left = data
                return []
            self._begun = True
            data = data.removeprefix(_BOM)
        if self._after_cr and data:
            data = data.removeprefix(b"\n")
            self._after_cr = False
        if b"\r" in data:
            # A CR at the end is a line's end already; the LF that may follow it is left out above.
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        first, *lines = data.split(b"\n")
        self._left += first
        if len(self._left) > LONGEST_BYTES:
            raise IncompleteStreamError(
                f"A stream sent a line of more than {LONGEST_BYTES:,} bytes; no event is so long."
            )
        if not lines:
            return []
        lines.insert(0, self._left)
        self._left = lines.pop()
        return [message for line in lines if (message := self._take(line)) is not None]

    def _take(self, line: bytes) -> Message | None:
        """Take one line; return the message that it ends."""
        if not line:
            return self._end()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"id":
            if b"\0" not in value:
                self._id = value.decode("utf-8", "replace")
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit():
            self.retry_ms = int(value)
        return None

    def _end(self) -> Message | None:
        """End a message; None where it has no data."""
        self.last_id = self._id
        event, self._event = self._event, ""
        if not self._data:
            return None
        data, self._data = b"\n".join(self._data), []
        return Message(self.last_id, event or "message", data)
