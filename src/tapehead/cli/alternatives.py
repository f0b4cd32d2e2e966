"""Alternatives: a command of which flags stand for each other; two of them on one line contradict each other."""

from collections.abc import Sequence

import click

from tapehead.cli.commands import Command


class Alternatives(Command):
    """Refuses two flags of one setting, such as `--long --both`, of which click would take the last."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Look at the line before it is taken apart."""
        words = args[: args.index("--")] if "--" in args else args
        flags = [one for one in self.get_params(ctx) if isinstance(one, click.Option) and one.is_flag]
        for name in dict.fromkeys(flag.name for flag in flags):
            given = [word for flag in flags if flag.name == name for word in _said(words, flag.opts)]
            if len(given) > 1:
                raise click.UsageError(f"{' and '.join(given)} contradict each other; give one.", ctx)
        return super().parse_args(ctx, args)


def _said(words: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the first of an option's names that was given."""
    return [name for name in names if name in words][:1]
