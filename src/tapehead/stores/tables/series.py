"""SeriesRows: the row of each series in the database, and its row of coverage."""

from tapehead.model.instrument import Series
from tapehead.stores.tables.database import Database


class SeriesRows:
    """Finds and makes rows of series; remembers them for as long as one commit is made."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._places: dict[Series, int] = {}

    def find(self, series: Series) -> int | None:
        """Return the row of a series, None where there is none yet."""
        place = self._places.get(series)
        if place is None:
            row = self._database.execute("series_id", _key(series)).fetchone()
            if row is None:
                return None
            place = self._places[series] = int(row[0])
        return place

    def place(self, series: Series) -> int:
        """Return the row of a series, made when new; inside a transaction."""
        place = self.find(series)
        if place is None:
            self._database.execute("add_series", _key(series))
            place = int(self._database.execute("series_id", _key(series)).fetchone()[0])
            self._places[series] = place
        return place

    def count_coverage(self, series: Series) -> None:
        """Count anew what the head holds of a series; inside a transaction."""
        place = self.place(series)
        self._database.execute("forget_coverage", (place,))
        self._database.execute("count_coverage", {"series": place})


def _key(series: Series) -> tuple[str, str, int]:
    """Return what names a series in the database."""
    return series.venue, series.symbol, series.interval.us
