"""vectorbt's cash sharing: weights that are traded at closes from one cash; one JSON line for a file of questions."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import vectorbt


def answer(asked: dict[str, Any]) -> list[float]:
    """Return the value of the account at each close."""
    close = pd.DataFrame(asked["close"], index=pd.to_datetime(asked["days"]))
    held = vectorbt.Portfolio.from_orders(
        close,
        size=pd.DataFrame(asked["weights"], index=close.index).astype(float),
        size_type="targetpercent",
        group_by=True,
        cash_sharing=True,
        call_seq="auto",
        fees=asked["fee"],
        init_cash=asked["cash"],
        freq="1D",
    )
    values: list[float] = np.asarray(held.value()).tolist()
    return values


if __name__ == "__main__":
    questions = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(json.dumps({"version": vectorbt.__version__, "values": [answer(one) for one in questions]}))
