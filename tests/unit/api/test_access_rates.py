"""Buckets of tokens: honest to the last one."""

import subprocess
import sys

from tapehead.api.access.rates import Rates, Taken, bucket_of


def test_a_burst_then_the_rate() -> None:
    rates = Rates(10.0, 3)
    assert [rates.take("a", 0.0).allowed for _ in range(4)] == [True, True, True, False]
    assert rates.take("a", 0.05) == Taken(allowed=False, remaining=0, reset_s=1, retry_s=1)
    assert rates.take("a", 0.1).allowed
    assert not rates.take("a", 0.1).allowed


def test_waiting_as_told_is_enough_and_no_less_is() -> None:
    rates = Rates(0.5, 1)
    assert rates.take("a", 0.0) == Taken(allowed=True, remaining=0, reset_s=2, retry_s=0)
    refused = rates.take("a", 0.0)
    assert refused.retry_s == 2
    assert not rates.take("a", 1.9).allowed
    assert rates.take("a", float(refused.retry_s)).allowed


def test_a_bucket_never_holds_more_than_the_burst() -> None:
    rates = Rates(10.0, 3)
    rates.take("a", 0.0)
    assert rates.take("a", 1e6) == Taken(allowed=True, remaining=2, reset_s=1, retry_s=0)


def test_a_clock_that_stands_still_gives_nothing() -> None:
    rates = Rates(10.0, 1)
    rates.take("a", 5.0)
    assert not rates.take("a", 4.0).allowed


def test_one_client_does_not_drink_from_another_ones_bucket() -> None:
    rates = Rates(1.0, 1)
    assert rates.take("a", 0.0).allowed
    assert rates.take("b", 0.0).allowed
    assert not rates.take("a", 0.0).allowed


def test_buckets_are_bounded_and_the_least_lately_used_goes() -> None:
    rates = Rates(1.0, 1, most=2)
    for name in ("a", "b", "c"):
        rates.take(name, 0.0)
    assert not rates.take("c", 0.0).allowed
    assert not rates.take("b", 0.0).allowed
    assert rates.take("a", 0.0).allowed


def test_headers_say_what_is_so() -> None:
    rates = Rates(10.0, 25)
    headers = dict(rates.to_headers(rates.take("a", 0.0)))
    assert headers == {
        b"ratelimit-policy": b"25;w=3",
        b"ratelimit-limit": b"25",
        b"ratelimit-remaining": b"24",
        b"ratelimit-reset": b"1",
    }
    assert dict(rates.to_headers(Taken(allowed=False, remaining=0, reset_s=3, retry_s=2)))[b"retry-after"] == b"2"


def test_an_ipv6_client_has_one_bucket_for_its_whole_net() -> None:
    assert bucket_of("2001:db8:1:2:aaaa::1") == bucket_of("2001:db8:1:2:bbbb::9")
    assert bucket_of("2001:db8:1:3::1") != bucket_of("2001:db8:1:2::1")
    assert bucket_of("10.0.0.1") != bucket_of("10.0.0.2")
    assert bucket_of("unknown") == "unknown"


def test_connections_fit_the_files_that_may_be_open() -> None:
    ask = (
        "import resource as r; from tapehead.api.access.connection import make_protocol as m; "
        "from tapehead.api.options import Options as O; r.setrlimit(r.RLIMIT_NOFILE, (300, 1000)); "
        "print(m(O(connections=20)).most, m(O()).most, r.getrlimit(r.RLIMIT_NOFILE))"
    )
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "20 744 (1000, 1000)"
