"""Commands that load when they are called, with the global options before or after them."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click

from tapehead.cli.session import LOCAL, SERVED, Session, shown
from tapehead.database.asker import asked_by
from tapehead.errors import NotServedError
from tapehead.settings import SERVER_SCHEMES


class Entry(NamedTuple):
    """Where a command lives and what the list of commands says of it."""

    module: str
    attribute: str
    help: str


def _session(context: click.Context) -> Session:
    """Return the session of this call."""
    session = context.find_root().obj
    assert isinstance(session, Session)  # noqa: S101 - set by main, never by a user
    return session


def _set_place(context: click.Context, option: click.Parameter, value: str | None) -> None:
    """Keep the store that `--home` or `--store` names."""
    if value is None:
        return
    place = _folder(value, option.opts[0])
    session = _session(context)
    if session.home is not None and session.home != place:
        raise click.UsageError(f"Two stores are named, {shown(session.home)} and {shown(place)}; give one.", context)
    session.home = place
    _check_one_place(context, session)


def _set_server(context: click.Context, option: click.Parameter, value: str | None) -> None:
    """Keep the service that `--server` names, or the file of its key."""
    if value is None:
        return
    session, name = _session(context), str(option.name)
    before = getattr(session, name)
    if before is not None and before != value:
        raise click.UsageError(f"{option.opts[0]} is given twice, {before} and {value}; give one.", context)
    setattr(session, name, value)
    _check_one_place(context, session)


def _check_one_place(context: click.Context, session: Session) -> None:
    """Refuse a folder and a service at once."""
    if session.home is not None and session.server is not None:
        raise click.UsageError(
            f"Two stores are named, {shown(session.home)} and the service {session.server}; give one.", context
        )


def _folder(value: str, option: str) -> str:
    """Return the folder a place names, or the URL of a PostgreSQL."""
    if value.startswith("file://"):
        from urllib.parse import unquote, urlsplit

        value = unquote(urlsplit(value).path)
    elif "://" in value and not value.startswith(SERVER_SCHEMES):
        scheme = value.split("://", 1)[0]
        raise click.UsageError(
            f"{option} {scheme}://...: a store lies in a folder or in a PostgreSQL, not behind a {scheme} URL. "
            "Name a folder: tapehead --home FOLDER doctor"
        )
    if not value.strip():
        raise click.UsageError(f"{option} is empty. Name a folder: tapehead --home FOLDER doctor")
    return value


def _set_flag(context: click.Context, option: click.Parameter, value: bool) -> None:
    """Keep a global flag."""
    if not value:
        return
    session, name = _session(context), option.name
    if name == "no_color":
        session.color = False
    else:
        setattr(session, str(name), True)
    if session.quiet and session.verbose:
        raise click.UsageError("-q and -v contradict each other; give one.", context)


def _print_version(context: click.Context, _option: click.Parameter, value: bool) -> None:
    """Print the version and end."""
    if value:
        from importlib.metadata import version

        click.echo(f"tapehead {version('tapehead')}")
        context.exit()


def _global_options(hidden: bool) -> list[click.Parameter]:
    """Return the options every command takes; shown in the help of the whole only."""

    def flag(*names: str, callback: Callable[..., None], text: str) -> click.Option:
        return click.Option(
            names, is_flag=True, callback=callback, expose_value=False, is_eager=True, hidden=hidden, help=text
        )

    def place(name: str, metavar: str, text: str, callback: Callable[..., None] = _set_place) -> click.Option:
        return click.Option(
            [name], metavar=metavar, callback=callback, expose_value=False, is_eager=True, hidden=hidden, help=text
        )

    return [
        place("--home", "DIR|URL", "Folder of the store, or its PostgreSQL (else TAPEHEAD_HOME, else ~/.tapehead)."),
        place("--store", "URL", "The same as a URL: file:///folder, postgresql://user@host/database."),
        place("--server", "URL", "A store behind `tapehead serve` instead (else TAPEHEAD_SERVER).", _set_server),
        place("--key-file", "FILE", "Its key (else TAPEHEAD_KEY, TAPEHEAD_KEY_FILE).", _set_server),
        flag("--json", callback=_set_flag, text="Events or one document as JSON on standard output."),
        flag("-q", "--quiet", callback=_set_flag, text="No talk on standard error."),
        flag("-v", "--verbose", callback=_set_flag, text="Every warning; codes of errors."),
        flag("--no-color", callback=_set_flag, text="No colour (also by NO_COLOR)."),
        flag("--version", callback=_print_version, text="Print the version."),
    ]


_AFTER = "Global options (before or after the command): --home DIR, --server URL, --json, -q, -v; see: tapehead --help"


def _invoked(context: click.Context, invoke: Callable[[click.Context], Any]) -> Any:
    """Invoke a command; where a service cannot do it, say which command to give beside the store."""
    session = _session(context)
    words = context.command_path.partition(" ")[2]
    session.local = words.partition(" ")[0] in LOCAL
    try:
        if session.local and session.server is not None and words not in SERVED:
            raise NotServedError(url=session.server, command=_whole(context, words))
        with asked_by(role=words.partition(" ")[0]):
            return invoke(context)
    except NotServedError as error:
        raise NotServedError(url=error.facts["url"], command=_whole(context, words)) from None


def _whole(context: click.Context, words: str) -> str:
    """Return a command that parses: its words, and where it takes no less than more words, those of its example."""
    command = context.command
    if isinstance(command, Command) and any(one.required for one in command.params):
        return command.example.removeprefix("tapehead ")
    return words


class Command(click.Command):
    """A command with an example that parses; takes the global options too."""

    def __init__(self, *args: Any, example: str, **kwargs: Any) -> None:
        kwargs.setdefault("context_settings", {"help_option_names": ["-h", "--help"]})
        kwargs["epilog"] = f"\b\nExample: {example}\n\n{_AFTER}"
        super().__init__(*args, **kwargs)
        self.example = example
        self.params.extend(_global_options(hidden=True))

    def invoke(self, ctx: click.Context) -> Any:
        """Run it, here or for a service."""
        return _invoked(ctx, super().invoke)


class Group(click.Group):
    """A command with commands of its own."""

    command_class = Command

    def __init__(self, *args: Any, example: str, **kwargs: Any) -> None:
        kwargs.setdefault("context_settings", {"help_option_names": ["-h", "--help"]})
        kwargs["epilog"] = f"\b\nExample: {example}\n\n{_AFTER}"
        super().__init__(*args, **kwargs)
        self.example = example
        self.params.extend(_global_options(hidden=True))


class LazyGroup(click.Group):
    """The command `tapehead`: imports the module of a command when that command is called, and not for its help."""

    def __init__(self, *args: Any, entries: Mapping[str, Entry], **kwargs: Any) -> None:
        kwargs.setdefault("context_settings", {"help_option_names": ["-h", "--help"]})
        super().__init__(*args, **kwargs)
        self.entries = entries
        self.params.extend(_global_options(hidden=False))

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order of the table."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Load a command; None when there is none of that name."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        command = getattr(import_module(entry.module), entry.attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - a table of ours, held by a test
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; suggest near names without loading any."""
        if args[0] not in self.entries and not args[0].startswith("-"):
            raise click.NoSuchCommand(args[0], possibilities=self.entries, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the list of commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.entries.items()])
