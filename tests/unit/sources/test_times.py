"""Times: every form that occurs, the readings that are refused, zones and dates."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.errors import AmbiguousFileError, FileFormatError, ParameterError
from tapehead.sources.times import TimeQuestion, TimeReader, decide_times
from tapehead.sources.zones import WallClock, from_utc

NOON = datetime(2024, 2, 5, 12, 30, 15, tzinfo=UTC)


def us(moment: datetime) -> int:
    return round(moment.timestamp()) * 1_000_000


def decide(column: Any, later: Iterable[Any] = (), **given: Any) -> TimeReader:
    asked: dict[str, Any] = {
        "path": "x.csv",
        "column_name": "date",
        "unit": None,
        "tz": None,
        "form": "",
        "is_crypto": False,
        "is_utc_name": False,
        "rescan": lambda: [column, *later],
    }
    return decide_times(column, TimeQuestion(**(asked | given)))


def read(values: Any, **given: Any) -> list[int | None]:
    column = values if isinstance(values, pa.Array) else pa.array(values)
    ts, valid = decide(column, **given).read(column, np.zeros(len(column), np.int32))
    return [int(at) if good else None for at, good in zip(ts, valid, strict=True)]


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-05 12:30:15",
        "2024-02-05T12:30:15",
        "2024-02-05 12:30:15.000000000",
        "2024-02-05T12:30:15Z",
        "2024-02-05 12:30:15+00:00",
        "2024-02-05 12:30:15 UTC",
        "2024-02-05 15:30:15+03:00",
        "2024-02-05T07:30:15-0500",
        "2024-02-05 18:00:15+05:30",
        "20240205 12:30:15",
        "05-Feb-2024 12:30:15",
        "15/02/2024 12:30:15",
        "02/15/2024 12:30:15 PM",
        " 2024-02-05 12:30:15 ",
        "20240205123015",
    ],
)
def test_forms_of_text(text: str) -> None:
    day = 15 if "15/" in text else 5
    assert read([text], is_crypto=True) == [us(NOON.replace(day=day))]


def test_offsets_that_change_in_one_file() -> None:
    found = read(["2021-10-31 01:00:00+03:00", "2021-10-31 01:00:00+02:00"])
    assert found == [us(datetime(2021, 10, 30, 22, tzinfo=UTC)), us(datetime(2021, 10, 30, 23, tzinfo=UTC))]


def test_text_without_an_offset_among_text_with_one_is_not_read() -> None:
    assert read(["2024-02-05 12:30:15Z"] * 10 + ["2024-02-05 12:30:15"])[10] is None


@pytest.mark.parametrize(("unit", "scale"), [("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)])
@pytest.mark.parametrize("as_text", [False, True])
def test_the_unit_of_a_number_follows_from_its_size(unit: str, scale: int, as_text: bool) -> None:
    value = round(NOON.timestamp()) * scale
    column = pa.array([str(value)]) if as_text else pa.array([value])
    assert read(column) == [us(NOON)]
    assert read(column, unit=unit) == [us(NOON)]


def test_milliseconds_that_turn_into_microseconds_are_read_row_by_row() -> None:
    seconds = round(NOON.timestamp())
    assert read([seconds * 10**3, seconds * 10**6]) == [us(NOON), us(NOON)]


def test_a_number_that_no_unit_fits_is_refused_with_each_reading() -> None:
    with pytest.raises(AmbiguousFileError) as error:
        decide(pa.array([86_400_000, 90_000_000]))
    text = str(error.value)
    assert "seconds make it 1972-09-27 00:00:00; milliseconds make it 1970-01-02 00:00:00" in text
    assert text.endswith("Decide it: tapehead import x.csv --unit s")
    assert read([86_400_000], unit="ms") == [86_400_000_000]


def test_dates_written_as_numbers() -> None:
    assert read([20240205, 20240206]) == [us(datetime(2024, 2, 5, tzinfo=UTC)), us(datetime(2024, 2, 6, tzinfo=UTC))]
    assert read(["20240205"] * 10 + ["20240230"])[10] is None
    assert read([202402051230], tz="UTC") == [us(NOON.replace(second=0))]


def test_day_and_month_that_can_be_either_are_refused_with_both_readings() -> None:
    with pytest.raises(AmbiguousFileError) as error:
        decide(pa.array(["01/02/2017", "02/02/2017", "03/02/2017"]))
    text = str(error.value)
    assert "'01/02/2017' read as %d/%m/%Y 2017-02-01 00:00:00 and as %m/%d/%Y 2017-01-02 00:00:00" in text
    assert "--columns 'ts=date:%m/%d/%Y'" in text
    assert text.endswith("Decide it: tapehead import x.csv --columns 'ts=date:%d/%m/%Y'")


def test_both_readings_can_be_named() -> None:
    dates = ["01/02/2017"]
    assert read(dates, form="%d/%m/%Y") == [us(datetime(2017, 2, 1, tzinfo=UTC))]
    assert read(dates, form="%m/%d/%Y") == [us(datetime(2017, 1, 2, tzinfo=UTC))]


def test_one_late_row_decides_the_order_of_day_and_month() -> None:
    first, later = pa.array(["01/02/2017", "02/02/2017"]), pa.array(["03/02/2017", "13/02/2017"])
    reader = decide(first, [later])
    assert reader.form is not None
    assert reader.form.strptime == "%d/%m/%Y"
    assert any("%d/%m/%Y" in guess for guess in reader.guesses)


def test_dates_that_read_alike_leave_no_question() -> None:
    assert read(["01/01/2017", "02/02/2017"])[1] == us(datetime(2017, 2, 2, tzinfo=UTC))


def test_a_day_that_does_not_exist_is_not_read() -> None:
    assert read(["31/01/2017", "31/02/2017"], form="%d/%m/%Y")[1] is None
    assert read(["2017-01-31"] * 10 + ["2017-02-31"])[10] is None


def test_times_without_zone_are_utc_for_crypto_and_else_asked_for() -> None:
    with pytest.raises(AmbiguousFileError, match="--tz ZONE"):
        decide(pa.array(["2024-02-05 12:30:15"]))
    assert read(["2024-02-05 12:30:15"], is_utc_name=True) == [us(NOON)]
    assert read(["2024-02-05 18:00:15"], tz="Asia/Kolkata") == [us(NOON)]
    assert read(pa.array([datetime(2024, 2, 5, 7, 30, 15)]), tz="America/New_York") == [us(NOON)]  # noqa: DTZ001 - local


def test_dates_need_no_zone_and_open_at_midnight_utc() -> None:
    day = us(datetime(2024, 2, 5, tzinfo=UTC))
    assert read(["2024-02-05", "2024-02-06"])[0] == day
    assert read(["2024-02-05 00:00:00+02:00"]) == [day]
    assert read(pa.array([day]).cast(pa.timestamp("us"))) == [day]
    assert read(pa.array([day + 5 * 3_600_000_000]).cast(pa.timestamp("us", "America/New_York"))) == [day]
    assert read(pa.array([19_758], pa.int32()).cast(pa.date32())) == [day]


def test_a_midnight_in_the_first_rows_alone_makes_no_dates() -> None:
    first, later = pa.array(["2024-02-05 00:00:00"]), pa.array(["2024-02-05 01:00:00"])
    reader = decide(first, [later], is_crypto=True)
    assert not reader.dates
    assert reader.read(later, np.zeros(1, np.int32))[1].tolist() == [True]


@pytest.mark.parametrize("column", [pa.array(["soon"]), pa.array([True]), pa.array([None], pa.timestamp("us"))])
def test_no_time_at_all_is_refused_with_a_way_to_name_one(column: Any) -> None:
    with pytest.raises(FileFormatError, match=r"tapehead import x.csv --columns 'ts=date:%Y-%m-%d %H:%M:%S'"):
        decide(column)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ParameterError, match="tz=Mars/Base"):
        decide(pa.array(["2024-02-05 12:30:15"]), tz="Mars/Base")


def test_the_hour_that_repeats_is_read_twice_and_told() -> None:
    column = pa.array(["2021-11-07 01:00", "2021-11-07 01:30", "2021-11-07 01:00", "2021-11-07 01:30"])
    reader = decide(column, tz="America/New_York")
    ts, valid = reader.read(column, np.zeros(4, np.int32))
    assert valid.all()
    assert np.diff(ts).tolist() == [1_800_000_000] * 3
    assert "4 times lie in an hour" in reader.closing_guesses()[0]


def test_the_hour_that_is_skipped_is_not_read() -> None:
    assert read(["2021-03-14 01:30", "2021-03-14 02:30"], tz="America/New_York")[1] is None


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York", "Asia/Jerusalem", "Australia/Lord_Howe"]),
    st.lists(st.integers(0, 60 * 366 * 24 * 60), min_size=1, max_size=20),
)
def test_zones_agree_with_the_standard_library(zone: str, minutes: list[int]) -> None:
    ts = np.array(minutes, np.int64) * 60_000_000
    moments = [datetime.fromtimestamp(int(at) // 1_000_000, UTC).astimezone(ZoneInfo(zone)) for at in ts]
    wall = from_utc(ts, zone)
    assert wall.tolist() == [us(moment.replace(tzinfo=UTC)) for moment in moments]
    back, exists = WallClock(zone).to_utc(wall, np.zeros(len(wall), np.int32))
    assert exists.all()
    once = np.array([moment.fold == 0 for moment in moments]) & (np.unique(wall, return_counts=True)[1].max() == 1)
    assert np.array_equal(back[once], ts[once])


@pytest.mark.parametrize("odd", ["soon", "", "n/a"])
def test_a_few_texts_among_numbers_are_no_times_and_spoil_nothing(odd: str) -> None:
    numbers = [str(1_706_870_400_000 + 60_000 * place) for place in range(30)]
    read_back = read([*numbers[:7], odd, *numbers[7:], odd])
    assert [at for at in read_back if at is not None] == [int(number) * 1000 for number in numbers]
    assert (read_back[7], read_back[-1]) == (None, None)
    with pytest.raises(FileFormatError):
        read(["soon"] * 5 + numbers)
