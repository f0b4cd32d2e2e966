"""cancel_left: end a run that its process has left."""

from functools import partial

from tapehead.errors import HeldRunError
from tapehead.model.events import Cancelled
from tapehead.wiring.assemble import House


def cancel_left(house: House, run: str) -> bool:
    """End a run that was left `running`, its finished results kept; False where it has ended already.

    Raises HeldRunError where somebody works on it.
    """

    def cancel(*, held: bool) -> bool:
        with house.runs.together(f"the end of run {run}"):
            record = house.runs.record(run)
            if record.state != "running":
                return False
            if not held:
                raise HeldRunError(run=run)
            text = f"Cancelled while nobody worked on it. The {record.count} results are kept."
            house.log.append(run, [Cancelled(run, "run.cancelled", text, record.count)])
            house.runs.finish(run, "cancelled", None, record.failed)
        return True

    with house.runs.claim(run) as held:
        return house.runs.outlast(partial(cancel, held=held))
