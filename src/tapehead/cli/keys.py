"""`tapehead keys`: who may use the service over the network."""

from typing import TYPE_CHECKING, Any

import click

from tapehead.cli import numbers
from tapehead.cli.closing import next_lines
from tapehead.cli.commands import Group
from tapehead.cli.ink import Ink
from tapehead.cli.session import Session
from tapehead.model.spec import iso

if TYPE_CHECKING:
    from tapehead.ports.access import Key

_NEVER = "never"
_WIDEST_NAME = 16


def _split(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Read scopes given as `A,B` or by repeating the option."""
    return tuple(scope.strip() for value in values for scope in value.split(","))


@click.group(
    "keys",
    cls=Group,
    example="tapehead keys create --scope run --name ci --expires 90d",
    help="Keys for the service; from beyond this machine every request needs one.",
)
def keys() -> None:
    """Group the commands below."""


@keys.command(
    "create",
    example="tapehead keys create --scope run --name ci --expires 90d",
    help="Make a key and show it, this once. read: whatever is there, run: runs too, write: imports and deletes too, "
    "admin: everything and the audit log. Clients take it from TAPEHEAD_KEY or from the file TAPEHEAD_KEY_FILE names.",
)
@click.option("--name", required=True, metavar="NAME", help="What it is for, as lists and the audit log show it.")
@click.option(
    "--scope",
    "scopes",
    metavar="read,run",
    multiple=True,
    callback=_split,
    help="What it may do: read, run, write, admin; default read.",
)
@click.option("--expires", metavar="90d", help="When it ends by itself: 30m, 12h, 90d, 2w; default never.")
@click.pass_context
def create(context: click.Context, name: str, scopes: tuple[str, ...], expires: str | None) -> int:
    """Make one."""
    from tapehead.library.keys import make_key

    session: Session = context.find_root().obj
    made = make_key(session.store.house.access, name, scopes or ("read",), expires)
    if session.json:
        session.put_document("keys", {"key": made.text, **_document(made.key)})
        return 0
    ends = "" if made.key.expires_at is None else f", until {numbers.moment(_minute(made.key.expires_at))} UTC"
    session.put(made.text)
    session.say(
        f"Key {made.key.prefix} '{made.key.name}' may {', '.join(made.key.scopes)}{ends}.",
        "It is shown this once. Keep it in TAPEHEAD_KEY, or in a file that TAPEHEAD_KEY_FILE names.",
        *next_lines(
            [(("keys", "list"), "who has one"), (("keys", "revoke", made.key.prefix), "take it back")], session
        ),
    )
    return 0


@keys.command("list", example="tapehead keys list", help="List the keys: prefix, name, scopes, times (UTC).")
@click.pass_context
def list_(context: click.Context) -> int:
    """List what is kept of them."""
    session: Session = context.find_root().obj
    held = session.store.house.access.all_keys()
    if session.json:
        session.put_document("keys", {"keys": [_document(key) for key in held]})
        return 0
    if not held:
        session.put("No key yet: the service answers on this machine alone.  Make one:")
        session.put(*next_lines([(("keys", "create", "--scope", "run", "--name", "ci"), "for runs")], session))
        return 0
    name = max(4, *(min(len(key.name), _WIDEST_NAME) for key in held))
    scopes = max(6, *(len(",".join(key.scopes)) for key in held))
    ink = Ink(session.colored)
    session.put(ink.head(f"{'prefix':<8}  {'name':<{name}}  {'scopes':<{scopes}}  {'last used':<10}  ends"))
    for key in held:
        used = _NEVER if key.used_at is None else _day(key.used_at)
        words = ",".join(key.scopes)
        session.put(f"{key.prefix}  {_short(key.name, name):<{name}}  {words:<{scopes}}  {used:<10}  {_ends(key)}")
    return 0


@keys.command(
    "revoke",
    example="tapehead keys revoke ci",
    help="Take a key back, by its prefix or name; services let its streams end within two seconds.",
)
@click.argument("key")
@click.pass_context
def revoke(context: click.Context, key: str) -> int:
    """Take one back."""
    from tapehead.library.keys import revoke_key

    session: Session = context.find_root().obj
    taken = revoke_key(session.store.house.access, key)
    if session.json:
        session.put_document("keys", {"revoked": taken.prefix, "name": taken.name})
    else:
        session.put(f"Key {taken.prefix} '{taken.name}' is taken back.")
    return 0


def _document(key: "Key") -> dict[str, Any]:
    """Return plain values of what is kept of a key, its digest left out."""
    from tapehead.library.keys import now_us

    times = {name: getattr(key, f"{name}_at") for name in ("created", "expires", "used", "revoked")}
    body = {name: None if at is None else iso(at) for name, at in times.items()}
    return {
        "prefix": key.prefix,
        "name": key.name,
        "scopes": list(key.scopes),
        **body,
        "usable": key.is_usable(now_us()),
    }


def _ends(key: "Key") -> str:
    """Say when a key ends or ended."""
    from tapehead.library.keys import now_us

    if key.revoked_at is not None:
        return f"revoked {_day(key.revoked_at)}"
    if key.expires_at is None:
        return _NEVER
    word = "" if key.is_usable(now_us()) else "expired "
    return f"{word}{_day(key.expires_at)}"


def _day(at: int) -> str:
    """Return the day of a time (us UTC)."""
    return iso(at)[:10]


def _minute(at: int) -> int:
    """Return the beginning of the minute of a time (us)."""
    return at // 60_000_000 * 60_000_000


def _short(text: str, width: int) -> str:
    """Cut a name to a width."""
    return text if len(text) <= width else f"{text[: width - 1]}…"
