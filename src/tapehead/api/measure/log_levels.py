"""LogLevels: the level of each room, set at start and changed while the service runs."""

import logging
from collections.abc import Mapping

from tapehead.api.measure.log_rooms import FOREIGN, ROOMS
from tapehead.errors import ParameterError
from tapehead.settings import LOG_LEVELS


class LogLevels:
    """Least level of what each room logs. Belongs to the process, as loggers do; safe from any thread."""

    def __init__(self) -> None:
        self.default = "warning"
        self.rooms: dict[str, str] = {}

    def set(self, default: str, rooms: Mapping[str, str]) -> None:
        """Set the level of every room: that in `rooms`, else `default`. Takes effect with the next line.

        Raises
        ------
        ParameterError
            A room or a level that there is not; nothing is changed then.
        """
        for level in (default, *rooms.values()):
            if level not in LOG_LEVELS:
                raise ParameterError(name="level", value=level, bound=f"one of {', '.join(LOG_LEVELS)}")
        for room in rooms:
            if room not in ROOMS:
                raise ParameterError(name="room", value=room, bound=f"one of {', '.join(ROOMS)}")
        self.default, self.rooms = default, dict(rooms)
        for name, room in (*((f"tapehead.{room}", room) for room in ROOMS), *FOREIGN.items()):
            logging.getLogger(name).setLevel(self.of(room).upper())
        # What no room is named for: a stranger's logger, or one of ours without a room.
        logging.getLogger().setLevel(self.of("server").upper())

    def of(self, room: str) -> str:
        """Return the level of a room."""
        return self.rooms.get(room, self.default)


LEVELS = LogLevels()
