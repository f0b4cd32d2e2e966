"""Lines that tell how far a run is."""

from tapehead.cli.live import seldom_twice


def test_what_was_said_is_said_again_only_after_ten_seconds() -> None:
    said: list[tuple[float, str]] = []
    now = 0.0
    speak = seldom_twice(lambda words: said.append((now, words)), lambda: now)
    for step in range(11):
        now = 100.0 + 2 * step
        speak("compiling   0 of 2" if step < 8 else "1 of 2")
    assert said == [(100, "compiling   0 of 2"), (110, "compiling   0 of 2"), (116, "1 of 2")]
