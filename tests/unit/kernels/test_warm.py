"""What another process compiled is taken over function by function, never mixed with what this one did."""

from pathlib import Path

import pytest

from tapehead.kernels import warm


def compiled(folder: Path, function: str, code: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{function}.nbi").write_text(" ".join(code))
    for name, text in code.items():
        (folder / f"{function}.{name}.nbc").write_text(text)


def test_functions_that_both_compiled_stay_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, theirs = tmp_path / "kernels-1", tmp_path / "beside" / "kernels-1"
    compiled(mine / "a", "trade.walk-10.py311", {"1": "mine"})
    compiled(theirs / "a", "trade.walk-10.py311", {"1": "theirs", "2": "theirs"})
    compiled(theirs / "a", "trade.walk-100.py311", {"1": "theirs"})
    compiled(theirs / "b", "book.take[x]-1.py311", {"1": "theirs"})
    monkeypatch.setattr(warm, "CACHE_FOLDER", mine)
    warm._take_over(theirs)
    found = {str(path.relative_to(mine)): path.read_text() for path in mine.rglob("*.nb?")}
    assert found == {
        "a/trade.walk-10.py311.nbi": "1",
        "a/trade.walk-10.py311.1.nbc": "mine",
        "a/trade.walk-100.py311.nbi": "1",
        "a/trade.walk-100.py311.1.nbc": "theirs",
        "b/book.take[x]-1.py311.nbi": "1",
        "b/book.take[x]-1.py311.1.nbc": "theirs",
    }
