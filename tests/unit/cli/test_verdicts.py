"""The lines on costs and on the order inside a bar."""

from __future__ import annotations

from tapehead.cli.verdicts import cost_text, intrabar_text
from tapehead.model.rules import Rules


def row(without: float | None, gain: float, even: float | None, **more: object) -> dict[str, object]:
    return {"return_without_fees": without, "total_return": gain, "break_even_fee": even, **more}


def test_costs_at_the_median() -> None:
    rows = [row(0.2, 0.1, 0.0004), row(0.5, 0.2, 0.003), row(-0.1, -0.3, None)]
    assert cost_text(rows, Rules(fee=0.001)) == "10 bps a side cost 20.0 % at the median; it breaks even at 4 bps"
    rows.append(row(None, 0.0, None))
    assert cost_text(rows, Rules(fee=0.001)).endswith("(told of 3 of 4 instruments)")


def test_a_run_that_loses_without_fees() -> None:
    rows = [row(-0.1, -0.3, None), row(-0.2, -0.4, None), row(0.1, -0.1, 0.0002)]
    assert cost_text(rows, Rules(fee=0.001)).endswith("it loses without any fee")
    assert cost_text(rows, Rules()) == "the median instrument loses without any fee"
    assert cost_text([], Rules()) == ""


def test_a_middle_between_a_fee_and_none_has_no_median() -> None:
    rows = [row(-0.1, -0.3, None), row(-0.2, -0.4, None), row(0.1, -0.1, 0.0012), row(0.4, 0.3, 0.005)]
    want = "half break even at 12 bps or above, half lose without any fee"
    assert cost_text(rows, Rules()) == want
    assert cost_text(rows[2:], Rules()) == "the median instrument breaks even at 31 bps"


def test_a_fee_that_nobody_knows_is_no_loss() -> None:
    rows = [row(0.3, 0.1, None), row(0.1, -0.1, 0.0012), row(0.4, 0.3, 0.0012)]
    assert cost_text(rows, Rules()) == "the median instrument breaks even at 12 bps"
    assert cost_text(rows[:1], Rules(fee=0.001)) == "10 bps a side cost 20.0 % at the median"


def test_the_order_inside_a_bar() -> None:
    rows = [{"trades": 10, "ambiguous_trades": 0}, {"trades": 4, "ambiguous_trades": 1}]
    assert intrabar_text(rows, "ohlc") == "1 of 14 trades depends on the order inside a bar"
    assert intrabar_text(rows[:1], "both") == "none of 10 trades depends on the order inside a bar"
    assert intrabar_text([{"trades": 0}], "both") == ""
    band = {
        "trades": 4,
        "ambiguous_trades": 2,
        "ambiguous_profit": 0.25,
        "total_return": -0.1,
        "total_return_optimistic": 0.2,
    }
    assert intrabar_text([band], "both") == (
        "2 of 4 trades depend on the order inside a bar, 25.0 % of what trades moved; median return -10.0 to +20.0 %"
    )
