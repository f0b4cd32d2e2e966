"""kept_run: a run of any kind that is kept."""

from tapehead.library.begin import kept_backtest
from tapehead.library.run import Run
from tapehead.library.start_sweep import kept_sweep
from tapehead.wiring.assemble import House


def kept_run(house: House, run: str) -> Run:
    """Return a kept run by its whole id: a SweepRun where it is a sweep."""
    record = house.runs.record(run)
    return kept_sweep(house, record) if "grid" in record.spec else kept_backtest(house, run, record)
