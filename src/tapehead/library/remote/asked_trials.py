"""What a service counts in its ledger of trials."""

from collections.abc import Mapping
from typing import Any

from tapehead.jobs.ledger import Best, Standing
from tapehead.library.remote.asking import LARGE_PAGE, Asking, gathered
from tapehead.library.trials import SeriesTrials, StrategyTrials, TrialReport
from tapehead.metrics.deflated import Luck, highest_by_luck
from tapehead.model.spec import canonical
from tapehead.model.trials import Context


def ledger(symbol: str | None, strategy: str | None) -> Asking[TrialReport]:
    """Return what was tried."""
    body = yield from gathered(["instruments"], "ledger", limit=LARGE_PAGE, symbol=symbol, strategy=strategy)
    strategies = [StrategyTrials(**{**one, "runs": tuple(one["runs"])}) for one in body["strategies"]]
    series = [_series_from(one) for one in body["instruments"]]
    return TrialReport(tuple(strategies), tuple(series), body["trials"], tuple(body["runs"]))


def _series_from(body: Mapping[str, Any]) -> SeriesTrials:
    """Return the trials of one instrument."""
    variance, effective = body["sharpe_variance_bar"], body["trials_effective"]
    luck = Luck(body["trials_of_all"], effective, variance, highest_by_luck(variance, effective))
    best = None if body["best"] is None else _best_from(body, body["best"])
    named = (body["instrument"], body["interval"], body["trials"], tuple(body["runs"]))
    return SeriesTrials(*named, Standing(luck, best), body["periods"])


def _best_from(body: Mapping[str, Any], best: Mapping[str, Any]) -> Best:
    """Return the best trial; a service does not tell the digest of its source."""
    settings = canonical(best["settings"]).decode()
    context = Context(best["strategy"], b"", body["instrument"], body["interval"], settings)
    parameters = canonical(best["parameters"]).decode()
    why = best["why"].get("sharpe_deflated", "")
    return Best(context, best["run"], parameters, best["sharpe_bar"], best["sharpe_deflated"], why)
