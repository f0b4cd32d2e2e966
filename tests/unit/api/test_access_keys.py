"""Keys: made, found, ended, never said."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tapehead.api.access.binding import check_binding, needs_key
from tapehead.api.access.keyring import NOTE_USE_EVERY_US, Keyring
from tapehead.api.options import Options
from tapehead.errors import ParameterError, SurroundingsError
from tapehead.library.keys import KEY_PATTERN, digest_of, make_key, now_us, revoke_key
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.ports.access import Key
from tapehead.settings import read_secret


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home") as opened:
        yield opened


def test_a_key_is_random_and_its_text_is_kept_nowhere(store: Store) -> None:
    access = store.house.access
    made = [make_key(access, f"k{i}", ["run"]) for i in range(3)]
    assert all(KEY_PATTERN.fullmatch(each.text) for each in made)
    assert len({each.text[-64:] for each in made}) == 3
    store.close()
    kept = b"".join(file.read_bytes() for file in store.home.glob("access.db*"))
    assert digest_of(made[0].text) in kept
    assert not [each for each in made if each.text[-64:].encode() in kept]


@pytest.mark.parametrize(
    ("name", "scopes", "expires", "says"),
    [
        ("", ["run"], None, "name"),
        ("-rf", ["run"], None, "name"),
        ("a\nb", ["run"], None, "name"),
        ("x" * 65, ["run"], None, "name"),
        ("ci", [], None, "scope"),
        ("ci", ["run", "root"], None, "scope='root'"),
        ("ci", ["run"], "90", "expires"),
        ("ci", ["run"], "0d", "expires"),
        ("ci", ["run"], "4000d", "expires"),
        ("ci", ["run"], "-1d", "expires"),
        ("ci", ["run"], "٣d", "expires"),
    ],
)
def test_what_does_not_fit_makes_no_key(
    store: Store, name: str, scopes: list[str], expires: str | None, says: str
) -> None:
    with pytest.raises(ParameterError, match=says):
        make_key(store.house.access, name, scopes, expires)
    assert not store.house.access.all_keys()


def test_scopes_include_others() -> None:
    key = Key("00000001", "ci", ("run",), b"", 0)
    allowed = {held: [s for s in ("read", "run", "write", "admin") if replace(key, scopes=(held,)).allows(s)]
               for held in ("read", "run", "write", "admin")}  # fmt: skip
    assert allowed == {
        "read": ["read"],
        "run": ["read", "run"],
        "write": ["read", "write"],
        "admin": ["read", "run", "write", "admin"],
    }
    assert replace(key, scopes=("run", "write")).allows("write")


def test_a_key_is_taken_back_by_prefix_or_name(store: Store) -> None:
    access = store.house.access
    first, second = make_key(access, "ci", ["run"]), make_key(access, "ops", ["read"])
    assert revoke_key(access, "ci").prefix == first.key.prefix
    assert revoke_key(access, second.key.prefix).name == "ops"
    for unknown in ("ci", second.key.prefix, "nobody"):
        with pytest.raises(ParameterError, match="tapehead keys list"):
            revoke_key(access, unknown)


def test_a_whole_key_pasted_in_place_of_its_prefix_is_not_said_again(store: Store) -> None:
    text = make_key(store.house.access, "ci", ["run"]).text
    with pytest.raises(ParameterError) as caught:
        revoke_key(store.house.access, text)
    assert text[-64:] not in str(caught.value)


def test_a_keyring_finds_a_usable_key_by_its_whole_text(store: Store) -> None:
    access = store.house.access
    made, other = make_key(access, "ci", ["run"], "90d"), make_key(access, "ops", ["read"])
    keyring, now = Keyring(), now_us()
    assert keyring.find(made.text, now) is None
    keyring.replace(access.all_keys(), now)
    assert keyring.find(made.text, now) == made.key
    crossed = made.text[:12] + other.text[12:]
    for wrong in (made.text[:-1] + ("0" if made.text[-1] != "0" else "1"), made.text[:-1], crossed, "", "th_", "ÿ"):
        assert keyring.find(wrong, now) is None
    assert keyring.find(made.text, now + 91 * 86_400_000_000) is None
    access.revoke(made.key.prefix, now)
    keyring.replace(access.all_keys(), now)
    assert keyring.find(made.text, now) is None


def test_the_last_use_is_noted_once_a_minute(store: Store) -> None:
    made = make_key(store.house.access, "ci", ["run"])
    keyring, now = Keyring(), now_us()
    keyring.replace([made.key], now)
    prefix = made.key.prefix
    keyring.find(made.text, now)
    keyring.find(made.text, now + 1)
    assert keyring.take_used() == {prefix: now}
    keyring.find(made.text, now + NOTE_USE_EVERY_US - 1)
    assert keyring.take_used() == {}
    keyring.replace([made.key], now)
    keyring.find(made.text, now + NOTE_USE_EVERY_US)
    assert keyring.take_used() == {prefix: now + NOTE_USE_EVERY_US}


def test_requests_end_with_their_key() -> None:
    keys = [Key(f"0000000{i}", f"k{i}", ("read",), b"", 0, expires_at=ends) for i, ends in enumerate((None, 50, None))]
    keyring = Keyring()
    keyring.replace(keys, 0)

    async def grants() -> list[list[bool]]:
        held = [keyring.enter(key) for key in keys]
        seen = [[grant.ended.is_set() for grant in held]]
        keyring.end_unusable(50)
        seen.append([grant.ended.is_set() for grant in held])
        keyring.replace([replace(keys[0], revoked_at=60), *keys[1:]], 60)
        seen.append([grant.ended.is_set() for grant in held])
        keyring.replace([], 60)
        seen.append([grant.ended.is_set() for grant in held])
        for grant in held:
            keyring.leave(grant)
        return seen

    assert asyncio.run(grants()) == [[False] * 3, [False, True, False], [True, True, False], [True] * 3]
    assert not keyring._grants


@pytest.mark.parametrize(
    ("options", "needed"),
    [
        (Options(), False),
        (Options(host="::1"), False),
        (Options(host="::"), True),
        (Options(host="192.168.1.7"), True),
        (Options(require_key=True), True),
        (Options(hosts=("tapehead.example",)), True),
    ],
)
def test_a_key_must_be_there_before_anything_is_bound(store: Store, options: Options, needed: bool) -> None:
    assert needs_key(options) == needed
    if not needed:
        check_binding(options, store)
        return
    made = make_key(store.house.access, "gone", ["run"])
    revoke_key(store.house.access, "gone")
    store.house.access.add_key(replace(made.key, prefix="00000000", name="old", created_at=0, expires_at=1))
    with pytest.raises(ParameterError, match="tapehead keys create"):
        check_binding(options, store)
    make_key(store.house.access, "ci", ["run"])
    check_binding(options, store)


def test_a_secret_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("th_secret\n")
    assert read_secret("TAPEHEAD_KEY", {}) is None
    assert read_secret("TAPEHEAD_KEY", {"TAPEHEAD_KEY": " th_secret "}) == "th_secret"
    assert read_secret("TAPEHEAD_KEY", {"TAPEHEAD_KEY_FILE": str(file)}) == "th_secret"


@pytest.mark.parametrize("content", [b"", b"\n", b"th_hidden two", b"th_hidden\x00", b"th_hidden\xff", b"th_hidden\nx"])
def test_what_is_no_secret_is_refused_unsaid(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises(ParameterError) as caught:
        read_secret("TAPEHEAD_KEY", {"TAPEHEAD_KEY_FILE": str(file)})
    assert "hidden" not in str(caught.value)


def test_two_secrets_or_a_lost_file_are_refused_unsaid(tmp_path: Path) -> None:
    with pytest.raises(ParameterError) as caught:
        read_secret("TAPEHEAD_KEY", {"TAPEHEAD_KEY": "th_hidden", "TAPEHEAD_KEY_FILE": "f"})
    assert "hidden" not in str(caught.value)
    with pytest.raises(SurroundingsError, match="TAPEHEAD_KEY_FILE"):
        read_secret("TAPEHEAD_KEY", {"TAPEHEAD_KEY_FILE": str(tmp_path / "none")})
