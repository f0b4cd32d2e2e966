"""A ledger of trials as a scripted store tells it."""

from tapehead.jobs.ledger import Best, Standing
from tapehead.library.trials import SeriesTrials, StrategyTrials, TrialReport
from tapehead.metrics.deflated import Luck
from tapehead.model.trials import Context

RUN = "01JD8Q7K" + "0" * 18
OTHER = "01JD8Q9M" + "0" * 18


def best_of(instrument: str, sharpe: float, deflated: float | None, why: str = "") -> Best:
    context = Context("my.py:Mine", b"s" * 32, instrument, "1h", '{"fee":0.001}')
    return Best(context, RUN, '{"fast":5,"share":0.25,"slow":30}', sharpe, deflated, why)


def scripted_ledger(*, several: bool) -> TrialReport:
    """Two strategies on three series, or one on one of them: a year of a Sharpe ratio is 10 of a bar."""
    luck = Luck(20_000, 312.44, 0.0004, 0.12)
    first = SeriesTrials(
        "demo:BTCUSDT", "1h", 12_000, (RUN,), Standing(luck, best_of("demo:BTCUSDT", 0.182, 0.91)), 100.0
    )
    mine = StrategyTrials("my.py:Mine", 2, 1, 12_000, (RUN,))
    if not several:
        return TrialReport((mine,), (first,), 12_000, (RUN,))
    gone = Standing(Luck(1, 1.0, None, 0.0), best_of("old:GONE", 0.05, None, "too_steady"))
    still = Standing(Luck(3, 0.0, None, 0.0), None)
    series = (
        first,
        SeriesTrials("demo:USDCUSDT", "1d", 3, (OTHER,), still, 365.25),
        SeriesTrials("old:GONE", "1h", 1, (OTHER,), gone, None),
    )
    other = StrategyTrials("SmaCross", 1, 2, 4, (OTHER,))
    return TrialReport((mine, other), series, 12_004, (RUN, OTHER))
