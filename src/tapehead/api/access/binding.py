"""check_binding: nobody beyond this machine is served without a key."""

from tapehead.api.access.places import is_loopback
from tapehead.api.options import Options
from tapehead.errors import ParameterError
from tapehead.library.keys import now_us
from tapehead.library.store import Store

_FIRST = "Make one first: tapehead keys create --scope run --name me"


def needs_key(options: Options) -> bool:
    """Say whether every request needs a key: by wish, beyond loopback, and where a proxy's name is given."""
    return options.require_key or not is_loopback(options.host) or bool(options.hosts)


def check_binding(options: Options, store: Store) -> None:
    """Raise ParameterError where requests would need a key and no usable one exists; nothing is bound then."""
    if not needs_key(options):
        return
    now = now_us()
    if any(key.is_usable(now) for key in store.house.access.all_keys()):
        return
    if is_loopback(options.host):
        name, value = ("host-name", options.hosts[0]) if options.hosts else ("require-key", "yes")
        raise ParameterError(f"--{name} asks for a key from everybody, and no usable one exists. {_FIRST}", value=value)
    raise ParameterError(
        f"--host {options.host} would serve this store beyond this machine, and no usable key exists. {_FIRST}",
        name="host",
        value=options.host,
    )
