"""By which names and from which pages the service may be asked."""

import pytest

from tapehead.api.access.places import Places, is_forwarded, is_loopback, read_authority
from tapehead.api.options import Options
from tapehead.errors import ServiceError

HERE = (b"host", b"127.0.0.1:8750")


def refused(places: Places, *headers: tuple[bytes, bytes], method: str = "GET") -> str | None:
    """The code that a request is refused with; None where it goes through."""
    try:
        places.check(method, headers)
    except ServiceError as error:
        return error.code
    return None


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "LocalHost:1", "localhost.", "[::1]", "[::1]:8750", "[0:0::1]:8750", "127.0.0.1:65535"],
)
def test_the_loopback_may_be_called_by_its_names(host: str) -> None:
    assert refused(Places(Options()), (b"host", host.encode())) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8750",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.2",
        "192.168.1.7",
        "0.0.0.0",  # noqa: S104 - called, not bound
        "[::]",
        "localhost:port",
        "localhost:8750@evil.example",
        "evil.example#127.0.0.1",
        "127.0.0.1, evil.example",
        "",
        "[::1",
        "xn--80ak6aa92e",
        "localhost\x00",
        "2130706433",
        "0x7f000001",
        "a" * 300,
    ],
)
def test_another_name_is_foreign(host: str) -> None:
    assert refused(Places(Options()), (b"host", host.encode("latin-1"))) == "access.host"


def test_there_is_one_host_and_no_other() -> None:
    assert refused(Places(Options())) == "access.host"
    assert refused(Places(Options()), HERE, (b"host", b"evil.example")) == "access.host"
    assert refused(Places(Options()), HERE, HERE) == "access.host"


def test_names_given_at_the_start_are_answered_to() -> None:
    places = Places(Options(host="10.1.2.3", hosts=("Tapehead.Example",)))
    assert refused(places, (b"host", b"tapehead.example:443")) is None
    assert refused(places, (b"host", b"10.1.2.3:8750")) is None
    assert refused(places, (b"host", b"10.1.2.4")) == "access.host"


def test_bound_to_every_address_any_address_may_be_called_but_no_name() -> None:
    places = Places(Options(host="::"))
    assert refused(places, (b"host", b"192.168.1.7:8750")) is None
    assert refused(places, (b"host", b"[fe80::1]:8750")) is None
    assert refused(places, (b"host", b"evil.example")) == "access.host"


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8750", "HTTP://127.0.0.1:8750"])
def test_its_own_page_may_ask(origin: str) -> None:
    assert refused(Places(Options()), HERE, (b"origin", origin.encode())) is None


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "http://127.0.0.1", "http://127.0.0.1:8888", "http://localhost:8750", "null", "", "file://",
     "http://127.0.0.1:8750.evil.example", "http://evil.example:8750/127.0.0.1", "chrome-extension://abcdef"],
)  # fmt: skip
def test_a_foreign_page_may_not_ask(origin: str) -> None:
    assert refused(Places(Options()), HERE, (b"origin", origin.encode())) == "access.origin"


def test_a_page_behind_tls_is_its_own() -> None:
    places = Places(Options(hosts=("tapehead.example",)))
    host, origin = (b"host", b"tapehead.example"), (b"origin", b"https://tapehead.example")
    assert refused(places, host, origin) is None
    assert refused(places, host, origin, origin) == "access.origin"
    assert refused(places, (b"host", b"tapehead.example:443"), origin) is None
    assert refused(places, host, (b"origin", b"https://tapehead.example:8443")) == "access.origin"


@pytest.mark.parametrize(
    ("site", "mode", "method", "code"),
    [
        ("same-origin", "cors", "POST", None),
        ("none", "navigate", "GET", None),
        ("cross-site", "navigate", "GET", None),
        ("cross-site", "no-cors", "GET", "access.origin"),
        ("same-site", "no-cors", "GET", "access.origin"),
        ("cross-site", "navigate", "POST", "access.origin"),
    ],
)
def test_what_the_browser_says_counts_where_it_sends_no_origin(
    site: str, mode: str, method: str, code: str | None
) -> None:
    told = ((b"sec-fetch-site", site.encode()), (b"sec-fetch-mode", mode.encode()))
    assert refused(Places(Options()), HERE, *told, method=method) == code


def test_authorities_are_read_or_refused() -> None:
    assert read_authority(" Example.COM.:80 ") == ("example.com", 80)
    assert read_authority("[::0001]:1") == ("::1", 1)
    assert read_authority("user@host") is None
    assert read_authority("host:123456") is None


@pytest.mark.parametrize(
    ("host", "inside"),
    [("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("[::1]", True), ("localhost", True),
     ("::0", False), ("::", False), ("192.168.0.1", False), ("tapehead.example", False), ("", False)],
)  # fmt: skip
def test_what_is_loopback(host: str, inside: bool) -> None:
    assert is_loopback(host) == inside


def test_what_a_proxy_passed_on_is_seen() -> None:
    assert not is_forwarded([HERE])
    assert is_forwarded([HERE, (b"x-forwarded-for", b"1.2.3.4")])
    assert is_forwarded([(b"forwarded", b"for=1.2.3.4")])
