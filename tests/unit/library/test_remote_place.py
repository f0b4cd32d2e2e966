"""Where a service is, with what key, and what its errors become."""

import sys
from pathlib import Path

import pytest

from tapehead import errors
from tapehead.errors import MissingPackageError, ParameterError, TapeheadError
from tapehead.library.remote.place import Place, httpx_module, read_key
from tapehead.library.remote.problems import check_passing, error_from, error_of

KEY = "th_0123456789abcdef"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://127.0.0.1:8750", "http://127.0.0.1:8750"),
        (" https://tape.example/ ", "https://tape.example"),
        ("https://example.org/tape/", "https://example.org/tape"),
        ("http://127.0.0.1:8750/api/v1", "http://127.0.0.1:8750"),
    ],
)
def test_an_address_is_taken(given: str, url: str) -> None:
    place = Place(given, "")
    assert place.url == url
    assert place.client()["base_url"] == f"{url}/api/v1"


@pytest.mark.parametrize(
    "given", ["", "127.0.0.1:8750", "ftp://x", "http://", "http://x:99999", "http://x:0", "http://x?a=1"]
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(ParameterError, match=r"http://127\.0\.0\.1:8750"):
        Place(given, "")


@pytest.mark.parametrize("given", [f"http://{KEY}@x", f"http://me:{KEY}@x", f"http://x?key={KEY}", f"http://x#{KEY}"])
def test_a_secret_in_an_address_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(ParameterError, match="TAPEHEAD_KEY_FILE") as caught:
        Place(given, "")
    assert KEY not in str(caught.value)


def test_a_key_comes_from_the_call_the_environment_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n", encoding="utf-8")
    assert read_key({}) == ""
    assert read_key({"TAPEHEAD_KEY": KEY}) == KEY
    with pytest.raises(ParameterError, match="not by both"):
        read_key({"TAPEHEAD_KEY": KEY, "TAPEHEAD_KEY_FILE": str(file)})
    assert read_key({"TAPEHEAD_KEY_FILE": str(file)}) == KEY
    place = Place("http://x", None, {"TAPEHEAD_KEY_FILE": str(file)})
    assert place.client()["headers"]["Authorization"] == f"Bearer {KEY}"
    assert Place("http://x", "other", {"TAPEHEAD_KEY": KEY}).client()["headers"]["Authorization"] == "Bearer other"
    assert "Authorization" not in Place("http://x", None, {}).client()["headers"]
    assert KEY not in repr(place)


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_a_key_file_without_a_key_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(TapeheadError, match="TAPEHEAD_KEY_FILE"):
        read_key({"TAPEHEAD_KEY_FILE": str(file)})


@pytest.mark.parametrize("key", ["two words", "a\nb", "clé"])
def test_a_key_that_cannot_stand_in_a_header_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(ParameterError, match="not shown") as caught:
        Place("http://x", key)
    assert key not in str(caught.value)


def test_what_runs_here_is_not_reached_through_a_proxy() -> None:
    assert not Place("http://127.0.0.1:1", "").client()["trust_env"]
    assert not Place("http://[::1]:1", "").client()["trust_env"]
    assert Place("https://example.org", "").client()["trust_env"]


def test_only_an_address_without_tls_is_taken_without_certificates() -> None:
    assert not Place("http://example.org", "").client()["verify"]
    assert Place("https://example.org", "").client()["verify"] is True
    assert Place("https://127.0.0.1:1", "").client()["verify"] is True


def test_without_httpx_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(MissingPackageError, match=r"tapehead\.connect needs httpx.*'tapehead\[server\]'") as caught:
        httpx_module("tapehead.connect")
    assert caught.value.exit_code == 3


def kinds(kind: type[TapeheadError] = TapeheadError) -> list[type[TapeheadError]]:
    return [kind, *(each for below in kind.__subclasses__() for each in kinds(below))]


def test_every_code_becomes_the_error_that_has_it() -> None:
    own = {kind.code: kind for kind in kinds() if "code" in kind.__dict__ and kind.__module__ == errors.__name__}
    assert len(own) > 35
    for code, kind in own.items():
        error = error_from(code, "A sentence.")
        assert (type(error), str(error), error.code) == (kind, "A sentence.", code)


def test_a_code_that_is_not_known_here_keeps_its_code_and_says_whose_fault_it_is() -> None:
    mine, theirs, refused = (error_from("later.code", "A.", status) for status in (422, 503, 401))
    assert [error.code for error in (mine, theirs, refused)] == ["later.code"] * 3
    assert [error.exit_code for error in (mine, theirs, refused)] == [2, 3, 3]


def test_an_answer_that_is_no_problem_names_the_status() -> None:
    for content in (b"<html>502", b"[1]", b'{"detail": "x"}'):
        error = error_of(502, content)
        assert error.code == "server.answer"
        assert "status 502" in str(error)


def test_only_what_passes_is_waited_for() -> None:
    draining = b'{"code": "service.draining", "detail": "The service is about to end. Try again when it is back."}'
    assert check_passing(503, draining) == "The service is about to end"
    with pytest.raises(errors.UnknownRunError):
        check_passing(404, b'{"code": "runs.unknown", "detail": "No run."}')
