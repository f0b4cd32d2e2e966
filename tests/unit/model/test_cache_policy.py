"""Lifetimes by name, and slots of time that no change of clocks stretches."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tapehead.errors import ParameterError
from tapehead.model.cache_policy import POLICIES, CachePolicy, read_ttl
from tapehead.model.time_slot import slot_at

HOUR = 3600


def test_the_named_policies_live_as_long_as_promised() -> None:
    lives = {name: policy.ttl_s for name, policy in POLICIES.items()}
    assert lives == {
        "quotes": 60,
        "history": HOUR,
        "news": 1800,
        "indicators": 300,
        "predictions": 600,
        "company_facts": 24 * HOUR,
    }


@pytest.mark.parametrize(
    ("ttl", "seconds"), [("1.5s", 1.5), ("2w", 1_209_600), (0.25, 0.25), (timedelta(hours=1), HOUR)]
)
def test_a_lifetime_is_read(ttl: str | float | timedelta, seconds: float) -> None:
    assert read_ttl(ttl) == seconds


@pytest.mark.parametrize(
    "ttl", [0, -1, "0s", "5", "m5", "5 minutes", float("nan"), float("inf"), True, None, "11000000000s"]
)
def test_what_is_no_lifetime_is_refused(ttl: object) -> None:
    with pytest.raises(ParameterError, match="ttl="):
        read_ttl(ttl)  # type: ignore[arg-type]  # that is what is tried


@pytest.mark.parametrize("name", ["", "a b", "*", "a:b", "{a}", "-a", "x" * 101, 5])
def test_what_cannot_name_values_is_refused(name: object) -> None:
    with pytest.raises(ParameterError, match="name="):
        CachePolicy(name, "5m")  # type: ignore[arg-type]  # that is what is tried
    with pytest.raises(ParameterError, match="max_items=0"):
        CachePolicy("a", "5m", max_items=0)


def moment(text: str, zone: str, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


@pytest.mark.parametrize(
    ("at", "slot", "zone", "end"),
    [
        ("2024-05-01T10:04:59.999999", "5m", "UTC", "2024-05-01T10:05"),
        ("2024-05-01T10:05", "5m", "UTC", "2024-05-01T10:10"),
        ("2024-05-01T23:59", "1d", "America/New_York", "2024-05-02T00:00"),
        ("2024-05-01T10:15", "1h", "Asia/Kolkata", "2024-05-01T11:00"),
        # Clocks go forward at 2 and back at 3.
        ("2024-03-31T00:30", "1d", "Europe/Berlin", "2024-04-01T00:00"),
        ("2024-03-31T01:30", "4h", "Europe/Berlin", "2024-03-31T04:00"),
        ("2024-10-27T00:30", "1d", "Europe/Berlin", "2024-10-28T00:00"),
    ],
)
def test_a_slot_ends_when_the_clock_says_so(at: str, slot: str, zone: str, end: str) -> None:
    assert slot_at(moment(at, zone), slot, zone).end_s == moment(end, zone)


def test_an_hour_that_comes_twice_is_two_slots() -> None:
    first = slot_at(moment("2024-10-27T02:30", "Europe/Berlin"), "1h", "Europe/Berlin")
    second = slot_at(moment("2024-10-27T02:30", "Europe/Berlin", fold=1), "1h", "Europe/Berlin")
    assert first.label != second.label
    assert second.end_s - first.end_s == HOUR


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"])
@pytest.mark.parametrize("slot", ["15m", "1h", "4h", "1d"])
def test_slots_follow_each_other_and_none_is_longer_than_it_says(slot: str, zone: str) -> None:
    # Ten days around each change of clocks, a quarter of an hour at a time.
    for day in ("2024-03-28", "2024-10-24", "2024-04-04"):
        now = moment(f"{day}T00:00", zone)
        labels: dict[str, float] = {}
        for step in range(6 * 96):
            at = now + step * 900
            found = slot_at(at, slot, zone)
            assert 0 < found.end_s - at <= (read_ttl(slot) if slot != "1d" else 25 * HOUR)
            assert labels.setdefault(found.label, found.end_s) == found.end_s


@pytest.mark.parametrize(
    ("slot", "zone", "said"), [("7m", "UTC", "slot="), ("2d", "UTC", "slot="), ("1h", "Mars/Base", "zone=")]
)
def test_what_is_no_slot_is_refused(slot: str, zone: str, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        slot_at(0.0, slot, zone)
