"""tell_of_presets: which of the presets that are run have another strategy than when they were saved."""

from collections.abc import Sequence

from tapehead.cli.session import Session


def tell_of_presets(session: Session, strategies: Sequence[str]) -> None:
    """Say so on stderr, with the command that keeps it as it is now."""
    named = [one for one in strategies if one.startswith("preset:")]
    if not named:
        return
    # Here: a run of a strategy by its own name does not wait for what shows presets.
    from tapehead.cli.preset import tell_changed

    for one in named:
        tell_changed(session, session.store.preset(one))
