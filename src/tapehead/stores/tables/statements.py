"""statements_of: the named statements of one database, with those that every one understands."""

from pathlib import Path

from tapehead.database.statements import read_statements


def statements_of(script: str, folder: Path) -> dict[str, str]:
    """Return the statements that every database understands, with those of one of them, in `folder`, over them.

    Those of `NAME_whole.sql`, by which rows are taken over as they are, stand beside those of `NAME.sql`.
    """
    whole = f"{script.removesuffix('.sql')}_whole.sql"
    places = [place / name for place in (Path(__file__).parent, folder) for name in (script, whole)]
    return {name: text for place in places if place.is_file() for name, text in read_statements(place).items()}
