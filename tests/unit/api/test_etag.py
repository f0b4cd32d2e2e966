"""Tags by content, conditions that name them, and what is kept for who asks again."""

import orjson
import pytest

from tapehead.api.etag import CODINGS, Answers, Fragments, Kept, coded_tag, make_tag, matched_tag


def test_a_tag_tells_parts_apart() -> None:
    assert make_tag("ab", "c") != make_tag("a", "bc")
    assert make_tag("a") == make_tag(b"a")
    assert make_tag("a")[0] == make_tag("a")[-1] == '"'


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (None, None),
        ("", None),
        ('"other"', None),
        ('"it"', '"it"'),
        ('W/"it"', '"it"'),
        ('"a", "it-zstd" , "b"', '"it-zstd"'),
        ('"it-lzma"', None),
        ("*", '"it"'),
        ("it", None),
        ('"it', None),
        ('"x,"it"', None),
    ],
)
def test_a_condition_names_an_answer_in_any_coding(asked: str | None, found: str | None) -> None:
    assert matched_tag(asked, '"it"') == found


def test_a_coded_answer_has_a_tag_of_its_own() -> None:
    assert len({coded_tag('"it"', coding) for coding in CODINGS} | {'"it"'}) == 4
    assert coded_tag('W/"it"', "gzip") == 'W/"it"'


def test_the_oldest_bodies_and_tags_go_first() -> None:
    held = Answers(most_bytes=3_200, most_tags=2)
    for number in range(40):
        held.keep(Kept(str(number), bytes(100), {}))
    assert [held.body(str(number)) is not None for number in range(40)] == [False] * 8 + [True] * 32
    held.keep(Kept("large", bytes(401), {}))
    assert held.body("large") is None
    assert held.body("8") is not None
    held.keep(Kept("new", bytes(100), {}))
    assert (held.body("8") is None, held.body("9") is None) == (False, True)
    held.keep(Kept("new", bytes(50), {}))
    held.keep(Kept("half", bytes(50), {}))
    assert held.body("10") is not None
    for name in ("a", "b", "c"):
        held.note(name, name.upper())
    assert [held.tag(name) for name in ("a", "b", "c")] == [None, "B", "C"]


def test_a_row_is_written_anew_only_when_it_is_another() -> None:
    made: list[object] = []

    def plain(row: list[int]) -> dict[str, int]:
        made.append(row)
        return {"n": row[1]}

    held = Fragments(lambda row: str(row[0]), plain, most=2)
    one, other = [1, 5], [2, 6]
    assert orjson.dumps([held.of(one), held.of(one), held.of([1, 5])]) == b'[{"n":5},{"n":5},{"n":5}]'
    assert len(made) == 1
    assert orjson.dumps([held.of([1, 7]), held.of(other), held.of(one)]) == b'[{"n":7},{"n":6},{"n":5}]'
    assert len(made) == 4
    assert orjson.dumps([held.of(one), held.of(other)]) == b'[{"n":5},{"n":6}]'
    assert len(made) == 4
