"""check_limit: how many rows of a list that grows may be asked for at once."""

from typing import Final

from tapehead.errors import ParameterError

MOST_ROWS: Final = 10_000


def check_limit(limit: int) -> int:
    """Return a number of rows; raise ParameterError for none, or for more than 10,000."""
    if not 1 <= limit <= MOST_ROWS:
        bound = f"from 1 to {MOST_ROWS:,}; what follows is asked for by the last row of the list before"
        raise ParameterError(name="limit", value=limit, bound=bound)
    return limit
