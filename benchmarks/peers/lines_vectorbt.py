"""vectorbt's indicators, those that are defined as ours are."""

from __future__ import annotations

import vectorbt

from benchmarks.lines import F64
from benchmarks.peers.lines import Makers, main


def makers(prices: dict[str, F64]) -> Makers:
    """Lines as plain arrays, so that no data frame is made."""
    close, volume = prices["close"], prices["volume"]

    def run(factory: object, *arrays: F64, **more: object) -> tuple[F64, ...]:
        lines = factory.run(*arrays, return_raw=True, **more)[0]  # type: ignore[attr-defined]  # the peer has no types
        return tuple(line.reshape(-1) for line in lines)

    def bands() -> tuple[F64, ...]:
        middle, upper, lower = run(vectorbt.BBANDS, close, window=20, alpha=2)[:3]
        return upper, middle, lower

    return {
        "sma": lambda: run(vectorbt.MA, close, window=20),
        "rsi_simple": lambda: run(vectorbt.RSI, close, window=14),
        "bollinger": bands,
        "std": lambda: run(vectorbt.MSTD, close, window=20),
        "obv": lambda: run(vectorbt.OBV, close, volume),
    }


if __name__ == "__main__":
    main(makers)
