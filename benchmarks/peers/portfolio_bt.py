"""bt: weights that are traded at closes; one JSON line for a file of questions."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import bt
import numpy as np
import pandas as pd


def answer(asked: dict[str, Any]) -> list[float]:
    """Return the value of the account at each close."""
    close = pd.DataFrame(asked["close"], index=pd.to_datetime(asked["days"]))
    weights = pd.DataFrame(asked["weights"], index=close.index).astype(float).dropna()
    fee = asked["fee"]
    parts = [bt.algos.RunOnDate(*weights.index), bt.algos.SelectAll(), bt.algos.WeighTarget(weights)]
    strategy = bt.Strategy("weights", [*parts, bt.algos.Rebalance()])
    test = bt.Backtest(
        strategy,
        close,
        initial_capital=asked["cash"],
        integer_positions=False,
        commissions=lambda units, price: abs(units) * price * fee,
        progress_bar=False,
    )
    held = bt.run(test).backtests["weights"].strategy
    values: list[float] = np.asarray(held.values)[-len(close) :].tolist()
    return values


if __name__ == "__main__":
    questions = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(json.dumps({"version": bt.__version__, "values": [answer(one) for one in questions]}))
