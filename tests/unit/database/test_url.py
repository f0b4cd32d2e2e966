"""URLs of PostgreSQL: what is taken, and that nothing shown holds a password."""

import pytest

pytest.importorskip("psycopg", reason="needs psycopg (pip install 'tapehead[postgres]')")

from tapehead.database.url import parse_url
from tapehead.errors import ParameterError

WORD = "s3cret"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ann:s3cret@db/x", "postgresql://ann@db/x"),
        ("postgres://ann:s3:cret@db:5433/x", "postgres://ann@db:5433/x"),
        ("postgresql://ann:s3%40cret%2F@db/d%40b%20c", "postgresql://ann@db/d%40b%20c"),
        ("postgresql://ann:s3cret@[::1]:5432/x", "postgresql://ann@[::1]:5432/x"),
        ("postgresql://ann:s3cret@one:5432,two:5433/x", "postgresql://ann@one:5432,two:5433/x"),
        ("postgresql://ann:s3cret@db/?dbname=x", "postgresql://ann@db/?dbname=x"),
        ("postgresql:///x?host=/run/pg&user=ann&password=s3cret", "postgresql:///x?host=/run/pg&user=ann"),
        ("postgresql://db/x?%70assword=s3cret&sslmode=require", "postgresql://db/x?sslmode=require"),
        ("postgresql://db/x?sslpassword=s3cret", "postgresql://db/x"),
        (
            "postgresql://db/x?scram_client_key=s3cret&scram_server_key=s3cret&sslmode=require",
            "postgresql://db/x?sslmode=require",
        ),
    ],
)
def test_what_is_shown_leads_to_the_same_place_and_holds_no_password(url: str, shown: str) -> None:
    found = parse_url(url)
    assert (found.shown, str(found), found.text) == (shown, shown, url)
    assert WORD not in repr(found)
    assert parse_url(shown).shown == shown


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:12@s3cret@db/x",
        "postgresql://ann:12/s3cret@db/x",
        "postgresql://ann:12?s3cret@db/x",
        "postgresql://ann:12#s3cret@db/x",
        "postgresql://ann:12%zzs3cret@db/x",
        "postgresql://ann:s3cret@db:77777/x",
        "postgresql://ann:s3cret@db/x?nonsense=1",
        "postgresql://ann:s3cret@db",
        "mysql://ann:s3cret@db/x",
        "host=db user=ann password=s3cret",
        "password=s3cret",
    ],
)
def test_what_is_none_is_refused_without_what_may_be_a_password(url: str) -> None:
    with pytest.raises(ParameterError, match="url must be ") as refused:
        parse_url(url)
    assert WORD not in str(refused.value)


def test_a_setting_that_holds_a_url_is_named() -> None:
    with pytest.raises(ParameterError, match=r"^TAPEHEAD_REPLICAS=that text: TAPEHEAD_REPLICAS must be postgresql://"):
        parse_url("nonsense", "TAPEHEAD_REPLICAS")
